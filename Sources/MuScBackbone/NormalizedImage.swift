import MuScImages

/// An image as the network takes it: `[3, height, width]` floats, minus mean, over standard deviation.
package struct NormalizedImage: Sendable {
    package let width, height: Int
    /// Channel by channel, each row-major.
    package let values: [Float]

    /// Wraps values that are normalised already.
    package init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == 3 * width * height)
        self.width = width
        self.height = height
        self.values = values
    }

    /// Scales pixels to [0, 1], subtracts the mean and divides by the standard deviation of each channel.
    package init(_ image: RGBImage, for family: BackboneDescription.Family) {
        self.init(image, x: 0, y: 0, width: image.width, height: image.height, for: family)
    }

    /// The same for a part of an image.
    ///
    /// - Parameters:
    ///   - x, y: The part's upper left pixel.
    ///   - width, height: Its size; it lies within the image.
    package init(
        _ image: RGBImage, x: Int, y: Int, width: Int, height: Int, for family: BackboneDescription.Family
    ) {
        precondition(x >= 0 && y >= 0 && x + width <= image.width && y + height <= image.height)
        let (mean, deviation) = family.pixelStatistics
        let area = width * height
        self.width = width
        self.height = height
        values = [Float](unsafeUninitializedCapacity: 3 * area) { buffer, count in
            image.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    // One look-up a value: there are but 256, and each gets the reference's own arithmetic.
                    let table = (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
                    table.withUnsafeBufferPointer { table in
                        for row in 0..<height {
                            let source = 3 * ((y + row) * image.width + x) + channel
                            let target = channel * area + row * width
                            for column in 0..<width { buffer[target + column] = table[Int(pixels[source + 3 * column])] }
                        }
                    }
                }
            }
            count = 3 * area
        }
    }
}

extension BackboneDescription.Family {
    /// Mean and standard deviation of red, green and blue in [0, 1] that the publishers trained with.
    public var pixelStatistics: (mean: [Float], deviation: [Float]) {
        switch self {
        case .clip: ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
        case .dino, .dinov2, .dinov3: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        }
    }
}
