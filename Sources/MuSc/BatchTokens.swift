import MuScBackbone
import MuScImages
import MuScParallel
import MuScScoring
import Synchronization
import SystemPackage

/// The tokens of a batch's images: what the network makes of them, and what mutual scoring starts from.
public struct BatchTokens: Sendable {
    /// One entry an image, in the order given; `index` is set for those that could be read.
    public var images: [ScoredImage]
    /// One entry a feature layer, then one a readable image: `[grid.count, channels]` row-major.
    public var layers: [[[Float]]]
    /// One entry a readable image.
    public var imageFeatures: [[Float]]

    /// The number of images that could be read.
    public var readable: Int { imageFeatures.count }

    /// - Parameters: As the properties of the same names; the readable images' indices count up from 0 in order.
    public init(images: [ScoredImage], layers: [[[Float]]], imageFeatures: [[Float]]) {
        self.images = images
        self.layers = layers
        self.imageFeatures = imageFeatures
    }

    /// Adds one readable image.
    mutating func append(_ tokens: ImageTokens, of image: ScoredImage) {
        var image = image
        image.index = readable
        images.append(image)
        for (layer, values) in tokens.layers.enumerated() { layers[layer].append(values) }
        imageFeatures.append(tokens.imageFeature)
    }

    /// The tokens of the readable image at `index`.
    public func imageTokens(_ index: Int) -> ImageTokens {
        ImageTokens(layers: layers.map { $0[index] }, imageFeature: imageFeatures[index])
    }

    /// The readable images of these indices alone, in this order.
    public func selecting(_ indices: [Int]) -> BatchTokens {
        let readable = images.filter { $0.index != nil }
        return BatchTokens(
            images: indices.enumerated().map { position, index in
                var image = readable[index]
                image.index = position
                return image
            },
            layers: layers.map { images in indices.map { images[$0] } },
            imageFeatures: indices.map { imageFeatures[$0] })
    }

    /// These images, then others of the same network, size and layers.
    public func appending(_ other: BatchTokens) -> BatchTokens {
        let moved = other.images.map { image in
            var image = image
            image.index = image.index.map { $0 + readable }
            return image
        }
        return BatchTokens(
            images: images + moved, layers: zip(layers, other.layers).map { $0 + $1 },
            imageFeatures: imageFeatures + other.imageFeatures)
    }
}

extension BatchScorer {
    /// Decodes, resizes and runs every image through the network, several at once.
    ///
    /// An image that cannot be decoded costs that image: it gets an error and no index.
    ///
    /// - Parameter cache: Where tokens are looked for and kept; nil for nowhere.
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false.
    public func tokens(
        of files: [BatchFile], cache: TokenCache? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> BatchTokens {
        cache?.prepare()
        defer { cache?.trim() }
        let done = Mutex(0)
        let isCancelled = Atomic<Bool>(false)
        let results = concurrentMap(files.count, threads: settings.threads) { index -> ImageOutcome in
            if isCancelled.load(ordering: .relaxed) { return .skipped }
            let outcome = tokens(of: files[index], cache: cache)
            let goesOn = done.withLock { done in
                done += 1
                return progress(Progress(stage: .features, completed: done, total: files.count))
            }
            if !goesOn { isCancelled.store(true, ordering: .relaxed) }
            return outcome
        }
        if isCancelled.load(ordering: .relaxed) { throw .cancelled }
        return collect(results, files: files)
    }

    private enum ImageOutcome: Sendable {
        case tokens(ImageTokens, width: Int, height: Int)
        case failed(String)
        case skipped
    }

    private func tokens(of file: BatchFile, cache: TokenCache?) -> ImageOutcome {
        if let kept = cache?.tokens(of: file.path, patches: grid.count) {
            return .tokens(kept.tokens, width: kept.width, height: kept.height)
        }
        do {
            let options = DecodingOptions(applyingOrientation: settings.appliesOrientation)
            let image = try RGBImage(contentsOf: file.path, options: options)
            let resized = image.resized(
                width: model.imageWidth, height: model.imageHeight, filter: settings.backbone.family.resampling)
            let tokens = model.tokens(of: NormalizedImage(resized, for: settings.backbone.family))
            cache?.keep(
                tokens, of: file.path, width: image.width, height: image.height, channels: settings.backbone.width)
            return .tokens(tokens, width: image.width, height: image.height)
        } catch {
            return .failed("\(error.kind)")
        }
    }

    private func collect(_ outcomes: [ImageOutcome], files: [BatchFile]) -> BatchTokens {
        var batch = BatchTokens(
            images: [], layers: Array(repeating: [], count: settings.featureLayers.count), imageFeatures: [])
        for (file, outcome) in zip(files, outcomes) {
            var image = ScoredImage(name: file.name, path: file.path)
            switch outcome {
            case .tokens(let tokens, let width, let height):
                image.size = (width, height)
                image.index = batch.imageFeatures.count
                for (layer, values) in tokens.layers.enumerated() { batch.layers[layer].append(values) }
                batch.imageFeatures.append(tokens.imageFeature)
            case .failed(let reason):
                image.error = reason
            case .skipped:
                continue
            }
            batch.images.append(image)
        }
        return batch
    }
}

extension BackboneDescription.Family {
    /// The resampling that the publishers prepare images with.
    public var resampling: ResamplingFilter {
        switch self {
        case .clip: .bicubic
        case .dino, .dinov2: .bilinear
        }
    }
}
