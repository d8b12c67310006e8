import MuScScoring
import MuScSupport
import Synchronization

/// Compares the patches of a batch's images with those of who judges: LNAMD and mutual scoring over layers and degrees
/// (sections 3.2 and 3.3 of the paper).
struct PatchComparison: Sendable {
    let network: SizedNetwork
    /// The patches that count; nil for all.
    let region: PatchRegion?

    var settings: ScoringSettings { network.settings }
    var grid: PatchGrid { network.grid }

    /// Mutual scoring over all layers and degrees, subset by subset, by the batch's own images and those of a panel.
    ///
    /// - Returns: The mean over degrees of the mean over layers, of the batch and of the images that set the threshold.
    ///
    /// - Parameters:
    ///   - seats: The batch's parts and judges, and those from outside.
    ///   - kept: Lists that the batch was scored by before, which become those of now; nil to keep none.
    func patchMaps(
        of tokens: BatchTokens, by seats: Seats, kept: inout KeptLists?, progress: ProgressHandler
    ) throws(ScoringError) -> PatchMaps {
        let panel = seats.panel
        let readable = tokens.images.filter { $0.index != nil }
        let subsets = Subsets.deal(
            readable.map { $0.path.removingLastComponent().string },
            into: min(settings.subsets, max(tokens.readable / 2, 1)))
        let steps = settings.featureLayers.count
        var batch = LayerMean(count: tokens.readable * grid.count)
        var calibration = LayerMean(count: panel.calibrating.count * grid.count)
        var findings: [Finding] = []
        var completed = 0
        let scoring = mutualScoring
        for subset in subsets {
            let seated = subsets.count == 1 ? seats : seats.selecting(subset, of: readable, estimate: network.estimate)
            if panel.batchJudges, seated.own.count < seated.mayJudge {
                findings.append(network.estimate.findingOnJudges(seated.own.count, of: subset.count))
            }
            // So many may be barred that nobody is left to judge a part of the batch.
            guard seated.barred.isEmpty || seated.areComplete else { throw .tooFewImages(TooFewImages(tokens.images)) }
            let (judges, judged) = (seated.judges, seated.judged)
            if subsets.count == 1, var lists = kept {
                // Held by nobody else while they are changed.
                kept?.lists = nil
                var listed = try listedMaps(of: tokens, by: seated, scoring, kept: &lists, progress: progress)
                kept = lists
                listed?.findings = findings
                if let listed { return listed }
            }
            for (layer, images) in tokens.layers.enumerated() {
                let standardised: StandardisedTokens
                do {
                    standardised = try self.standardised(subset.map { images[$0] } + panel.layers[layer])
                } catch {
                    throw .spill(error)
                }
                let scores = scoring.patchScores(
                    of: standardised, degrees: settings.degrees, judged: judged, judges: judges, parts: seated.parts)
                for (row, image) in subset.enumerated() {
                    batch.add(
                        scores[row * grid.count..<(row + 1) * grid.count], at: image * grid.count, of: steps)
                }
                // Each subset scores the panel anew; the mean counts.
                calibration.add(scores[(subset.count * grid.count)...], of: steps * subsets.count)
                completed += 1
                guard progress(Progress(stage: .mutualScoring, completed: completed, total: steps * subsets.count))
                else { throw .cancelled }
            }
        }
        var maps = PatchMaps(batch: batch.values, calibration: calibration.values, findings: findings)
        do throws(SpillError) {
            if subsets.count == 1 { try searchRecurring(tokens, seats, by: scoring, maps: &maps) }
            try wordOfGood(tokens, seats)?.bound(&maps)
        } catch {
            throw .spill(error)
        }
        return maps
    }

    /// One layer's tokens of images, normalised.
    ///
    /// - Parameter threads: The most threads to use; nil for as many as the settings allow.
    /// - Throws: ``SpillError`` where they are in a file that cannot be read.
    func standardised(_ tokens: [PatchTokens], threads: Int? = nil) throws(SpillError) -> StandardisedTokens {
        let failure = Mutex<SpillError?>(nil)
        let result = LNAMD.standardise(
            images: tokens.count, grid: grid, channels: settings.backbone.width, threads: threads ?? settings.threads
        ) { image, body in
            do throws(SpillError) {
                try tokens[image].withValues(body)
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return result
    }

    /// Mutual scoring as the settings have it.
    var mutualScoring: MutualScoring {
        MutualScoring(
            interval: settings.interval, minimumJudges: settings.minimumJudges,
            window: settings.window.patches(on: grid), region: region, precision: settings.precision,
            threads: settings.threads)
    }
}

extension PatchComparison {
    /// Scores the patches of a batch, and leaves out known good images that stand out from the rest.
    ///
    /// - Parameter nearest: Where lists of nearest judges are looked for and kept; nil for nowhere.
    func compare(
        _ tokens: BatchTokens, by seats: Seats, nearest: NearestCache?, progress: ProgressHandler
    ) throws(ScoringError) -> ComparedBatch {
        var seats = seats
        let verdict = Verdict(network: network, region: region)
        // Lists change scores by what products of integers leave open; so with these there are always lists.
        var stored = nearest?.read(settings: distanceSettings, threads: settings.threads)
        var kept =
            nearest != nil || settings.precision.isFast
            ? KeptLists(lists: stored?.lists, byteLimit: listLimit) : nil
        stored?.lists = nil
        var maps = try patchMaps(of: tokens, by: seats, kept: &kept, progress: progress)
        if let kept, let lists = kept.lists {
            nearest?.keep(
                lists, change: kept.change, from: stored?.version, settings: distanceSettings, threads: settings.threads)
        }
        var calibration = verdict.peaks(of: maps.calibration).map(\.score)
        var standingOut: [String] = []
        if seats.panel.calibration?.isChecked == true {
            let parts = Set(
                OddScores.positions(calibration).map { seats.panel.partOfMember[seats.panel.calibrating.lowerBound + $0] })
            let members = seats.panel.calibrating.filter { parts.contains(seats.panel.partOfMember[$0]) }
            var without = seats
            without.panel.remove(Set(members))
            if !members.isEmpty, without.areComplete {
                standingOut = members.map { seats.panel.members[$0].name }
                seats = without
                maps = try patchMaps(of: tokens, by: seats, kept: &kept, progress: progress)
                calibration = verdict.peaks(of: maps.calibration).map(\.score)
            }
        }
        return ComparedBatch(
            panel: seats.panel, parts: seats.batch, maps: maps.batch, calibration: seats.panel.scoresOfParts(calibration),
            recurring: maps.recurring, judgments: judgments(seats.panel, standingOut: standingOut),
            findings: maps.findings + (standingOut.isEmpty ? [] : [.knownGoodStandOut(standingOut)]))
    }

    private func judgments(_ panel: JudgePanel, standingOut: [String]) -> [OutsideJudgment] {
        [OutsideJudges.Origin.knownGood, .foundGood, .linePast].compactMap { origin in
            let positions = panel.positions(of: origin)
            guard !positions.isEmpty else { return nil }
            let folders = Set(panel.members[positions].map { $0.path.removingLastComponent() })
            return OutsideJudgment(
                origin: origin, images: panel.members[positions].map(\.name),
                folder: folders.count == 1 ? folders.first?.string : nil,
                judged: panel.eligible.contains(positions.lowerBound), besideBatch: panel.batchJudges,
                standingOut: origin == panel.calibration ? standingOut : [],
                calibrating: positions.clamped(to: panel.calibrating).count)
        }
    }
}

/// The reference's divide_num: a batch dealt to subsets that are scored each alone.
enum Subsets {
    /// Deals images to subsets, stratified by folder, shuffled with a fixed seed.
    ///
    /// - Returns: Indices of each subset, ascending.
    static func deal(_ folders: [String], into count: Int) -> [[Int]] {
        guard count > 1 else { return [Array(folders.indices)] }
        var generator = SeededGenerator(seed: 42)
        var subsets = [[Int]](repeating: [], count: count)
        var next = 0
        for folder in Set(folders).sorted() {
            let members = folders.indices.filter { folders[$0] == folder }
            for index in members.shuffled(using: &generator) {
                subsets[next % count].append(index)
                next += 1
            }
        }
        return subsets.map { $0.sorted() }
    }
}
