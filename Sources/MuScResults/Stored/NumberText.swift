import Foundation

extension Float {
    /// The number with six significant digits, `%.6g`, with a dot whatever the locale.
    var csvText: String { String(format: "%.6g", locale: nil, Double(self)) }
}

/// A number with a fixed count of decimals and a dot, whatever the locale.
func decimalText(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", locale: nil, value)
}
