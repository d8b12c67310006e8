import CKernels
import MuScParallel

/// The vectors of ``UnitTokens`` as 8-bit integers around their common mean.
final class QuantisedTokens: Sendable {
    private let patches, width: Int
    private let integers: [Int8]
    private let terms: [musc_msm_int8_terms]

    init(_ tokens: UnitTokens, threads: Int) {
        patches = tokens.grid.count
        let quad = Int(MUSC_MSM_QUAD)
        width = (tokens.channels + quad - 1) / quad * quad
        let (patches, width) = (patches, width)
        let mean = Self.mean(of: tokens, threads: threads)
        let count = tokens.images * patches
        var terms: [musc_msm_int8_terms] = []
        integers = [Int8](unsafeUninitializedCapacity: count * width) { integers, written in
            terms = [musc_msm_int8_terms](unsafeUninitializedCapacity: count) { terms, termsWritten in
                if let integers = integers.baseAddress, let terms = terms.baseAddress {
                    let (integerRows, termRows) = (DisjointRows(integers), DisjointRows(terms))
                    concurrentLoop(tokens.images, threads: threads) { image in
                        tokens.withVectors(of: image) { vectors in
                            musc_msm_quantise(
                                vectors, patches, tokens.channels, mean, integerRows.pointer + image * patches * width,
                                termRows.pointer + image * patches)
                        }
                    }
                }
                termsWritten = count
            }
            written = count * width
        }
        self.terms = terms
    }

    func withIntegers(of image: Int, _ body: (UnsafePointer<Int8>) -> Void) {
        integers.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base + image * patches * width) }
        }
    }

    func withTerms(of image: Int, _ body: (UnsafePointer<musc_msm_int8_terms>) -> Void) {
        terms.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base + image * patches) }
        }
    }

    /// The mean of all vectors. Summed image by image, so that it does not depend on the threads.
    private static func mean(of tokens: UnitTokens, threads: Int) -> [Float] {
        let channels = tokens.channels
        var sums = [Float](repeating: 0, count: tokens.images * channels)
        sums.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let rows = DisjointRows(base)
            concurrentLoop(tokens.images, threads: threads) { image in
                let sum = rows.pointer + image * channels
                tokens.withVectors(of: image) { vectors in
                    for patch in 0..<tokens.grid.count {
                        let vector = vectors + patch * channels
                        for channel in 0..<channels { sum[channel] += vector[channel] }
                    }
                }
            }
        }
        let share = 1 / Double(max(tokens.images * tokens.grid.count, 1))
        return (0..<channels).map { channel in
            var total = 0.0
            for image in 0..<tokens.images { total += Double(sums[image * channels + channel]) }
            return Float(total * share)
        }
    }
}

extension UnitTokens {
    /// Calls `body` with the vectors of one image, `[grid.count, channels]`.
    func withVectors(of image: Int, _ body: (UnsafePointer<Float>) -> Void) {
        values.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base + image * grid.count * channels) }
        }
    }
}
