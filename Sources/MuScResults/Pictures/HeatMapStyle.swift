/// How patch scores become colours over a photograph.
package struct HeatMapStyle: Sendable {
    /// Where scores lie on the colour map.
    package var scale: ColourScale
    package var colormap: Colormap
    /// The score along which a contour is drawn; nil for none.
    package var contour: Float?

    package init(scale: ColourScale, colormap: Colormap, contour: Float? = nil) {
        self.scale = scale
        self.colormap = colormap
        self.contour = contour
    }

    /// An even scale.
    package init(low: Float, high: Float, colormap: Colormap, contour: Float? = nil) {
        self.init(scale: ColourScale(low: low, high: high), colormap: colormap, contour: contour)
    }

    /// The heat map's share of a pixel at a value from 0 to 1: what is normal stays visible, what is flagged glows.
    package static func opacity(_ value: Double) -> Double {
        let (below, above) = (Double(ColourScale.below), Double(ColourScale.above))
        func between(_ from: Double, _ to: Double, _ share: Double) -> Double { from + (to - from) * share }
        if value <= below {
            let share = max(value, 0) / below
            return 0.45 * share * share * share.squareRoot()
        }
        return value < above
            ? between(0.45, 0.62, (value - below) / (above - below)) : between(0.62, 0.75, (value - above) / (1 - above))
    }

    /// For each of 256 values the colour times its opacity, and what is left for the photograph, in 1/256.
    struct Blend {
        /// Red, green and blue in turn, 0 to 255 · 256.
        var colour: [UInt32]
        /// 0 to 256.
        var rest: [UInt32]

        init(_ colormap: Colormap) {
            let table = colormap.table
            colour = []
            rest = []
            for index in 0..<256 {
                let share = UInt32((256 * HeatMapStyle.opacity(Double(index) / 255)).rounded())
                rest.append(256 - share)
                for channel in 0..<3 { colour.append(UInt32(table[3 * index + channel]) * share) }
            }
        }
    }
}

/// Where patch scores lie on a colour map, from 0 to 1.
///
/// Anchored at a threshold, the colours say whether a patch reaches it: up to the threshold scores take the lower part
/// of the colour map, up to ``below``, and from it on the end, from ``above``. What lies between is left out, so that
/// with `jet` nothing is red, and with `viridis` nothing yellow, that would not be flagged.
package struct ColourScale: Sendable, Hashable {
    /// Where the colours of what is not flagged end.
    package static let below: Float = 0.62
    /// Where the colours of what is flagged begin.
    package static let above: Float = 0.86

    /// The score at the lower end.
    package let low: Float
    /// The score at the upper end; of an anchored scale well above the threshold, so that hardly flagged is not glaring.
    package let high: Float
    /// The score at which the scale is anchored, infinite where nothing can be flagged; nil for an even scale.
    package let threshold: Float?
    private let lowerSlope: Float
    private let upperSlope: Float

    /// An even scale from a lowest to a highest score.
    package init(low: Float, high: Float) {
        (self.low, self.high, threshold) = (low, high, nil)
        lowerSlope = high > low ? 1 / (high - low) : 0
        upperSlope = 0
    }

    /// A scale anchored at a threshold.
    package init(low: Float, high: Float, threshold: Float) {
        let isFinite = threshold.isFinite
        self.low = isFinite ? min(low, threshold) : low
        self.high = isFinite ? max(high, threshold + 0.25 * max(threshold - low, 0)) : high
        self.threshold = threshold
        let lower = min(threshold, self.high) - self.low
        lowerSlope = lower > 0 ? Self.below / lower : 0
        upperSlope = isFinite && self.high > threshold ? (1 - Self.above) / (self.high - threshold) : 0
    }

    /// 0 for the lower end, 1 for the upper; beyond them where the score is.
    package func position(_ score: Float) -> Float {
        if let threshold, score >= threshold { return Self.above + (score - threshold) * upperSlope }
        return (score - low) * lowerSlope
    }
}
