import MuScScoring

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
    }

    /// Scores the patches of a batch, and leaves out known good images that stand out from the rest.
    ///
    /// - Parameter nearest: Where lists of nearest judges are looked for and kept; nil for nowhere.
    func judged(
        _ tokens: BatchTokens, by full: JudgePanel, nearest: NearestCache?, progress: ProgressHandler,
        notes: inout [String]
    ) throws(ScoringError) -> Judged {
        var panel = full
        let before = notes.count
        // Lists change scores by what products of integers leave open; so with these there are always lists.
        var stored = nearest?.read(settings: distanceSettings, threads: settings.threads)
        var kept = nearest != nil || settings.precision == .fast
            ? KeptLists(lists: stored?.lists, byteLimit: listLimit) : nil
        stored?.lists = nil
        var maps = try patchMaps(of: tokens, panel: panel, kept: &kept, progress: progress, notes: &notes)
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
                notes.removeLast(notes.count - before)
                maps = try patchMaps(of: tokens, panel: panel, kept: &kept, progress: progress, notes: &notes)
                calibration = peaks(of: maps.calibration).map(\.score)
                notes.append(Self.warning(of: standingOut))
            }
        }
        return Judged(
            panel: panel, maps: maps.batch, calibration: calibration, recurring: maps.recurring,
            judgments: judgments(full, panel, standingOut: standingOut))
    }

    private static func warning(of names: [String]) -> String {
        let (image, verb) = names.count == 1 ? ("image", "stands") : ("images", "stand")
        let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        return "Look at the known good \(image) \(shown): \(names.count == 1 ? "it" : "they") \(verb) far out from the "
            + "other known good images, and \(names.count == 1 ? "was" : "were") left out."
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

    /// The threshold: the user's, else the panel's, else the batch's own.
    func threshold(
        for scores: [Float], calibration: [Float], of panel: JudgePanel, notes: inout [String]
    ) -> Threshold {
        if let fixed = settings.threshold { return .fixed(fixed) }
        guard let origin = panel.calibration, !calibration.isEmpty else {
            return BatchThreshold.threshold(for: scores)
        }
        let rate = settings.falseAlarmRate
        let least = ConformalThreshold.leastCalibration(rate: rate)
        let percent = Self.percent(rate)
        let parts = origin == .knownGood ? "known good images" : "images of the line's past"
        if calibration.count < max(least, origin == .knownGood ? settings.leastKnownGoodAlone : least) {
            if origin == .linePast {
                notes.append(
                    "The line's past holds \(calibration.count) images, and fewer than \(least) cannot set a threshold "
                        + "for \(percent) false alarms; so the batch's own scores set it.")
                return BatchThreshold.threshold(for: scores)
            }
            guard calibration.count >= LogNormalThreshold.leastCalibration else {
                notes.append(
                    "\(calibration.count) known good image\(calibration.count == 1 ? "" : "s") cannot set a threshold: at "
                        + "least \(LogNormalThreshold.leastCalibration) are needed, 30 to 50 are better; so the batch's own "
                        + "scores set it.")
                return BatchThreshold.threshold(for: scores)
            }
            return Threshold(
                value: LogNormalThreshold.value(calibration: calibration, rate: rate), rule: .logNormal,
                explanation: "An image is flagged when it scores higher than about \(percent) of parts like the "
                    + "\(calibration.count) known good ones would (log-normal prediction limit). From "
                    + "\(max(least, settings.leastKnownGoodAlone)) known good images on that is a promise.")
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
        return Threshold(
            value: ConformalThreshold.value(calibration: calibration, rate: rate), rule: .conformal,
            explanation: "\(rule); \(promise)")
    }

    /// A share as a percentage, with as many decimals as it needs, at most two.
    private static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let fraction = hundredths % 100
        let decimals = fraction == 0 ? "" : fraction % 10 == 0 ? ".\(fraction / 10)" : fraction < 10 ? ".0\(fraction)" : ".\(fraction)"
        return "\(hundredths / 100)\(decimals) %"
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
        reason: "RsCIN was left out, because images from outside the batch set the threshold, and they are compared by "
            + "MSM's scores.")
}
