import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScResults
import MuScWatching
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
        knownGoodOfRoots = configuration.knownGoodOfRoots.mapValues { $0.map { KnownGoodFolder($0) } }
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
        var scores: Inspection
        /// nil where they were let go block by block, and nothing remembers them.
        var tokens: BatchTokens?
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
        let knownGood = self.judges.knownGood(for: root)?.files ?? []
        let scorer = try self.scorer.prepared(
            for: files, region: region(of: folder, in: root), range: range(in: root), knownGood: knownGood, outside: knownGood.count)
        for finding in scorer.preparation { Terminal.note("\(folder): \(finding.sentence)") }
        let judges = self.judges.fitted(to: scorer)
        if let count = scorer.judgesOfBlocks(files.count), judges.memory(of: folder, in: root) == nil {
            return try judgedInBlocks(files, by: scorer, judges, count: count, root: root, progress: progress)
        }
        let tokens = try scorer.tokens(of: files, cache: judges.cache, progress: progress)
        var (outside, findings) = try self.knownGood(for: root, scorer, judges) { _ in
            progress(Progress(stage: .features, completed: files.count, total: files.count))
        }
        let memory = judges.memory(of: folder, in: root)
        if let memory {
            let recollection = memory.recall(for: folder, patches: scorer.grid.count)
            findings += recollection.problems.map { .lineMemory($0) }
            if recollection.tokens.readable == 0 { findings += [memory.findingOnOtherRange].compactMap { $0 } }
            outside.append(OutsideJudges(origin: .linePast, tokens: recollection.tokens))
        }
        let features = StageTiming(stage: "features", seconds: (ContinuousClock.now - start) / .seconds(1))
        let nearest = judges.cache.map { NearestCache($0, batch: folder.canonical()) }
        var scores = try scorer.scores(of: tokens, judgedBy: outside, nearest: nearest, progress: progress)
        scores.timings.insert(features, at: 0)
        scores.findings = findings + scores.findings
        return Judged(scores: scores, tokens: tokens, memory: memory, scorer: scorer)
    }

    /// The way that shards go, with the whole batch for the only one.
    private func judgedInBlocks(
        _ files: [BatchFile], by scorer: BatchScorer, _ judges: JudgeSources, count: Int, root: FilePath?,
        progress: ProgressHandler
    ) throws(ScoringError) -> Judged {
        let (outside, findings) = try knownGood(for: root, scorer, judges) { _ in
            progress(Progress(stage: .features, completed: 0, total: files.count))
        }
        var scores = try scorer.scoresInBlocks(
            of: files, judges: count, judgedBy: outside, cache: judges.cache, progress: progress)
        scores.findings = findings + scores.findings
        return Judged(scores: scores, scorer: scorer)
    }

    private func knownGood(
        for root: FilePath?, _ scorer: BatchScorer, _ judges: JudgeSources, progress: ProgressHandler
    ) throws(ScoringError) -> (judges: [OutsideJudges], findings: [Finding]) {
        guard let folder = judges.knownGood(for: root) else { return ([], []) }
        let content = try folder.content(for: scorer, cache: judges.cache, progress: progress)
        return (content.judges.map { [$0] } ?? [], content.findings)
    }

    /// Offers a batch whose results are published to its line's memory.
    ///
    /// What goes wrong costs nothing but the memory, and is told on stderr.
    func remember(_ judged: Judged, folder: FilePath) {
        guard let memory = judged.memory, let tokens = judged.tokens else { return }
        do {
            let candidates = judged.scores.memorable.compactMap { image in
                image.index.map { LineMemory.Candidate(image: image, of: tokens, at: $0) }
            }
            let problems = try memory.remember(candidates, of: folder, channels: scorer.settings.backbone.width)
            for problem in problems { Terminal.note("\(problem)", .warning) }
        } catch {
            Terminal.note("\(error)", .warning)
        }
    }
}

extension BatchScorer {
    /// How many of a batch's images judge where that is a number, and so the batch need not be held at once; nil where
    /// all tokens are needed together.
    func judgesOfBlocks(_ images: Int) -> Int? {
        let count = judgeCount(of: images)
        return count < images && settings.subsets == 1 ? count : nil
    }
}
