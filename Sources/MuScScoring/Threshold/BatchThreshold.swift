/// The automatic threshold where nothing but the batch itself is known.
///
/// Defects raise scores, so the lower half of a batch tells how far good images scatter: σ = (median − 10th
/// percentile) / 1.2816, the standard deviation of a normal distribution with that lower half. Images that lie 2.5 σ
/// or more above the median are flagged. The rule flags no fixed share: a clean batch whose upper half scatters as its
/// lower half does stays almost unflagged, however large it is.
package enum BatchThreshold {
    /// Standard deviations above the median.
    static let deviations = 2.5
    /// The 10th percentile of a normal distribution, in standard deviations below its median.
    static let tenthPercentile = 1.2816
    /// The least deviation that is told from rounding.
    static let leastDeviation = 1e-3

    /// The threshold for these scores, one an image; infinite, so that nothing is flagged, for fewer than three.
    package static func threshold(for scores: [Float]) -> Threshold {
        let values = scores.map(Double.init).sorted()
        guard values.count >= 3 else {
            return Threshold(
                value: .infinity, rule: .batch,
                explanation: "Nothing is flagged: fewer than three images say nothing of what is usual.")
        }
        let median = quantile(values, 0.5)
        let deviation = max((median - quantile(values, 0.1)) / tenthPercentile, leastDeviation)
        let cut = median + deviations * deviation
        return Threshold(
            value: Float(cut), rule: .batch,
            explanation: "Flagged is what lies 2.5 standard deviations above the median score, as the lower half of the "
                + "batch scatters, which defects do not reach. This promises no rate of false alarms: known good images do.")
    }

    /// The value at this share of the sorted values, interpolated.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let index = Int(position)
        let next = min(index + 1, sorted.count - 1)
        return sorted[index] + (sorted[next] - sorted[index]) * (position - Double(index))
    }
}
