import MuScScoring

extension Verdict {
    /// Applies RsCIN where the settings and the batch have it (section 3.4 of the paper).
    ///
    /// - Returns: Scores on MSM's scale, and what was decided.
    func rescored(
        _ scores: [Float], features: [Float], neighbours: RsCIN.Neighbours
    ) -> ([Float], RsCINDecision) {
        guard settings.rscin != .never else {
            return (scores, RsCINDecision(applied: false, neighbourAgreement: nil, reason: "Look-alike correction (RsCIN): switched off."))
        }
        let features =
            settings.unitImageFeatures
            ? RsCIN.unitFeatures(features, count: scores.count) : features
        func onScale() -> [Float] {
            let (low, high) = (scores.min() ?? 0, scores.max() ?? 0)
            return RsCIN.rescore(
                scores, features: features, windows: settings.rscinWindows, neighbours: neighbours,
                threads: settings.threads
            ).map { low + (high - low) * $0 }
        }
        if settings.rscin == .always {
            return (
                onScale(),
                RsCINDecision(applied: true, neighbourAgreement: nil, reason: "Look-alike correction (RsCIN): always on, by the settings.")
            )
        }
        let agreement = RsCIN.neighbourAgreement(
            scores, features: features, neighbours: neighbours, threads: settings.threads)
        let applies = (agreement ?? 0) >= requiredAgreement
        return (
            applies ? onScale() : scores,
            RsCINDecision(
                applied: applies, neighbourAgreement: agreement,
                reason: "Look-alike correction (RsCIN): " + reason(agreement, applies: applies))
        )
    }

    private func reason(_ agreement: Double?, applies: Bool) -> String {
        guard let agreement else { return "off, too few images to tell." }
        return applies
            ? "on, because images that look alike have like scores (Spearman \(rounded(agreement)))."
            : "off, because images that look alike do not have like scores (Spearman \(rounded(agreement)), at least "
                + "\(requiredAgreement) needed)."
    }

    /// The rank correlation of a score with its neighbours' at which RsCIN is trusted ("How a batch is scored", RsCIN). Means
    /// of patch tokens are alike where the patches that make the score are, so that they agree more whatever the parts.
    private var requiredAgreement: Double { settings.imageFeature == .classToken ? 0.7 : 0.9 }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

extension RsCINDecision {
    /// Images from outside calibrate MSM's scores, so those stay.
    static let leftToMSM = RsCINDecision(
        applied: false, neighbourAgreement: nil,
        reason: "Look-alike correction (RsCIN): off, because images from outside the batch set the threshold, and they are "
            + "compared by MSM's scores.")
}
