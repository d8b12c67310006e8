/// Resampling of a learned position embedding to another grid of patches.
///
/// Bicubic with a = −0.75, half-pixel centres, no anti-aliasing, edges repeated, as PyTorch's `interpolate` does
/// ("How a batch is scored", Backbones). CLIP samples at `(x + ½) · trained / grid − ½`; DINO and DINOv2 at
/// `(x + ½) · trained / (grid + 0.1) − ½`, because their code hands PyTorch a scale factor with 0.1 added.
enum PositionEmbedding {
    /// The embedding of a `width × height` grid.
    ///
    /// - Parameters:
    ///   - trained: `[trainedGrid², channels]` row-major, without the class token's.
    ///   - scaleOffset: Added to each side of the grid when the sampling scale is taken.
    /// - Returns: `[height · width, channels]` row-major.
    static func resampled(
        _ trained: [Float], trainedGrid: Int, channels: Int, width: Int, height: Int, scaleOffset: Double
    ) -> [Float] {
        if width == trainedGrid && height == trainedGrid { return trained }
        let columns = taps(count: width, from: trainedGrid, scaleOffset: scaleOffset)
        let rows = taps(count: height, from: trainedGrid, scaleOffset: scaleOffset)
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

    /// The four source positions and weights of each target position along one side.
    private static func taps(count: Int, from size: Int, scaleOffset: Double) -> [[(Int, Float)]] {
        let step = Double(size) / (Double(count) + scaleOffset)
        return (0..<count).map { index in
            let position = (Double(index) + 0.5) * step - 0.5
            let base = position.rounded(.down)
            let fraction = position - base
            return (-1...2).map { offset in
                (min(max(Int(base) + offset, 0), size - 1), Float(cubic(fraction - Double(offset))))
            }
        }
    }

    /// The cubic convolution kernel with a = −0.75.
    private static func cubic(_ distance: Double) -> Double {
        let a = -0.75
        let x = abs(distance)
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return ((x - 5) * x + 8) * x * a - 4 * a }
        return 0
    }
}
