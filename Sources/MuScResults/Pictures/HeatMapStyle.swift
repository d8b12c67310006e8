/// How patch scores become colours over a photograph.
package struct HeatMapStyle: Sendable {
    /// The scores that the colour map's ends stand for.
    package var low: Float
    package var high: Float
    package var colormap: Colormap
    /// The score along which a contour is drawn; nil for none.
    package var contour: Float?

    package init(low: Float, high: Float, colormap: Colormap, contour: Float? = nil) {
        self.low = low
        self.high = high
        self.colormap = colormap
        self.contour = contour
    }

    /// The heat map's share of a pixel at a value from 0 to 1: what is normal stays visible, what is not glows.
    package static func opacity(_ value: Double) -> Double { 0.06 + 0.59 * value * value }

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
