/// Shares as percentages for people.
package enum PercentText {
    /// `5 %`, `0.5 %`, `12.25 %`: with as many decimals as it needs, at most two.
    ///
    /// - Parameter share: 0 to 1.
    package static func text(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let fraction = hundredths % 100
        let decimals = fraction == 0 ? "" : fraction % 10 == 0 ? ".\(fraction / 10)" : fraction < 10 ? ".0\(fraction)" : ".\(fraction)"
        return "\(hundredths / 100)\(decimals) %"
    }
}
