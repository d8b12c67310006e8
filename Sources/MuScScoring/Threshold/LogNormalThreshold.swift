import Glibc

/// A threshold from too few images for a conformal one: the upper prediction limit of a log-normal distribution.
///
/// With x the logarithms of m scores of good images, their mean x̄ and standard deviation s, the next good image scores
/// above
///
///     exp(x̄ + t(1 − rate; m − 1) · s · √(1 + 1/m))
///
/// with a chance of `rate`, where scores are distributed log-normally (Hahn and Meeker, "Statistical Intervals", 1991,
/// section 4.3, applied to logarithms). Scores of good images are only about so; hence the promise is "about" the rate.
package enum LogNormalThreshold {
    /// The fewest scores whose deviation says anything.
    package static let leastCalibration = 5
    /// Below this, scores are told from zero no more; a logarithm needs a bound.
    static let leastScore: Float = 1e-3

    /// The prediction limit.
    ///
    /// - Parameters:
    ///   - calibration: Scores of good images, at least ``leastCalibration``; any order.
    ///   - rate: The share of good images that may lie above, 0 to 1.
    /// - Returns: Infinite for fewer scores than ``leastCalibration``.
    package static func value(calibration: [Float], rate: Double) -> Float {
        guard calibration.count >= leastCalibration else { return .infinity }
        let logarithms = calibration.map { log(Double(max($0, leastScore))) }
        let count = Double(logarithms.count)
        let mean = logarithms.reduce(0, +) / count
        let variance = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let factor = StudentDistribution.quantile(1 - rate, degreesOfFreedom: logarithms.count - 1)
        return Float(exp(mean + factor * variance.squareRoot() * (1 + 1 / count).squareRoot()))
    }
}

/// Student's t distribution.
enum StudentDistribution {
    /// The share of the distribution below `t`, for a whole number of degrees of freedom, at least 1.
    ///
    /// The finite series of Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    static func share(below t: Double, degreesOfFreedom: Int) -> Double {
        let angle = atan(abs(t) / Double(degreesOfFreedom).squareRoot())
        let (sine, cosine) = (sin(angle), cos(angle))
        var (term, sum) = (1.0, 1.0)
        let isOdd = degreesOfFreedom % 2 == 1
        // Powers of the cosine from 2 (from 0 for the first term) up to degreesOfFreedom − 2 or − 3.
        for power in stride(from: isOdd ? 2 : 1, to: degreesOfFreedom - 1, by: 2) {
            term *= cosine * cosine * Double(power) / Double(power + 1)
            sum += term
        }
        let within =
            isOdd
            ? 2 / Double.pi * (angle + (degreesOfFreedom > 1 ? sine * cosine * sum : 0))
            : sine * sum
        return 0.5 + (t < 0 ? -within : within) / 2
    }

    /// The value below which `share` of the distribution lies, 0 to 1 both excluded.
    static func quantile(_ share: Double, degreesOfFreedom: Int) -> Double {
        var (low, high) = (-1.0, 1.0)
        while self.share(below: low, degreesOfFreedom: degreesOfFreedom) > share, low > -1e12 { low *= 2 }
        while self.share(below: high, degreesOfFreedom: degreesOfFreedom) < share, high < 1e12 { high *= 2 }
        for _ in 0..<200 {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { break }
            if self.share(below: middle, degreesOfFreedom: degreesOfFreedom) < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
