import Glibc

/// The automatic threshold where nothing but the batch itself is known.
///
/// Two explanations of the scores compete: all images are of one kind (one normal distribution), or most are of one
/// kind and some of another that scores higher (two). Where two explain the scores clearly better (by the Bayesian
/// information criterion), the threshold lies where an image is as likely to be of the one kind as of the other;
/// else at the median + 3.5 robust standard deviations (1.4826 · MAD), which a clean batch seldom reaches.
public enum BatchThreshold {
    /// The least number of scores for which two distributions are tried.
    static let leastForMixture = 12
    /// By how much the mixture's criterion must be better.
    static let requiredGain = 2.0

    /// The threshold for these scores, one an image.
    public static func threshold(for scores: [Float]) -> Threshold {
        let values = scores.map(Double.init).sorted()
        guard values.count >= 3, let first = values.first, let last = values.last, last > first else {
            return Threshold(
                value: .infinity, rule: .batch,
                explanation: "Nothing is flagged: the batch is too small, or its scores are all equal.")
        }
        if values.count >= leastForMixture, let cut = mixtureCut(values) {
            return Threshold(
                value: Float(cut), rule: .batch,
                explanation: "The scores fall into two groups; images at or above \(text(cut)) belong to the higher one "
                    + "more likely than not. No promise on false alarms: only known good images give one.")
        }
        let median = quantile(values, 0.5)
        let deviation = 1.4826 * quantile(values.map { abs($0 - median) }.sorted(), 0.5)
        let cut = median + 3.5 * max(deviation, 1e-6)
        return Threshold(
            value: Float(cut), rule: .batch,
            explanation: "The scores form one group; images that lie 3.5 robust standard deviations above the median "
                + "(at or above \(text(cut))) are flagged. No promise on false alarms: only known good images give one.")
    }

    /// Where two normal distributions are equally likely, if two explain the sorted scores clearly better than one.
    static func mixtureCut(_ values: [Double]) -> Double? {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        guard variance > 0 else { return nil }
        // A component may not shrink onto a few equal scores.
        let least = variance * 1e-2
        let single = values.reduce(0) { $0 + Normal(mean: mean, variance: variance).logDensity($1) }
        guard let mixture = Mixture.fitted(values, leastVariance: least) else { return nil }
        let gain = (2 * log(count) - 2 * single) - (5 * log(count) - 2 * mixture.logLikelihood(values))
        guard gain > requiredGain, mixture.upperShare <= 0.5 else { return nil }
        return mixture.equalOdds
    }

    static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let index = Int(position)
        let next = min(index + 1, sorted.count - 1)
        return sorted[index] + (sorted[next] - sorted[index]) * (position - Double(index))
    }

    private static func text(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let fraction = "\(thousandths % 1000 + 1000)".dropFirst()
        return "\(thousandths / 1000).\(fraction)"
    }
}

/// A normal distribution.
private struct Normal {
    var mean, variance: Double

    func logDensity(_ x: Double) -> Double {
        -0.5 * (log(2 * .pi * variance) + (x - mean) * (x - mean) / variance)
    }
}

/// Two normal distributions, the lower first.
private struct Mixture {
    var lower, upper: Normal
    /// The share of the upper one, 0 to 1.
    var upperShare: Double

    func logLikelihood(_ values: [Double]) -> Double {
        values.reduce(0) { $0 + logDensity($1) }
    }

    private func logDensity(_ x: Double) -> Double {
        let a = log(1 - upperShare) + lower.logDensity(x)
        let b = log(upperShare) + upper.logDensity(x)
        return max(a, b) + log1p(exp(-abs(a - b)))
    }

    /// The chance that a score belongs to the upper one.
    func upperChance(_ x: Double) -> Double {
        let a = log(1 - upperShare) + lower.logDensity(x)
        let b = log(upperShare) + upper.logDensity(x)
        return 1 / (1 + exp(a - b))
    }

    /// The score between the two means at which both are as likely.
    var equalOdds: Double {
        var (low, high) = (lower.mean, upper.mean)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if upperChance(middle) < 0.5 { low = middle } else { high = middle }
        }
        return high
    }

    /// Fits by expectation and maximisation from a few splits of the sorted scores, and keeps the likeliest.
    static func fitted(_ values: [Double], leastVariance: Double) -> Mixture? {
        var best: (mixture: Mixture, likelihood: Double)?
        for share in [0.1, 0.2, 0.35, 0.5] {
            let cut = min(max(Int((1 - share) * Double(values.count)), 2), values.count - 2)
            var upper = values.indices.map { $0 >= cut ? 1.0 : 0.0 }
            var mixture: Mixture?
            for _ in 0..<200 {
                guard let next = Mixture(values, upperChances: upper, leastVariance: leastVariance) else { break }
                let moved = abs(next.equalOdds - (mixture?.equalOdds ?? .infinity))
                mixture = next
                if moved < 1e-9 { break }
                upper = values.map(next.upperChance)
            }
            guard let mixture, mixture.upper.mean > mixture.lower.mean else { continue }
            let likelihood = mixture.logLikelihood(values)
            if likelihood > best?.likelihood ?? -.infinity { best = (mixture, likelihood) }
        }
        return best?.mixture
    }

    /// The distributions of scores that belong to the upper one with these chances; nil where one of them is empty.
    private init?(_ values: [Double], upperChances: [Double], leastVariance: Double) {
        let count = Double(values.count)
        let weight = upperChances.reduce(0, +)
        guard weight > 1, weight < count - 1 else { return nil }
        func normal(_ weights: [Double]) -> Normal {
            let total = weights.reduce(0, +)
            let mean = zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
            let variance = zip(values, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
            return Normal(mean: mean, variance: max(variance, leastVariance))
        }
        upper = normal(upperChances)
        lower = normal(upperChances.map { 1 - $0 })
        upperShare = weight / count
    }
}
