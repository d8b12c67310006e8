import MuScParallel

/// Local neighbourhood aggregation with multiple degrees (section 3.2 of the paper).
///
/// The patch tokens of one layer are normalised over all channels and positions together, averaged over the
/// r × r neighbourhood of each patch, and brought to unit length, so that MSM's distances are those of directions.
public enum LNAMD {
    /// Added to the variance of the normalisation.
    static let epsilon = 1e-5

    /// Aggregates the tokens of every image at degree `r`.
    ///
    /// - Parameters:
    ///   - tokens: One entry an image: `[grid.count, channels]` row-major, without class token.
    ///   - r: Side of the neighbourhood in patches: odd, at least 1. Outside the grid counts as zero, and the sum is
    ///     always divided by r².
    ///   - threads: The most threads to use.
    public static func aggregate(
        _ tokens: [[Float]], grid: PatchGrid, channels: Int, r: Int, threads: Int
    ) -> UnitTokens {
        precondition(r >= 1 && r % 2 == 1)
        let perImage = grid.count * channels
        let values = [Float](unsafeUninitializedCapacity: tokens.count * perImage) { buffer, count in
            if let base = buffer.baseAddress {
                let target = DisjointRows(base)
                concurrentLoop(tokens.count, threads: threads) { image in
                    tokens[image].withUnsafeBufferPointer { source in
                        guard let source = source.baseAddress else { return }
                        aggregate(
                            source, grid: grid, channels: channels, r: r, into: target.pointer + image * perImage)
                    }
                }
            }
            count = tokens.count * perImage
        }
        return UnitTokens(images: tokens.count, grid: grid, channels: channels, values: values)
    }

    /// One image: normalise, average over the neighbourhood, bring to unit length.
    private static func aggregate(
        _ tokens: UnsafePointer<Float>, grid: PatchGrid, channels: Int, r: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let count = grid.count * channels
        let (mean, scale) = statistics(tokens, count: count)
        let reach = r / 2
        let share = 1 / Float(r * r)
        // Separable: sums along rows first, then along columns.
        var rowSums = [Float](repeating: 0, count: count)
        rowSums.withUnsafeMutableBufferPointer { rowSums in
            guard let rowSums = rowSums.baseAddress else { return }
            for y in 0..<grid.height {
                for x in 0..<grid.width {
                    let target = rowSums + (y * grid.width + x) * channels
                    for near in max(x - reach, 0)...min(x + reach, grid.width - 1) {
                        let source = tokens + (y * grid.width + near) * channels
                        for c in 0..<channels { target[c] += (source[c] - mean) * scale }
                    }
                }
            }
            for y in 0..<grid.height {
                for x in 0..<grid.width {
                    let target = output + (y * grid.width + x) * channels
                    target.initialize(repeating: 0, count: channels)
                    for near in max(y - reach, 0)...min(y + reach, grid.height - 1) {
                        let source = rowSums + (near * grid.width + x) * channels
                        for c in 0..<channels { target[c] += source[c] }
                    }
                    var squares: Float = 0
                    for c in 0..<channels {
                        target[c] *= share
                        squares += target[c] * target[c]
                    }
                    let inverse = 1 / max(squares.squareRoot(), 1e-12)
                    for c in 0..<channels { target[c] *= inverse }
                }
            }
        }
    }

    /// Mean and 1 / √(variance + ε) over all values of an image, summed in double precision.
    private static func statistics(_ values: UnsafePointer<Float>, count: Int) -> (mean: Float, scale: Float) {
        var sum = 0.0
        for index in 0..<count { sum += Double(values[index]) }
        let mean = sum / Double(count)
        var squares = 0.0
        for index in 0..<count {
            let difference = Double(values[index]) - mean
            squares += difference * difference
        }
        return (Float(mean), Float(1 / (squares / Double(count) + epsilon).squareRoot()))
    }
}

/// A buffer whose parts are written by several threads, each index of a loop its own part.
///
/// `@unchecked Sendable` holds as long as the parts do not overlap, which each user states where it computes them.
struct DisjointRows<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>

    init(_ pointer: UnsafeMutablePointer<Element>) {
        self.pointer = pointer
    }
}
