import MuScScoring
import MuScSupport

extension BatchScorer {
    /// The same network with other settings of scoring; size and layers stay this scorer's.
    public func with(_ settings: ScoringSettings) -> BatchScorer {
        var copy = self
        copy.settings = settings
        copy.settings.imageSize = self.settings.imageSize
        copy.settings.tile = self.settings.tile
        copy.settings.reducesWhileDecoding = self.settings.reducesWhileDecoding
        copy.settings.featureLayers = self.settings.featureLayers
        return copy
    }

    /// What a panel and the batch's own images made of a batch.
    struct Judged {
        /// The panel, without members that stand out.
        var panel: JudgePanel
        /// `[readable, grid.count]` row-major.
        var maps: [Float]
        /// The score of each of the panel's images that set the threshold.
        var calibration: [Float]
        var recurring: [RecurringDefects.Group]
        var judgments: [OutsideJudgment]
        /// On who judged, and who stands out.
        var findings: [Finding]
    }

    /// Scores the patches of a batch, and leaves out known good images that stand out from the rest.
    ///
    /// - Parameter nearest: Where lists of nearest judges are looked for and kept; nil for nowhere.
    func judged(
        _ tokens: BatchTokens, by full: JudgePanel, nearest: NearestCache?, progress: ProgressHandler
    ) throws(ScoringError) -> Judged {
        var panel = full
        // Lists change scores by what products of integers leave open; so with these there are always lists.
        var stored = nearest?.read(settings: distanceSettings, threads: settings.threads)
        var kept = nearest != nil || settings.precision.isFast
            ? KeptLists(lists: stored?.lists, byteLimit: listLimit) : nil
        stored?.lists = nil
        var maps = try patchMaps(of: tokens, panel: panel, kept: &kept, progress: progress)
        if let kept, let lists = kept.lists {
            nearest?.keep(
                lists, change: kept.change, from: stored?.version, settings: distanceSettings, threads: settings.threads)
        }
        var calibration = peaks(of: maps.calibration).map(\.score)
        var standingOut: [String] = []
        if panel.calibration == .knownGood {
            let positions = OddScores.positions(calibration)
            if !positions.isEmpty {
                let members = positions.map { panel.calibrating.lowerBound + $0 }
                standingOut = members.map { panel.members[$0].name }
                panel.remove(Set(members))
                maps = try patchMaps(of: tokens, panel: panel, kept: &kept, progress: progress)
                calibration = peaks(of: maps.calibration).map(\.score)
            }
        }
        return Judged(
            panel: panel, maps: maps.batch, calibration: calibration, recurring: maps.recurring,
            judgments: judgments(full, panel, standingOut: standingOut),
            findings: maps.findings + (standingOut.isEmpty ? [] : [.knownGoodStandOut(standingOut)]))
    }

    private func judgments(
        _ full: JudgePanel, _ panel: JudgePanel, standingOut: [String]
    ) -> [OutsideJudgment] {
        [OutsideJudges.Origin.knownGood, .linePast].compactMap { origin in
            let positions = panel.positions(of: origin)
            guard !positions.isEmpty else { return nil }
            let folders = Set(panel.members[positions].map { $0.path.removingLastComponent() })
            return OutsideJudgment(
                origin: origin, images: panel.members[positions].map(\.name),
                folder: folders.count == 1 ? folders.first?.string : nil,
                judged: panel.judging.contains(positions.lowerBound), besideBatch: panel.batchJudges,
                standingOut: origin == .knownGood ? standingOut : [])
        }
    }

    /// The automatic threshold: the panel's, else the batch's own; and why it is not the panel's where it might be.
    func threshold(
        for scores: [Float], calibration: [Float], of panel: JudgePanel
    ) -> (threshold: Threshold, reservation: Finding?) {
        guard let origin = panel.calibration, !calibration.isEmpty else {
            return (BatchThreshold.threshold(for: scores), nil)
        }
        let rate = settings.falseAlarmRate
        let least = ConformalThreshold.leastCalibration(rate: rate)
        let percent = PercentText.text(rate)
        let parts = origin == .knownGood ? "known good images" : "images of the line's past"
        if calibration.count < max(least, origin == .knownGood ? settings.leastKnownGoodAlone : least) {
            if origin == .linePast {
                return (
                    BatchThreshold.threshold(for: scores),
                    .linePastTooSmall(images: calibration.count, least: least, falseAlarmRate: rate)
                )
            }
            guard calibration.count >= LogNormalThreshold.leastCalibration else {
                return (
                    BatchThreshold.threshold(for: scores),
                    .knownGoodTooFew(images: calibration.count, least: LogNormalThreshold.leastCalibration)
                )
            }
            let threshold = Threshold(
                value: LogNormalThreshold.value(calibration: calibration, rate: rate), rule: .logNormal,
                explanation: "An image is flagged when it scores higher than about \(percent) of parts like the "
                    + "\(calibration.count) known good ones would (log-normal prediction limit). From "
                    + "\(max(least, settings.leastKnownGoodAlone)) known good images on that is a promise.")
            return (threshold, nil)
        }
        let most = Int((rate * Double(calibration.count + 1) + 1e-9).rounded(.down)) - 1
        let rule = most == 0
            ? "An image is flagged when it scores higher than all \(calibration.count) \(parts) do by the same judges"
            : "An image is flagged when at most \(most) of the \(calibration.count) \(parts) score as high by the same judges"
        let promise =
            switch origin {
            case .knownGood: "of parts like the known good ones, at most \(percent) are flagged on average."
            case .linePast:
                "about \(percent) of parts like the line's past are flagged. This rests on images that nobody has "
                    + "checked: only known good images give a promise."
            }
        let value = ConformalThreshold.value(calibration: calibration, rate: rate)
        return (Threshold(value: value, rule: .conformal, explanation: "\(rule); \(promise)"), nil)
    }
}

/// Scores that lie far above the rest of their kind.
enum OddScores {
    /// Robust standard deviations above the median.
    static let limit: Float = 6
    /// With fewer scores none can be said to stand out.
    static let leastCount = 8

    /// Positions of scores that lie more than ``limit`` robust standard deviations (1.4826 · MAD) above the median.
    static func positions(_ scores: [Float]) -> [Int] {
        guard scores.count >= leastCount else { return [] }
        func median(_ values: [Float]) -> Float { values.sorted()[values.count / 2] }
        let center = median(scores)
        let deviation = 1.4826 * median(scores.map { abs($0 - center) })
        guard deviation > 0 else { return [] }
        return scores.indices.filter { scores[$0] > center + limit * deviation }
    }
}

extension RsCINDecision {
    /// Images from outside calibrate MSM's scores, so those stay.
    static let leftToMSM = RsCINDecision(
        applied: false, neighbourAgreement: nil,
        reason: "Look-alike correction (RsCIN): off, because images from outside the batch set the threshold, and they are "
            + "compared by MSM's scores.")
}
