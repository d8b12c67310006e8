import FoundationEssentials
import Glibc

/// The chance that a defective image scores higher than a good one; ties count half.
func imageAUROC(good: [Float], defective: [Float]) -> Double {
    guard !good.isEmpty, !defective.isEmpty else { return .nan }
    var wins = 0.0
    for high in defective { for low in good { wins += high > low ? 1 : high == low ? 0.5 : 0 } }
    return wins / Double(good.count * defective.count)
}

func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}

/// The standard error of the mean of independent values.
func standardError(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let center = mean(values)
    let variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(values.count - 1)
    return (variance / Double(values.count)).squareRoot()
}

func text(_ value: Double, _ decimals: Int = 3) -> String {
    guard value.isFinite else { return "–" }
    let factor = pow(10, Double(decimals))
    let scaled = Int((abs(value) * factor).rounded())
    guard decimals > 0 else { return "\(value < 0 ? "−" : "")\(scaled)" }
    let fraction = String(scaled % Int(factor))
    let padded = String(repeating: "0", count: decimals - fraction.count) + fraction
    return "\(value < 0 ? "−" : "")\(scaled / Int(factor)).\(padded)"
}

func percent(_ share: Double) -> String { text(share * 100, 1) + " %" }

/// Writes a line of a table to stdout, at once.
func row(_ text: String) {
    _ = (text + "\n").withCString { Glibc.write(1, $0, strlen($0)) }
}

/// Writes to stderr, so that stdout carries tables alone.
func note(_ text: String) {
    _ = (text + "\n").withCString { Glibc.write(2, $0, strlen($0)) }
}
