import CKernels
import MuScSupport

/// The aggregated patch vectors of a set of images for one layer and one degree r, in bfloat16.
///
/// What is rounded is what lies between a unit vector and the mean of the first image's; see `musc_msm_round_bf16`.
struct HalfTokens: Sendable {
    let images: Int
    let grid: PatchGrid
    /// Numbers of a vector: its channels and `MUSC_MSM_BF16_EXTRA` more.
    let depth: Int
    /// Of all degrees, `[degrees, images, grid.count, depth]` row-major.
    private let values: [UInt16]
    /// Where this degree begins.
    private let start: Int

    /// Aggregates and rounds the tokens of every image at several degrees.
    ///
    /// An image passes through all steps before the next one, so that what lies between them stays in the cache.
    ///
    /// - Parameters:
    ///   - images: At least one.
    ///   - threads: The most threads to use.
    ///   - tokens: Gives tokens of an even number of channels and the image's place in them; called from several threads
    ///     at once.
    /// - Returns: One entry a degree.
    static func aggregated(
        images: Int, degrees: [Int], isa: musc_isa, threads: Int,
        _ tokens: @Sendable (_ image: Int) -> (tokens: StandardisedTokens, place: Int)
    ) -> [HalfTokens] {
        let first = tokens(0)
        let (grid, channels) = (first.tokens.grid, first.tokens.channels)
        precondition(channels % 2 == 0)
        let depth = channels + Int(MUSC_MSM_BF16_EXTRA)
        let perImage = grid.count * depth, perDegree = images * perImage
        let means = degrees.map { r in
            LNAMD.withUnitVectors(of: first.tokens, image: first.place, r: r) { mean(of: $0, count: grid.count, channels: channels) }
        }
        let values = [UInt16](unsafeUninitializedCapacity: degrees.count * perDegree) { buffer, written in
            written = degrees.count * perDegree
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            concurrentLoop(images, threads: threads) { image in
                let own = image == 0 ? first : tokens(image)
                for (degree, r) in degrees.enumerated() {
                    LNAMD.withUnitVectors(of: own.tokens, image: own.place, r: r) { unit in
                        musc_msm_round_bf16(
                            isa, unit, grid.count, channels, means[degree],
                            target.pointer + degree * perDegree + image * perImage)
                    }
                }
            }
        }
        return degrees.indices.map {
            HalfTokens(images: images, grid: grid, depth: depth, values: values, start: $0 * perDegree)
        }
    }

    private static func mean(of vectors: UnsafePointer<Float>, count: Int, channels: Int) -> [Float] {
        var mean = [Float](repeating: 0, count: channels)
        for patch in 0..<count {
            let vector = vectors + patch * channels
            for channel in mean.indices { mean[channel] += vector[channel] }
        }
        return mean.map { $0 / Float(count) }
    }

    /// Calls `body` with the vectors of one image, `[grid.count, depth]`.
    func withVectors(of image: Int, _ body: (UnsafePointer<UInt16>) -> Void) {
        values.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base + start + image * grid.count * depth) }
        }
    }
}
