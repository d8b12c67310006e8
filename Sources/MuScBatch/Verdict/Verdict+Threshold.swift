import MuScScoring
import MuScSupport

extension Verdict {
    /// What a conformal threshold promises on known good parts.
    ///
    /// - Parameter standingOut: How many of them stand out and were left out: good parts like those are flagged as well, which
    ///   no share of the others can promise against.
    private func promise(_ percent: String, standingOut: Int) -> String {
        guard standingOut > 0 else { return "of parts like the known good ones, at most \(percent) are flagged on average." }
        return "of parts like these, at most \(percent) are flagged on average. \(standingOut) known good "
            + "\(standingOut == 1 ? "image stands" : "images stand") out and \(standingOut == 1 ? "was" : "were") left out: "
            + "good parts like \(standingOut == 1 ? "that one" : "those") are flagged too, and come on top."
    }

    /// The threshold where spot checks are too few for a conformal one.
    ///
    /// A limit from so few scores lies too high about as often as too low, and defects are missed by the one more than are found
    /// by the other. So it counts only as far as it lies below what the batch's own scores say: nobody sees less for having
    /// checked parts (`examples/verdict_line.sh`).
    ///
    /// - Parameter promise: So many spot checks set the threshold alone.
    private func fewChecks(_ calibration: [Float], scores: [Float], parts: String, percent: String, promise: Int) -> Threshold {
        let limit = LogNormalThreshold.value(calibration: calibration, rate: settings.falseAlarmRate)
        return Threshold(
            value: min(limit, BatchThreshold.threshold(for: scores).value), rule: .logNormal,
            explanation: "An image is flagged when it scores as high as only about \(percent) of parts like the \(calibration.count) "
                + "\(parts) would (log-normal prediction limit), or far above the typical image of this batch: the lower of both "
                + "counts, because so few often set it too high. From \(promise) \(parts) on these alone set it, and that is a promise.")
    }

    /// The automatic threshold: the panel's, else the batch's own; and why it is not the panel's where it might be.
    func threshold(
        for scores: [Float], calibration: [Float], of panel: JudgePanel, standingOut: Int
    ) -> (threshold: Threshold, reservation: Finding?) {
        guard let origin = panel.calibration, !calibration.isEmpty else {
            return (BatchThreshold.threshold(for: scores), nil)
        }
        let rate = settings.falseAlarmRate
        let least = ConformalThreshold.leastCalibration(rate: rate)
        let percent = PercentText.text(rate)
        let isOfParts = calibration.count < panel.calibrating.count
        let parts =
            switch origin {
            case .knownGood: isOfParts ? "known good parts" : "known good images"
            case .foundGood: isOfParts ? "spot checks of parts that were found good" : "spot checks that were found good"
            case .linePast: isOfParts ? "parts of the line's past" : "images of the line's past"
            }
        if calibration.count < max(least, origin.isChecked ? settings.leastKnownGoodAlone : least) {
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
            if origin == .foundGood {
                return (
                    fewChecks(
                        calibration, scores: scores, parts: parts, percent: percent, promise: max(least, settings.leastKnownGoodAlone)), nil
                )
            }
            let threshold = Threshold(
                value: LogNormalThreshold.value(calibration: calibration, rate: rate), rule: .logNormal,
                explanation: "An image is flagged when it scores as high as only about \(percent) of parts like the "
                    + "\(calibration.count) known good ones would (log-normal prediction limit). From "
                    + "\(max(least, settings.leastKnownGoodAlone)) \(parts) on that is a promise.")
            return (threshold, nil)
        }
        let most = Int((rate * Double(calibration.count + 1) + 1e-9).rounded(.down)) - 1
        let rule =
            most == 0
            ? "An image is flagged when it scores higher than all \(calibration.count) \(parts) do by the same judges"
            : "An image is flagged when at most \(most) of the \(calibration.count) \(parts) score as high by the same judges"
        let promise =
            switch origin {
            case .knownGood: promise(percent, standingOut: standingOut)
            case .foundGood:
                "of good parts like these, at most \(percent) are flagged on average. They were drawn at random, flagged ones with the others."
            case .linePast:
                "about \(percent) of parts like the line's past are flagged. This rests on images that nobody has "
                    + "checked: only known good images give a promise."
            }
        let value = ConformalThreshold.value(calibration: calibration, rate: rate)
        return (Threshold(value: value, rule: .conformal, explanation: "\(rule); \(promise)"), nil)
    }
}

extension Threshold {
    /// A threshold that the user fixed.
    package static func fixed(_ value: Float) -> Threshold {
        Threshold(value: value, rule: .fixed, explanation: "The threshold was fixed in the configuration.")
    }
}
