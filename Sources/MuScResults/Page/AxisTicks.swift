import Foundation

/// Round numbers along an axis.
package struct AxisTicks: Sendable, Hashable {
    /// The ticks, ascending, all within the axis.
    package let values: [Double]
    /// Digits after the dot that tell neighbours apart.
    package let decimals: Int

    /// About `count` ticks, at multiples of 1, 2 or 5 times a power of ten.
    package init(from low: Double, to high: Double, count: Int) {
        guard high > low, low.isFinite, high.isFinite, count > 0 else {
            values = [low].filter(\.isFinite)
            decimals = 3
            return
        }
        let rough = (high - low) / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
        let first = Int((low / step - 1e-9).rounded(.up))
        let last = Int((high / step + 1e-9).rounded(.down))
        values = first <= last ? (first...last).map { Double($0) * step } : []
        decimals = max(0, Int(-floor(log10(step) + 1e-9)))
    }

    package func label(_ value: Double) -> String { decimalText(value, decimals) }
}
