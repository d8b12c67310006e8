import FoundationEssentials
import MuSc
import MuScBackbone
import SystemPackage

/// Where images from outside the batches come from, and where tokens are kept.
struct JudgeSources: Sendable {
    /// The known good images of all drop folders that have none of their own, and of batches by hand.
    private let knownGood: KnownGoodFolder?
    /// Those of single drop folders; nil where such a folder is to have none.
    private let knownGoodOfRoots: [FilePath: KnownGoodFolder?]
    /// The folder of all lines' memories; nil where none is kept.
    let memories: FilePath?
    let capacity: Int
    private(set) var key: TokenKey
    private(set) var cache: TokenCache?

    init(_ configuration: Configuration, scorer: BatchScorer, weightsSHA256: String) {
        knownGood = configuration.knownGood.map { KnownGoodFolder($0) }
        knownGoodOfRoots = Dictionary(
            configuration.knownGoodOfRoots.map { ($0.root, $0.folder.map { KnownGoodFolder($0) }) },
            uniquingKeysWith: { $1 })
        capacity = configuration.lineMemoryInForce
        memories = capacity > 0 ? configuration.stateFolder?.appending("lines") : nil
        key = TokenKey(scorer, weightsSHA256: weightsSHA256)
        cache = TokenCache.standardFolder.map { [key] folder in TokenCache(folder: folder, key: key) }
    }

    /// The same for the size at which a scorer takes photographs.
    func fitted(to scorer: BatchScorer) -> JudgeSources {
        var fitted = self
        fitted.key = TokenKey(scorer, weightsSHA256: key.weightsSHA256)
        fitted.cache = cache.map { TokenCache(folder: $0.folder, key: fitted.key, byteLimit: $0.byteLimit) }
        return fitted
    }

    /// The known good images for a batch of a drop folder, or by hand.
    func knownGood(for root: FilePath?) -> KnownGoodFolder? {
        if let root, let own = knownGoodOfRoots[root] { return own }
        return knownGood
    }

    /// The memory of the line that a batch of a drop folder belongs to.
    func memory(of batch: FilePath, in root: FilePath?) -> LineMemory? {
        guard let memories, let root else { return nil }
        let line = batch == root ? root : batch.removingLastComponent()
        return LineMemory(folder: memories, line: line, key: key, capacity: capacity)
    }
}

extension BatchProcessor {
    /// A batch's scores with what is needed to remember it.
    struct Judged {
        var scores: BatchScores
        var tokens: BatchTokens
        var memory: LineMemory?
        /// The scorer that was made ready for the batch.
        var scorer: BatchScorer
    }

    /// Scores files by each other and by whoever judges from outside.
    ///
    /// - Parameter root: The drop folder; nil by hand, where there is no line.
    func judged(
        _ files: [BatchFile], folder: FilePath, root: FilePath?, progress: ProgressHandler
    ) throws(ScoringError) -> Judged {
        let start = ContinuousClock.now
        let scorer = try self.scorer.prepared(
            for: files, region: region(of: folder, in: root), outside: self.judges.knownGood(for: root)?.count ?? 0)
        for note in scorer.preparation { Terminal.printNote("musc: \(folder): \(note)") }
        let judges = self.judges.fitted(to: scorer)
        let tokens = try scorer.tokens(of: files, cache: judges.cache, progress: progress)
        var warnings: [String] = []
        var outside: [OutsideJudges] = []
        if let folder = judges.knownGood(for: root) {
            let content = try folder.content(for: scorer, cache: judges.cache) { _ in
                progress(Progress(stage: .features, completed: files.count, total: files.count))
            }
            warnings += content.warnings
            if let judges = content.judges { outside.append(judges) }
        }
        let memory = judges.memory(of: folder, in: root)
        if let memory {
            let recollection = memory.recall(for: folder, patches: scorer.grid.count)
            warnings += recollection.problems.map { "\($0)." }
            outside.append(OutsideJudges(origin: .linePast, tokens: recollection.tokens))
        }
        let features = StageTiming(stage: "features", seconds: (ContinuousClock.now - start) / .seconds(1))
        var scores = try scorer.scores(of: tokens, judgedBy: outside, progress: progress)
        scores.timings.insert(features, at: 0)
        scores.notes = warnings + scores.notes
        return Judged(scores: scores, tokens: tokens, memory: memory, scorer: scorer)
    }

    /// Offers a batch whose results are published to its line's memory.
    ///
    /// What goes wrong costs nothing but the memory, and is told on stderr.
    func remember(_ judged: Judged, folder: FilePath) {
        guard let memory = judged.memory else { return }
        do {
            let candidates = try judged.scores.memorable.compactMap { image in
                try image.index.map { LineMemory.Candidate(image: image, tokens: try judged.tokens.imageTokens($0)) }
            }
            let problems = try memory.remember(candidates, of: folder, channels: scorer.settings.backbone.width)
            for problem in problems { Terminal.printNote("musc: \(problem)") }
        } catch {
            Terminal.printNote("musc: \(error)")
        }
    }
}
