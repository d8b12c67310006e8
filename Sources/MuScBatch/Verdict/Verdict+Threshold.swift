import MuScScoring
import MuScSupport

extension Verdict {
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
        let rule =
            most == 0
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

extension Threshold {
    /// A threshold that the user fixed.
    package static func fixed(_ value: Float) -> Threshold {
        Threshold(value: value, rule: .fixed, explanation: "The threshold was fixed in the configuration.")
    }
}
