import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// A batch that is ready to be inspected: its photographs are seen through, the image size is fixed, and who judges from
/// outside is known. Nothing is computed yet.
public struct PreparedBatch: Sendable {
    public let batch: Batch
    /// What was found about the files and the photographs.
    public var findings: [Finding] { batch.findings + seen }
    /// What was found about the photographs.
    let seen: [Finding]
    /// The network at the batch's size.
    package let network: SizedNetwork
    /// The patches that count; nil for all.
    package let region: PatchRegion?
    let knownGood: KnownGoodFolder?
    /// The memory of the batch's line; nil where it has none.
    let memory: LineMemory?
    /// Where tokens are looked for and kept; nil for nowhere.
    let cache: TokenCache?
    /// SHA-256 of the weights' file.
    let weightsSHA256: String
    /// Wall-clock time that it took to get here.
    let duration: Duration

    /// How the patches of every image lie.
    public var grid: PatchGrid { network.grid }
    /// The settings in force, `imageSize` as it follows from the photographs.
    public var settings: ScoringSettings { network.settings }

    /// The ways in which a batch can be scored.
    public enum Route: Sendable, Hashable {
        /// All tokens at once: needed where all images judge, and where a line remembers them.
        case whole
        /// Block by block, by so many judges: with the memory of these and one block.
        case blocks(judges: Int)
    }

    /// The way that this batch is scored.
    public var route: Route {
        let judges = network.estimate.judgeCount(of: batch.files.count)
        guard memory == nil || batch.folder == nil, judges < batch.files.count, settings.subsets == 1 else { return .whole }
        return .blocks(judges: judges)
    }

    /// Scores the batch, on the calling thread and as many more as the settings allow.
    ///
    /// - Parameter progress: Called after each step, from any thread; answering false ends the work soon.
    /// - Throws: ``ScoringError``.
    public func inspect(progress: ProgressHandler = { _ in true }) throws(ScoringError) -> Inspection {
        var inspection =
            switch route {
            case .whole: try inspectWhole(progress: progress)
            case .blocks(let judges): try inspectInBlocks(judges: judges, progress: progress)
            }
        inspection.conditions = Inspection.Conditions(
            settings: network.settingsInForce, weightsSHA256: weightsSHA256)
        return inspection
    }

    private func inspectWhole(progress: ProgressHandler) throws(ScoringError) -> Inspection {
        let start = ContinuousClock.now
        let tokens = try FeatureExtraction(network: network, cache: cache).tokens(of: batch.files, progress: progress)
        let all = Progress(stage: .features, completed: batch.files.count, total: batch.files.count)
        var (outside, found) = try knownGoodJudges { _ in progress(all) }
        if let recollection {
            found += recollection.problems.map { .lineMemory($0) }
            if recollection.tokens.readable == 0 { found += [memory?.findingOnOtherRange].compactMap { $0 } }
            outside.append(OutsideJudges(origin: .linePast, tokens: recollection.tokens))
        }
        let features = StageTiming(
            stage: "features", seconds: (duration + (ContinuousClock.now - start)) / .seconds(1))
        let nearest = cache.flatMap { cache in batch.folder.map { NearestCache(cache, batch: $0.canonical()) } }
        var inspection = try WholeRoute(network: network, region: region).inspection(
            of: tokens, judgedBy: outside, nearest: nearest, findings: seen, progress: progress)
        inspection.timings.insert(features, at: 0)
        inspection.findings = batch.findings + found + inspection.findings
        if let memory, let folder = batch.folder {
            inspection.offer = LineOffer(
                memory: memory, batch: folder, tokens: tokens, channels: settings.backbone.width)
        }
        return inspection
    }

    private func inspectInBlocks(judges: Int, progress: ProgressHandler) throws(ScoringError) -> Inspection {
        let none = Progress(stage: .features, completed: 0, total: batch.files.count)
        let (outside, found) = try knownGoodJudges { _ in progress(none) }
        var inspection = try BlockRoute(network: network, region: region, cache: cache).inspection(
            of: batch.files, judges: judges, judgedBy: outside, findings: seen, progress: progress)
        inspection.findings = batch.findings + found + inspection.findings
        return inspection
    }

    /// What is remembered of the batch's line; nil where it has none.
    package var recollection: LineMemory.Recollection? {
        guard let memory, let folder = batch.folder else { return nil }
        return memory.recall(for: folder, patches: grid.count)
    }

    private func knownGoodJudges(
        progress: ProgressHandler
    ) throws(ScoringError) -> (judges: [OutsideJudges], findings: [Finding]) {
        guard let knownGood else { return ([], []) }
        let content = try knownGood.content(for: network, cache: cache, progress: progress)
        return (content.judges.map { [$0] } ?? [], content.findings)
    }
}
