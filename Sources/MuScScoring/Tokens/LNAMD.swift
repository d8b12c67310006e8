import CKernels
import MuScSupport

/// Local neighbourhood aggregation with multiple degrees (section 3.2 of the paper).
///
/// The patch tokens of one layer are normalised over all channels and positions together, averaged over the
/// r × r neighbourhood of each patch, and brought to unit length, so that MSM's distances are those of directions.
package enum LNAMD {
    /// Added to the variance of the normalisation.
    static let epsilon = 1e-5

    /// Normalises the tokens of every image, once for all degrees.
    ///
    /// - Parameters:
    ///   - tokens: One entry an image: `[grid.count, channels]` row-major, without class token.
    ///   - threads: The most threads to use.
    package static func standardise(
        _ tokens: [[Float]], grid: PatchGrid, channels: Int, threads: Int
    ) -> StandardisedTokens {
        standardise(images: tokens.count, grid: grid, channels: channels, threads: threads) { image, body in
            tokens[image].withUnsafeBufferPointer(body)
        }
    }

    /// Normalises the tokens of every image, once for all degrees, from where they lie.
    ///
    /// - Parameters:
    ///   - threads: The most threads to use.
    ///   - tokens: Calls its argument once with the tokens of an image, `[grid.count, channels]` row-major without class
    ///     token; called from several threads at once. Where it does not, the image's are zeros.
    package static func standardise(
        images: Int, grid: PatchGrid, channels: Int, threads: Int,
        _ tokens: @Sendable (_ image: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) -> Void
    ) -> StandardisedTokens {
        let perImage = grid.count * channels
        let isa = musc_isa_best()
        let values = filled(images * perImage) { target in
            concurrentLoop(images, threads: threads) { image in
                let own = target.pointer + image * perImage
                var isFilled = false
                tokens(image) { source in
                    guard let source = source.baseAddress else { return }
                    let (mean, scale) = statistics(source, count: perImage, isa)
                    musc_standardise(isa, source, perImage, mean, scale, own)
                    isFilled = true
                }
                if !isFilled { own.initialize(repeating: 0, count: perImage) }
            }
        }
        return StandardisedTokens(images: images, grid: grid, channels: channels, values: values)
    }

    /// Aggregates the tokens of every image at degree `r`.
    ///
    /// - Parameters:
    ///   - r: Side of the neighbourhood in patches: odd, at least 1. Outside the grid counts as zero, and the mean is
    ///     always over r² patches; as the vectors end at unit length, that is the direction of the sum.
    ///   - threads: The most threads to use.
    package static func aggregate(_ tokens: StandardisedTokens, r: Int, threads: Int) -> UnitTokens {
        precondition(r >= 1 && r % 2 == 1)
        let (grid, channels) = (tokens.grid, tokens.channels)
        let perImage = grid.count * channels
        let values = filled(tokens.images * perImage) { target in
            concurrentLoop(tokens.images, threads: threads) { image in
                let unit = target.pointer + image * perImage
                withSums(of: tokens, image: image, r: r, into: unit) { _ in }
            }
        }
        return UnitTokens(images: tokens.images, grid: grid, channels: channels, values: values)
    }

    /// Normalises and aggregates the tokens of every image at degree `r`.
    package static func aggregate(
        _ tokens: [[Float]], grid: PatchGrid, channels: Int, r: Int, threads: Int
    ) -> UnitTokens {
        aggregate(standardise(tokens, grid: grid, channels: channels, threads: threads), r: r, threads: threads)
    }

    /// Writes the unit vectors of an image at degree `r`, and hands out one over the length of each before.
    static func withSums(
        of tokens: StandardisedTokens, image: Int, r: Int, into unit: UnsafeMutablePointer<Float>,
        _ body: (UnsafePointer<Float>) -> Void
    ) {
        let (grid, channels) = (tokens.grid, tokens.channels)
        let isa = musc_isa_best()
        let inverseLengths = AlignedBuffer<Float>(count: grid.count)
        defer { inverseLengths.deallocate() }
        tokens.withVectors(of: image) { vectors in
            guard r > 1 else {
                musc_normalise(isa, vectors, grid.count, channels, unit, inverseLengths.pointer)
                return
            }
            let scratch = AlignedBuffer<Float>(count: grid.count * channels)
            defer { scratch.deallocate() }
            musc_neighbourhood_sums(
                isa, vectors, grid.height, grid.width, channels, r / 2, scratch.pointer, unit)
            musc_normalise(isa, unit, grid.count, channels, unit, inverseLengths.pointer)
        }
        body(inverseLengths.pointer)
    }

    /// Calls `body` with the unit vectors of an image at degree `r`, `[grid.count, channels]`.
    static func withUnitVectors<Result>(
        of tokens: StandardisedTokens, image: Int, r: Int, _ body: (UnsafePointer<Float>) -> Result
    ) -> Result {
        let unit = AlignedBuffer<Float>(count: tokens.grid.count * tokens.channels)
        defer { unit.deallocate() }
        withSums(of: tokens, image: image, r: r, into: unit.pointer) { _ in }
        return body(unit.pointer)
    }

    /// Mean and 1 / √(variance + ε) over all values of an image, summed in double precision.
    private static func statistics(
        _ values: UnsafePointer<Float>, count: Int, _ isa: musc_isa
    ) -> (mean: Float, scale: Float) {
        var (sum, squares) = (0.0, 0.0)
        musc_moments(isa, values, count, 0, &sum, &squares)
        let mean = Float(sum / Double(count))
        musc_moments(isa, values, count, mean, &sum, &squares)
        return (mean, Float(1 / (squares / Double(count) + epsilon).squareRoot()))
    }

    private static func filled(_ count: Int, _ fill: (DisjointRows<Float>) -> Void) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, written in
            if let base = buffer.baseAddress { fill(DisjointRows(base)) }
            written = count
        }
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
