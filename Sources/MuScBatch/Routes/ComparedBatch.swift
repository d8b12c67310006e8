import MuScScoring
import MuScSupport

/// What a panel and the batch's own images made of a batch.
struct ComparedBatch: Sendable {
    /// The images from outside, without those that stand out.
    var panel: JudgePanel
    /// Which of the batch's images show the same part.
    var parts: BatchParts
    /// `[readable, grid.count]` row-major.
    var maps: [Float]
    /// The score of each part that sets the threshold, the highest of its images.
    var calibration: [Float]
    var recurring: [RecurringDefects.Group]
    var judgments: [OutsideJudgment]
    /// On who judged, and who stands out.
    var findings: [Finding]
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

/// Scores that lie far above the rest of their kind.
package enum OddScores {
    /// Robust standard deviations above the median.
    static let limit: Float = 6
    /// With fewer scores none can be said to stand out.
    static let leastCount = 8

    /// Positions of scores that lie more than ``limit`` robust standard deviations (1.4826 · MAD) above the median.
    package static func positions(_ scores: [Float]) -> [Int] {
        guard scores.count >= leastCount else { return [] }
        func median(_ values: [Float]) -> Float { values.sorted()[values.count / 2] }
        let center = median(scores)
        let deviation = 1.4826 * median(scores.map { abs($0 - center) })
        guard deviation > 0 else { return [] }
        return scores.indices.filter { scores[$0] > center + limit * deviation }
    }
}
