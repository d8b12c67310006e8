import Glibc

/// Between which shares the truth lies where so many of a number of parts drawn at random have something: the interval of
/// Clopper and Pearson, which is exact ("The use of confidence or fiducial limits illustrated in the case of the
/// binomial", Biometrika 26, 1934).
///
/// With X binomial of `count` draws, the limits are those shares p at which P(X ≥ found | p) and P(X ≤ found | p) come to
/// half of what the confidence leaves. It covers the truth at least as often as the confidence says, mostly oftener.
public struct ShareInterval: Sendable, Hashable, Codable {
    /// How many have it.
    public var found: Int
    /// Out of how many.
    public var count: Int
    /// The limits, 0 to 1.
    public var low, high: Double

    /// - Parameters:
    ///   - found: 0 to `count`.
    ///   - count: With none the interval is from 0 to 1.
    ///   - confidence: How often the interval is to cover the truth at least, above 0 and below 1.
    public init(_ found: Int, of count: Int, confidence: Double = 0.95) {
        self.found = found
        self.count = count
        let rest = (1 - confidence) / 2
        // The chance of so many or more grows with the share, that of so many or fewer falls.
        low = found <= 0 ? 0 : Self.share { 1 - Self.chance(atMost: found - 1, of: count, share: $0) < rest }
        high = found >= count ? 1 : Self.share { Self.chance(atMost: found, of: count, share: $0) > rest }
    }

    /// The share up to which something holds, by halving.
    private static func share(where holds: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if holds(middle) { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// P(X ≤ most) of a binomial distribution.
    static func chance(atMost most: Int, of count: Int, share: Double) -> Double {
        guard share > 0 else { return 1 }
        guard share < 1 else { return most >= count ? 1 : 0 }
        var sum = 0.0
        for found in 0...max(most, 0) where found <= count {
            let ways = lgamma(Double(count + 1)) - lgamma(Double(found + 1)) - lgamma(Double(count - found + 1))
            sum += exp(ways + Double(found) * log(share) + Double(count - found) * log1p(-share))
        }
        return min(sum, 1)
    }
}
