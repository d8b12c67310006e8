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
}

extension BatchScorer {
    /// Decodes, resizes and runs every image through the network, several at once.
    ///
    /// An image that cannot be decoded costs that image: it gets an error and no index.
    ///
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false.
    func tokens(of files: [BatchFile], progress: ProgressHandler) throws(ScoringError) -> BatchTokens {
        let done = Mutex(0)
        let isCancelled = Atomic<Bool>(false)
        let results = concurrentMap(files.count, threads: settings.threads) { index -> ImageOutcome in
            if isCancelled.load(ordering: .relaxed) { return .skipped }
            let outcome = tokens(of: files[index])
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

    private func tokens(of file: BatchFile) -> ImageOutcome {
        do {
            let options = DecodingOptions(applyingOrientation: settings.appliesOrientation)
            let image = try RGBImage(contentsOf: file.path, options: options)
            let resized = image.resized(
                width: model.imageWidth, height: model.imageHeight, filter: settings.backbone.family.resampling)
            let tokens = model.tokens(of: NormalizedImage(resized, for: settings.backbone.family))
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
