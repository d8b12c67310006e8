import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import Synchronization
import SystemPackage

/// The tokens of a batch's images: what the network makes of them, and what mutual scoring starts from.
public struct BatchTokens: Sendable {
    /// One entry an image, in the order given; `index` is set for those that could be read.
    public var images: [ScoredImage]
    /// One entry a feature layer, then one a readable image.
    public var layers: [[PatchTokens]]
    /// One entry a readable image.
    public var imageFeatures: [[Float]]

    /// The number of images that could be read.
    public var readable: Int { imageFeatures.count }

    /// - Parameters: As the properties of the same names; the readable images' indices count up from 0 in order.
    public init(images: [ScoredImage], layers: [[PatchTokens]], imageFeatures: [[Float]]) {
        self.images = images
        self.layers = layers
        self.imageFeatures = imageFeatures
    }

    /// Adds one readable image.
    mutating func append(_ tokens: ImageTokens, of image: ScoredImage) {
        var image = image
        image.index = readable
        images.append(image)
        for (layer, values) in tokens.layers.enumerated() { layers[layer].append(PatchTokens(values)) }
        imageFeatures.append(tokens.imageFeature)
    }

    /// The tokens of the readable image at `index`.
    ///
    /// - Throws: ``SpillError`` where they are in a file that cannot be read.
    public func imageTokens(_ index: Int) throws(SpillError) -> ImageTokens {
        ImageTokens(layers: try layers.map { $0[index] }.values(), imageFeature: imageFeatures[index])
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
    /// Tokens are kept in memory as far as ``ScoringSettings/memory`` allows, and beyond it in a file without a name.
    ///
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false; ``ScoringError/memory(_:)`` where mutual
    ///   scoring of so many images would take more memory than there is; ``ScoringError/spill(_:)``.
    public func tokens(
        of files: [BatchFile], cache: TokenCache? = nil, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> BatchTokens {
        let budget = try memoryBudget(images: files.count)
        let store = TokenStore(limit: budget.tokens, folder: Self.spillFolder)
        cache?.prepare()
        defer { cache?.trim() }
        let done = Mutex(0)
        let isCancelled = Atomic<Bool>(false)
        // What takes long comes first, so that no thread is left with it in the end.
        let isKept = files.map { cache?.mayHold($0) ?? false }
        let fresh = files.indices.filter { !isKept[$0] }
        let order = fresh + files.indices.filter { isKept[$0] }
        @Sendable func outcome(_ place: Int, threads: Int) -> ImageOutcome {
            if isCancelled.load(ordering: .relaxed) { return .skipped }
            let outcome = tokens(
                of: files[order[place]], cache: cache, store: store, mapsFiles: files.count <= Self.mostMappedFiles,
                threads: threads)
            let goesOn = done.withLock { done in
                done += 1
                return progress(Progress(stage: .features, completed: done, total: files.count))
            }
            if !goesOn { isCancelled.store(true, ordering: .relaxed) }
            return outcome
        }
        // Of fewer images than threads each is shared by all.
        let shared = fresh.count < settings.threads ? fresh.count : 0
        var outcomes = (0..<shared).map { outcome($0, threads: settings.threads) }
        outcomes += concurrentMap(files.count - shared, threads: settings.threads) { outcome(shared + $0, threads: 1) }
        if isCancelled.load(ordering: .relaxed) { throw .cancelled }
        var results = outcomes
        for (place, index) in order.enumerated() { results[index] = outcomes[place] }
        return try collect(results, files: files)
    }

    /// The most files of tokens that are mapped at a time: a process may have 65,530 mappings unless the system says
    /// otherwise.
    private static let mostMappedFiles = 16_384

    private enum ImageOutcome: Sendable {
        case tokens(layers: [PatchTokens], imageFeature: [Float], width: Int, height: Int)
        case failed(String, mayPass: Bool)
        case unkept(SpillError)
        /// The network gave numbers that are not finite.
        case notFinite
        case skipped
    }

    /// - Parameter threads: The most threads that share this image.
    private func tokens(
        of file: BatchFile, cache: TokenCache?, store: TokenStore, mapsFiles: Bool, threads: Int
    ) -> ImageOutcome {
        func outcome(_ tokens: ImageTokens, _ width: Int, _ height: Int) -> ImageOutcome {
            do throws(SpillError) {
                var layers: [PatchTokens] = []
                for values in tokens.layers { layers.append(try store.keep(values)) }
                return .tokens(layers: layers, imageFeature: tokens.imageFeature, width: width, height: height)
            } catch {
                return .unkept(error)
            }
        }
        // Asked for before the file is read: tokens are never kept for a file that took its place meanwhile.
        let place = cache?.place(of: file)
        if let kept = cache?.tokens(of: file, patches: grid.count, remade: { remadeTokens(of: file, cache: cache) }) {
            let layers = settings.featureLayers.indices.map { PatchTokens(kept.tokens, layer: $0) }
            if mapsFiles {
                return .tokens(
                    layers: layers, imageFeature: kept.imageFeature, width: kept.width, height: kept.height)
            }
            do {
                return outcome(
                    ImageTokens(layers: try layers.values(), imageFeature: kept.imageFeature), kept.width, kept.height)
            } catch {
                return .unkept(error)
            }
        }
        do throws(ImageError) {
            let (image, original) = try photograph(file)
            let tokens = model.tokens(of: image, plan: tiles, threads: threads)
            guard tokens.isFinite else { return .notFinite }
            cache?.keep(
                tokens, of: file, at: place, width: original.width, height: original.height,
                channels: settings.backbone.width)
            return outcome(tokens, original.width, original.height)
        } catch {
            return .failed("\(error.kind)", mayPass: error.kind.mayPass)
        }
    }

    /// Computes the tokens of an image again whose file in the cache is damaged, and keeps them in its place.
    private func remadeTokens(of file: BatchFile, cache: TokenCache?) -> ImageTokens? {
        let place = cache?.place(of: file)
        guard let (image, original) = try? photograph(file) else { return nil }
        let tokens = model.tokens(of: image, plan: tiles)
        guard tokens.isFinite else { return nil }
        cache?.keep(
            tokens, of: file, at: place, width: original.width, height: original.height, channels: settings.backbone.width)
        return tokens
    }

    private func collect(_ outcomes: [ImageOutcome], files: [BatchFile]) throws(ScoringError) -> BatchTokens {
        var batch = BatchTokens(
            images: [], layers: Array(repeating: [], count: settings.featureLayers.count), imageFeatures: [])
        for (file, outcome) in zip(files, outcomes) {
            var image = ScoredImage(name: file.name, path: file.path)
            image.root = file.root
            image.page = file.page
            switch outcome {
            case .tokens(let layers, let imageFeature, let width, let height):
                image.size = (width, height)
                image.index = batch.imageFeatures.count
                for (layer, tokens) in layers.enumerated() { batch.layers[layer].append(tokens) }
                batch.imageFeatures.append(imageFeature)
            case .unkept(let error):
                throw .spill(error)
            case .notFinite:
                throw .notFinite(image: file.name, backbone: settings.backbone.name)
            case .failed(let reason, let mayPass):
                image.error = reason
                image.mayBeReadLater = mayPass
            case .skipped:
                continue
            }
            batch.images.append(image)
        }
        return batch
    }
}

extension ImageError.Kind {
    /// Whether the file may be read later as it is.
    fileprivate var mayPass: Bool {
        switch self {
        case .unreadable, .noMemory: true
        default: false
        }
    }
}

extension BackboneDescription.Family {
    /// The resampling that the publishers prepare images with.
    public var resampling: ResamplingFilter {
        switch self {
        case .clip: .bicubic
        case .dino, .dinov2, .dinov3: .bilinear
        }
    }
}
