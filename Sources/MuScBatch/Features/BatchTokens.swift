import MuScBackbone
import MuScImages

/// The tokens of a batch's images: what the network makes of them, and what mutual scoring starts from.
package struct BatchTokens: Sendable {
    /// One entry an image, in the order given; `index` is set for those that could be read.
    package var images: [ScoredImage]
    /// One entry a feature layer, then one a readable image.
    package var layers: [[PatchTokens]]
    /// One entry a readable image.
    package var imageFeatures: [[Float]]
    /// One entry a readable image: its small grey copy; nil where it was not kept.
    package var looks: [ImageLook?]

    /// The number of images that could be read.
    package var readable: Int { imageFeatures.count }

    /// - Parameters: As the properties of the same names; the readable images' indices count up from 0 in order.
    package init(
        images: [ScoredImage], layers: [[PatchTokens]], imageFeatures: [[Float]], looks: [ImageLook?] = []
    ) {
        self.images = images
        self.layers = layers
        self.imageFeatures = imageFeatures
        self.looks = looks.isEmpty ? Array(repeating: nil, count: imageFeatures.count) : looks
    }

    /// Adds one readable image.
    mutating func append(_ tokens: ImageTokens, of image: ScoredImage, look: ImageLook?) {
        var image = image
        image.index = readable
        images.append(image)
        for (layer, values) in tokens.layers.enumerated() { layers[layer].append(PatchTokens(values)) }
        imageFeatures.append(tokens.imageFeature)
        looks.append(look)
    }

    /// The tokens of the readable image at `index`.
    ///
    /// - Throws: ``SpillError`` where they are in a file that cannot be read.
    package func imageTokens(_ index: Int) throws(SpillError) -> ImageTokens {
        ImageTokens(layers: try layers.map { $0[index] }.values(), imageFeature: imageFeatures[index])
    }

    /// The readable images of these indices alone, in this order.
    package func selecting(_ indices: [Int]) -> BatchTokens {
        let readable = images.filter { $0.index != nil }
        return BatchTokens(
            images: indices.enumerated().map { position, index in
                var image = readable[index]
                image.index = position
                return image
            },
            layers: layers.map { images in indices.map { images[$0] } },
            imageFeatures: indices.map { imageFeatures[$0] }, looks: indices.map { looks[$0] })
    }

    /// These images, then others of the same network, size and layers.
    package func appending(_ other: BatchTokens) -> BatchTokens {
        let moved = other.images.map { image in
            var image = image
            image.index = image.index.map { $0 + readable }
            return image
        }
        return BatchTokens(
            images: images + moved, layers: zip(layers, other.layers).map { $0 + $1 },
            imageFeatures: imageFeatures + other.imageFeatures, looks: looks + other.looks)
    }
}
