import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import Synchronization
import SystemPackage

/// Makes tokens of photographs.
struct FeatureExtraction: Sendable {
    let network: SizedNetwork
    /// Where tokens are looked for and kept; nil for nowhere.
    let cache: TokenCache?

    private var settings: ScoringSettings { network.settings }

    /// Decodes, resizes and runs every image through the network, several at once.
    ///
    /// An image that cannot be decoded costs that image: it gets an error and no index.
    ///
    /// Tokens are kept in memory as far as ``ScoringSettings/memory`` allows, and beyond it in a file without a name.
    ///
    /// - Throws: ``ScoringError/cancelled`` once `progress` answers false; ``ScoringError/memory(_:)`` where mutual
    ///   scoring of so many images would take more memory than there is; ``ScoringError/spill(_:)``.
    func tokens(
        of files: [BatchFile], progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> BatchTokens {
        let budget = try network.estimate.memoryBudget(images: files.count)
        let store = TokenStore(limit: budget.tokens, folder: WorkEstimate.spillFolder)
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
                of: files[order[place]], store: store, mapsFiles: files.count <= Self.mostMappedFiles, threads: threads)
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
        case tokens(layers: [PatchTokens], imageFeature: [Float], origin: TokenOrigin)
        case failed(String, mayPass: Bool)
        case unkept(SpillError)
        /// The network gave numbers that are not finite.
        case notFinite
        case skipped
    }

    /// - Parameter threads: The most threads that share this image.
    private func tokens(
        of file: BatchFile, store: TokenStore, mapsFiles: Bool, threads: Int
    ) -> ImageOutcome {
        func outcome(_ tokens: ImageTokens, _ origin: TokenOrigin) -> ImageOutcome {
            do throws(SpillError) {
                var layers: [PatchTokens] = []
                for values in tokens.layers { layers.append(try store.keep(values)) }
                return .tokens(layers: layers, imageFeature: tokens.imageFeature, origin: origin)
            } catch {
                return .unkept(error)
            }
        }
        // Asked for before the file is read: tokens are never kept for a file that took its place meanwhile.
        let place = cache?.place(of: file)
        if let kept = cache?.tokens(of: file, patches: network.grid.count, remade: { remadeTokens(of: file) }) {
            let layers = settings.featureLayers.indices.map { PatchTokens(kept.tokens, layer: $0) }
            if mapsFiles {
                return .tokens(
                    layers: layers, imageFeature: kept.imageFeature, origin: kept.origin)
            }
            do {
                return outcome(
                    ImageTokens(layers: try layers.values(), imageFeature: kept.imageFeature), kept.origin)
            } catch {
                return .unkept(error)
            }
        }
        do throws(ImageError) {
            let photograph = try network.photograph(file)
            let tokens = network.model.tokens(of: photograph.image, plan: network.tiles, threads: threads)
            guard tokens.isFinite else { return .notFinite }
            let origin = TokenOrigin(photograph)
            cache?.keep(tokens, of: file, at: place, origin: origin, channels: settings.backbone.width)
            return outcome(tokens, origin)
        } catch {
            return .failed("\(error.kind)", mayPass: error.kind.mayPass)
        }
    }

    /// Computes the tokens of an image again whose file in the cache is damaged, and keeps them in its place.
    private func remadeTokens(of file: BatchFile) -> ImageTokens? {
        let place = cache?.place(of: file)
        guard let photograph = try? network.photograph(file) else { return nil }
        let tokens = network.model.tokens(of: photograph.image, plan: network.tiles)
        guard tokens.isFinite else { return nil }
        cache?.keep(tokens, of: file, at: place, origin: TokenOrigin(photograph), channels: settings.backbone.width)
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
            case .tokens(let layers, let imageFeature, let origin):
                (image.size, image.frame) = (origin.size, origin.frame)
                image.index = batch.imageFeatures.count
                for (layer, tokens) in layers.enumerated() { batch.layers[layer].append(tokens) }
                batch.imageFeatures.append(imageFeature)
                batch.looks.append(origin.look)
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
