/// Resampling of a learned position embedding to another grid of patches, as PyTorch's `interpolate` does it.
package enum PositionEmbedding {
    /// How the publishers' code asks for it; bicubic with half-pixel centres.
    package enum Resampling: Sendable, Hashable {
        /// a = −0.75, edges repeated, at `(x + ½) · trained / (grid + scaleOffset) − ½`.
        ///
        /// CLIP has no offset. DINO's and DINOv2's code hands PyTorch a scale factor with 0.1 added.
        case bicubic(scaleOffset: Double)
        /// a = −0.5 and, where the grid is smaller than the trained one, a kernel as much wider: DINOv2 with registers.
        case antialiased
    }

    /// The embedding of a `width × height` grid.
    ///
    /// - Parameters:
    ///   - trained: `[trainedGrid², channels]` row-major, without the class token's.
    /// - Returns: `[height · width, channels]` row-major.
    static func resampled(
        _ trained: [Float], trainedGrid: Int, channels: Int, width: Int, height: Int, _ resampling: Resampling
    ) -> [Float] {
        if width == trainedGrid && height == trainedGrid { return trained }
        let columns = taps(count: width, from: trainedGrid, resampling)
        let rows = taps(count: height, from: trainedGrid, resampling)
        var result = [Float](repeating: 0, count: width * height * channels)
        for (y, row) in rows.enumerated() {
            for (x, column) in columns.enumerated() {
                let target = (y * width + x) * channels
                for (sourceY, weightY) in row {
                    for (sourceX, weightX) in column {
                        let weight = weightY * weightX
                        let source = (sourceY * trainedGrid + sourceX) * channels
                        for c in 0..<channels { result[target + c] += weight * trained[source + c] }
                    }
                }
            }
        }
        return result
    }

    /// The source positions and weights of each target position along one side.
    private static func taps(count: Int, from size: Int, _ resampling: Resampling) -> [[(Int, Float)]] {
        switch resampling {
        case .bicubic(let scaleOffset):
            let step = Double(size) / (Double(count) + scaleOffset)
            return (0..<count).map { index in
                let position = (Double(index) + 0.5) * step - 0.5
                let base = position.rounded(.down)
                return (-1...2).map { offset in
                    (
                        min(max(Int(base) + offset, 0), size - 1),
                        Float(cubic(position - base - Double(offset), a: -0.75))
                    )
                }
            }
        case .antialiased:
            let step = Double(size) / Double(count)
            let stretch = max(step, 1)
            return (0..<count).map { index in
                let centre = (Double(index) + 0.5) * step
                let first = max(Int(centre - 2 * stretch + 0.5), 0)
                let end = min(Int(centre + 2 * stretch + 0.5), size)
                let weights = (first..<end).map { cubic((Double($0) - centre + 0.5) / stretch, a: -0.5) }
                let sum = weights.reduce(0, +)
                return zip(first..<end, weights).map { ($0, Float($1 / sum)) }
            }
        }
    }

    /// The cubic convolution kernel.
    private static func cubic(_ distance: Double, a: Double) -> Double {
        let x = abs(distance)
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return ((x - 5) * x + 8) * x * a - 4 * a }
        return 0
    }
}
