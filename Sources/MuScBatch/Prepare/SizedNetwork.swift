import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport

/// The network at the size at which a batch's photographs are taken, with the settings that it is scored with.
///
/// Copies share the weights.
package struct SizedNetwork: Sendable {
    /// The settings in force; `imageSize` is the size of the photographs as the network gets them.
    package private(set) var settings: ScoringSettings
    /// For images of a tile's size.
    package private(set) var model: VisionTransformer
    /// How photographs are cut: one tile where the network sees them whole.
    package private(set) var tiles: TilePlan
    /// The frame in which parts are compared; nil where photographs are compared as they were taken.
    package private(set) var alignment: BatchAlignment?

    /// - Throws: ``BackboneError`` where settings and weights do not fit the backbone.
    package init(settings: ScoringSettings, weights: BackboneWeights) throws(BackboneError) {
        self.settings = settings
        tiles = Self.tiles(settings)
        let patch = settings.backbone.patch
        // A side that the patch does not divide is refused as it was given.
        let fits = settings.imageSize.width % patch == 0 && settings.imageSize.height % patch == 0
        model = try VisionTransformer(
            description: settings.backbone, weights: weights,
            imageWidth: fits ? tiles.tileWidth * patch : settings.imageSize.width,
            imageHeight: fits ? tiles.tileHeight * patch : settings.imageSize.height,
            featureLayers: settings.featureLayers, activation: settings.activation,
            precision: settings.networkPrecision, imageFeature: settings.imageFeature, threads: settings.threads)
    }

    private static func tiles(_ settings: ScoringSettings) -> TilePlan {
        let patch = settings.backbone.patch
        return TilePlan(
            gridWidth: max(settings.imageSize.width / patch, 1), gridHeight: max(settings.imageSize.height / patch, 1),
            longest: settings.tile)
    }

    /// How the patches of every image lie.
    package var grid: PatchGrid { PatchGrid(width: tiles.gridWidth, height: tiles.gridHeight) }

    /// What work takes with this network and these settings.
    package var estimate: WorkEstimate { WorkEstimate(settings: settings, tiles: tiles) }

    /// The same network for images of another size.
    ///
    /// - Throws: ``BackboneError`` for a size that does not fit.
    package func resized(to size: ImageSize) throws(BackboneError) -> SizedNetwork {
        let patch = settings.backbone.patch
        for side in [size.width, size.height] where side < patch || side % patch != 0 {
            throw .imageSize(side, backbone: settings.backbone)
        }
        var copy = self
        copy.settings.imageSize = size
        copy.tiles = Self.tiles(copy.settings)
        copy.model = try model.resized(
            imageWidth: copy.tiles.tileWidth * patch, imageHeight: copy.tiles.tileHeight * patch)
        return copy
    }

    /// The same network with other settings of scoring; size and layers stay this network's.
    package func with(_ settings: ScoringSettings) -> SizedNetwork {
        var copy = self
        copy.settings = settings
        copy.settings.imageSize = self.settings.imageSize
        copy.settings.tile = self.settings.tile
        copy.settings.reducesWhileDecoding = self.settings.reducesWhileDecoding
        copy.settings.featureLayers = self.settings.featureLayers
        return copy
    }

    /// The same network with samples of more than 8 bits taken by this range.
    package func ranged(_ range: SampleRange) -> SizedNetwork {
        var copy = self
        copy.settings.sampleRange = range
        return copy
    }

    /// The same network with another choice whether parts are turned and cropped.
    package func aligning(_ choice: PartAlignment) -> SizedNetwork {
        var copy = self
        copy.settings.alignment = choice
        return copy
    }

    /// The same network for parts in a frame, which takes the shape of the image size.
    package func aligned(_ frame: AlignmentFrame?) -> SizedNetwork { aligned(frame, looks: [:]) }

    /// - Parameter looks: What was found in photographs that were looked at already, by file.
    func aligned(_ frame: AlignmentFrame?, looks: [String: BatchAlignment.Look]) -> SizedNetwork {
        var copy = self
        copy.alignment = frame.map {
            BatchAlignment(frame: $0, size: settings.imageSize, looks: looks, threads: settings.threads)
        }
        return copy
    }

    // MARK: Photographs

    /// A photograph as the network gets it.
    struct Photograph: Sendable {
        var image: RGBImage
        /// The size of the upright original.
        var original: ImageSize
        /// Where the image lies in the original; nil where it is all of it.
        var frame: PartFrame?
    }

    /// How a photograph is decoded.
    func decodingOptions(_ file: BatchFile) -> DecodingOptions {
        DecodingOptions(
            applyingOrientation: settings.appliesOrientation, sampleScaling: settings.sampleRange.scaling ?? .fullRange,
            reducedToCover: settings.reducesWhileDecoding ? settings.imageSize : nil, limits: settings.imageLimits, root: file.root,
            page: file.page ?? 0)
    }

    /// Decodes a photograph and resizes it, or what lies in the frame, to the image size.
    ///
    /// Only this one is held: where it is more than twice as large, a JPEG is decoded at a half or less.
    func photograph(_ file: BatchFile) throws(ImageError) -> Photograph {
        let (size, filter) = (settings.imageSize, settings.backbone.family.resampling)
        let options = decodingOptions(file)
        if let alignment {
            let place = try alignment.place(file, options: options)
            let image = try place.frame.decode(
                of: file.path, options: options, size: size, photograph: place.photograph, filter: filter)
            return Photograph(image: image, original: place.photograph, frame: place.frame)
        }
        let (image, original) = try RGBImage.decode(contentsOf: file.path, options: options)
        return Photograph(image: image.resized(width: size.width, height: size.height, filter: filter), original: original)
    }

    /// Decodes and resizes photographs as scoring does, for the time that it takes.
    package func decode(_ files: [BatchFile]) {
        concurrentLoop(files.count, threads: settings.threads) { _ = try? photograph(files[$0]) }
    }
}

extension BackboneDescription.Family {
    /// The resampling that the publishers prepare images with.
    package var resampling: ResamplingFilter {
        switch self {
        case .clip: .bicubic
        case .dino, .dinov2, .dinov3: .bilinear
        }
    }
}
