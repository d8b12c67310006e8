import MuScImages
import MuScScoring
import MuScSupport
import MuScVerdicts
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
    /// What people found of the line's parts.
    let verdicts: LineVerdicts
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
        inspection.verdicts = ownVerdicts
        inspection.timings.insert(StageTiming(stage: "preparation", seconds: duration / .seconds(1)), at: 0)
        return inspection
    }

    private func inspectWhole(progress: ProgressHandler) throws(ScoringError) -> Inspection {
        let start = ContinuousClock.now
        let tokens = try FeatureExtraction(network: network, cache: cache).tokens(of: batch.files, progress: progress)
        let all = Progress(stage: .features, completed: batch.files.count, total: batch.files.count)
        var (outside, found) = try checkedJudges { _ in progress(all) }
        if let recollection {
            found += recollection.problems.map { .lineMemory($0) }
            if recollection.tokens.readable == 0 { found += [memory?.findingOnOtherRange].compactMap { $0 } }
            outside.append(OutsideJudges(origin: .linePast, tokens: unchecked(recollection.tokens, beside: outside)))
        }
        let features = StageTiming(
            stage: "features", seconds: (ContinuousClock.now - start) / .seconds(1))
        let nearest = cache.flatMap { cache in batch.folder.map { NearestCache(cache, batch: $0.canonical()) } }
        var inspection = try WholeRoute(network: network, region: region, barred: barred).inspection(
            of: tokens, judgedBy: outside, nearest: nearest, findings: seen, progress: progress)
        inspection.timings.insert(features, at: 0)
        inspection.findings = batch.findings + found + findings(on: outside, inspection) + inspection.findings
        if let memory, let folder = batch.folder {
            inspection.offer = LineOffer(
                memory: memory, batch: folder, tokens: tokens, channels: settings.backbone.width)
        }
        return inspection
    }

    private func inspectInBlocks(judges: Int, progress: ProgressHandler) throws(ScoringError) -> Inspection {
        let none = Progress(stage: .features, completed: 0, total: batch.files.count)
        let (outside, found) = try checkedJudges { _ in progress(none) }
        var inspection = try BlockRoute(network: network, region: region, cache: cache, barred: barred).inspection(
            of: batch.files, judges: judges, judgedBy: outside, findings: seen, progress: progress)
        inspection.findings = batch.findings + found + findings(on: outside, inspection) + inspection.findings
        return inspection
    }

    /// The images of the line's past that judge: parts that were found good take the places of those that nobody has checked.
    private func unchecked(_ past: BatchTokens, beside outside: [OutsideJudges]) -> BatchTokens {
        guard let good = outside.first(where: { $0.origin == .foundGood })?.tokens else { return past }
        let checked = Set(good.contents)
        let contents = past.contents
        let places = max((memory?.capacity ?? 0) - good.readable, 0)
        return past.selecting(Array(contents.indices.filter { !checked.contains(contents[$0]) }.prefix(places)))
    }

    /// What is remembered of the batch's line; nil where it has none.
    package var recollection: LineMemory.Recollection? {
        guard let memory, let folder = batch.folder else { return nil }
        var recollection = memory.recall(for: folder, patches: grid.count)
        // A part that was not flagged and was found defective since.
        let defects = Set(verdicts.defects.map { FilePath($0.batch).pushing(FilePath($0.verdict.image)) })
        let images = recollection.tokens.images
        let kept = images.indices.filter { !defects.contains(images[$0].path) }
        if kept.count < images.count { recollection.tokens = recollection.tokens.selecting(kept) }
        return recollection
    }

    /// The images that somebody has looked at: the known good ones, and parts of the line that were found good.
    private func checkedJudges(
        progress: ProgressHandler
    ) throws(ScoringError) -> (judges: [OutsideJudges], findings: [Finding]) {
        var judges: [OutsideJudges] = []
        var findings = verdicts.findings
        if let knownGood {
            let content = try knownGood.content(for: network, cache: cache, progress: progress)
            judges += [content.judges].compactMap { $0 }
            findings += content.findings
        }
        let others = verdicts.good.filter { $0.batch != batch.folder?.string }
        if let memory, !others.isEmpty {
            let content = try FoundGood(network: network, cache: cache, memory: memory)
                .content(of: others, capacity: memory.capacity, progress: progress)
            judges += [content.judges].compactMap { $0 }
            findings += content.findings
        }
        return (judges, findings)
    }

    // MARK: Verdicts

    /// How many parts of the line somebody judged.
    package var verdictCount: Int { verdicts.parts.count }

    /// What people found of this batch's images.
    private var ownVerdicts: [String: PartVerdict.Answer] {
        let own = verdicts.parts.filter { $0.batch == batch.folder?.string }
        return Dictionary(own.map { ($0.verdict.image, $0.verdict.answer) }, uniquingKeysWith: { $1 })
    }

    /// The batch's images that never judge.
    private var barred: Set<String> { Set(ownVerdicts.filter { $0.value == .defect }.keys) }

    /// Of how many images it is said that they are almost known.
    private static let mostAlmostKnown = 5

    /// What is to be said of verdicts that took effect.
    private func findings(on outside: [OutsideJudges], _ inspection: Inspection) -> [Finding] {
        var findings: [Finding] = []
        if let judgment = inspection.outsideJudgments.first(where: { $0.origin == .foundGood }) {
            let sample = outside.first { $0.origin == .foundGood }?.sample ?? 0
            findings.append(
                .foundGoodJudged(
                    Finding.FoundGoodJudged(
                        parts: judgment.images.count, spotChecks: sample, least: LogNormalThreshold.leastCalibration,
                        promise: max(
                            ConformalThreshold.leastCalibration(rate: settings.falseAlarmRate), settings.leastKnownGoodAlone),
                        setThreshold: judgment.calibrating ?? 0 > 0 && inspection.threshold.rule != .fixed)))
        }
        // The nearest judges decide: with as many of them as that, such a place is no longer anomalous.
        let needed = settings.minimumJudges
        let flagged = Set(inspection.images.filter(\.flagged).map(\.name))
        // Parts that were flagged, or looked at because they score high, have something that others have not.
        let marked = Set(outside.filter { $0.origin == .foundGood }.flatMap { $0.tokens.images.dropFirst($0.unflagged).map(\.name) })
        for evidence in inspection.evidence.filter({ flagged.contains($0.image) }).prefix(Self.mostAlmostKnown) {
            let like = evidence.places.count {
                $0.origin == .foundGood && marked.contains($0.name) && $0.distance < inspection.threshold.value
            }
            if (1..<max(needed, 1)).contains(like) { findings.append(.almostKnown(image: evidence.image, foundGood: like, of: needed)) }
        }
        let barred = inspection.images.count { $0.index != nil && inspection.barred.contains($0.name) }
        return barred > 0 ? findings + [.defectsBarred(barred)] : findings
    }
}
