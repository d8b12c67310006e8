/// A threshold from images whose scores stand for those of good parts.
///
/// Where a good part's score is exchangeable with the calibration scores, its p-value is at most `rate` with a chance
/// of at most `rate`, whatever the distribution of scores is (Vovk, Gammerman and Shafer, "Algorithmic Learning in a
/// Random World", 2005; Bates et al., "Testing for outliers with conformal p-values", Annals of Statistics 2023).
package enum ConformalThreshold {
    /// For each score, (1 + the number of calibration scores at or above it) / (their number + 1): above 0, at most 1.
    package static func pValues(of scores: [Float], calibration: [Float]) -> [Float] {
        let sorted = calibration.sorted()
        return scores.map { score in
            // The first calibration score at or above this one.
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < score { low = middle + 1 } else { high = middle }
            }
            return Float(1 + sorted.count - low) / Float(sorted.count + 1)
        }
    }

    /// The lowest score whose p-value is at most `rate`; infinite where there are fewer than 1/rate − 1 calibration scores.
    ///
    /// - Parameters:
    ///   - calibration: Of any order.
    ///   - rate: The share of good parts that may be flagged, 0 to 1.
    package static func value(calibration: [Float], rate: Double) -> Float {
        // A p-value is at most `rate` where at most so many calibration scores are at or above the score. A rate such
        // as 0.29 is not exact in binary, and 100 of them are meant to be 29.
        let most = Int((rate * Double(calibration.count + 1) + 1e-9).rounded(.down)) - 1
        guard most >= 0, !calibration.isEmpty else { return .infinity }
        let descending = calibration.sorted(by: >)
        return most < descending.count ? descending[most].nextUp : -.infinity
    }

    /// The least number of calibration scores with which anything can be flagged at this rate.
    package static func leastCalibration(rate: Double) -> Int {
        guard rate > 0 else { return .max }
        return max(Int((1 / rate - 1 - 1e-9).rounded(.up)), 1)
    }
}
