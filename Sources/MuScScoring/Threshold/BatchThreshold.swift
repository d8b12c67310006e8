import Glibc

/// The automatic threshold where nothing but the batch itself is known.
///
/// Defects raise scores and hardly reach the lower three quarters of a batch, so these tell how far good images scatter.
/// With Q the quantiles of the scores,
///
///     σl = max((Q50 − Q10) / 1.2816, 0.001)     σu = (Q75 − Q50) / 0.6745
///     threshold = Q50 + 1.65 · min(max(σl, σu), 3 σl)
///
/// σl and σu are the standard deviations of normal distributions with that lower half and that third quarter. The
/// larger counts, because scores of good images are skewed; but no more than 3 σl, because where a quarter of a batch is
/// defective the third quarter holds defects. Images that score far below all others (frames without a part, copies of
/// one image) are no part of the quantiles: see ``usual(_:)``. `examples/threshold_table.sh` prints what the rule finds
/// and what it flags falsely.
package enum BatchThreshold {
    /// Standard deviations above the median: from 1.6 to 1.8 fewer false alarms are paid for with as many defects.
    static let deviations = 1.65
    /// The 10th percentile and the quartile of a normal distribution, in standard deviations from its median.
    static let tenthPercentile = 1.2816
    static let quartile = 0.6745
    /// How many lower standard deviations the upper one may count for.
    static let mostSkew = 3.0
    /// The least deviation that is told from rounding.
    static let leastDeviation = 1e-3
    /// The same of logarithms: scores within a fiftieth of the median are never outliers.
    static let leastLogarithmicDeviation = 0.02
    /// The fewest images whose scores say what is usual.
    package static let leastImages = 3
    /// Below so many images the quantiles themselves scatter, and clean batches are flagged more often: 15 of 30 clean
    /// batches of 8 solar cells and magnetic tiles had a flag (`examples/threshold_table.sh`).
    package static let fewImages = 20

    /// The threshold for these scores, one an image; infinite, so that nothing is flagged, for fewer than three.
    package static func threshold(for scores: [Float]) -> Threshold {
        guard scores.count >= leastImages else {
            return .missing(.tooFewImages(scores.count, least: leastImages), rule: .batch)
        }
        let values = usual(scores.map(Double.init).sorted())
        let median = quantile(values, 0.5)
        let lower = max((median - quantile(values, 0.1)) / tenthPercentile, leastDeviation)
        let upper = (quantile(values, 0.75) - median) / quartile
        let cut = median + deviations * min(max(lower, upper), mostSkew * lower)
        let few =
            scores.count < fewImages
            ? " With fewer than \(fewImages) images clean batches are flagged more often: of those of 8 images that "
                + "were tried, every second had a flag." : ""
        return Threshold(
            value: Float(cut), rule: .batch,
            explanation: "An image is flagged when it scores far above the typical image of this batch. How often good "
                + "parts are flagged is not known; 30 known good images would tell." + few)
    }

    /// The scores less those that lie far below the rest.
    ///
    /// Frames without a part, and copies of one image, vouch for each other and score next to nothing. A tenth of them
    /// would make σl so large that nothing is flagged any more. Scores are compared by their logarithms: they end at 0,
    /// so that however little an image scores it lies few standard deviations below the median, but many times. What
    /// lies more than 5 standard deviations below the median, as the second quarter scatters, is left out, and so again
    /// until all that is left is usual.
    ///
    /// - Parameter sorted: Scores in ascending order.
    static func usual(_ sorted: [Double]) -> [Double] {
        var values = sorted
        while values.count >= leastImages {
            let median = logarithm(quantile(values, 0.5))
            let deviation = max((median - logarithm(quantile(values, 0.25))) / quartile, leastLogarithmicDeviation)
            let rest = Array(values.drop { logarithm($0) < median - 5 * deviation })
            guard rest.count < values.count, rest.count >= leastImages else { return values }
            values = rest
        }
        return values
    }

    /// Of a score; copies of each other score 0.
    private static func logarithm(_ score: Double) -> Double { log(max(score, 1e-6)) }

    /// The value at this share of the sorted values, interpolated.
    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let index = Int(position)
        let next = min(index + 1, sorted.count - 1)
        return sorted[index] + (sorted[next] - sorted[index]) * (position - Double(index))
    }
}
