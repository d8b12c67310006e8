import CKernels
import MuScSupport

/// Patch vectors as 8-bit integers around the common mean of some images'.
///
/// The mean is that of the judges: an image's integers, and so its scores, then depend on it and on the judges alone, not
/// on what else is scored at the same time.
final class QuantisedTokens: Sendable {
    private let patches: Int
    /// Channels, filled up with zeros to a multiple of four.
    let width: Int
    private let integers: [Int8]
    private let terms: [musc_msm_int8_terms]

    convenience init(_ tokens: UnitTokens, judges: [Int], threads: Int) {
        self.init(
            tokens.values, images: tokens.images, judges: judges, grid: tokens.grid, channels: tokens.channels,
            threads: threads)
    }

    convenience init(_ tokens: StandardisedTokens, judges: [Int], threads: Int) {
        self.init(
            tokens.values, images: tokens.images, judges: judges, grid: tokens.grid, channels: tokens.channels,
            threads: threads)
    }

    /// - Parameter values: `[images, grid.count, channels]` row-major.
    private init(
        _ values: [Float], images: Int, judges: [Int], grid: PatchGrid, channels: Int, threads: Int
    ) {
        patches = grid.count
        let quad = Int(MUSC_MSM_QUAD)
        width = (channels + quad - 1) / quad * quad
        let (patches, width) = (patches, width)
        let mean = Self.mean(of: values, images: judges, patches: patches, channels: channels, threads: threads)
        let count = images * patches
        var terms: [musc_msm_int8_terms] = []
        integers = [Int8](unsafeUninitializedCapacity: count * width) { integers, written in
            terms = [musc_msm_int8_terms](unsafeUninitializedCapacity: count) { terms, termsWritten in
                if let integers = integers.baseAddress, let terms = terms.baseAddress {
                    let (integerRows, termRows) = (DisjointRows(integers), DisjointRows(terms))
                    concurrentLoop(images, threads: threads) { image in
                        values.withUnsafeBufferPointer { values in
                            guard let vectors = values.baseAddress else { return }
                            musc_msm_quantise(
                                vectors + image * patches * channels, patches, channels, mean,
                                integerRows.pointer + image * patches * width, termRows.pointer + image * patches)
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

    /// The mean of these images' vectors. Summed image by image, so that it does not depend on the threads.
    private static func mean(
        of values: [Float], images: [Int], patches: Int, channels: Int, threads: Int
    ) -> [Float] {
        var sums = [Float](repeating: 0, count: images.count * channels)
        sums.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let rows = DisjointRows(base)
            concurrentLoop(images.count, threads: threads) { row in
                let image = images[row]
                let sum = rows.pointer + row * channels
                values.withUnsafeBufferPointer { values in
                    guard let vectors = values.baseAddress else { return }
                    for patch in image * patches..<(image + 1) * patches {
                        let vector = vectors + patch * channels
                        for channel in 0..<channels { sum[channel] += vector[channel] }
                    }
                }
            }
        }
        let share = 1 / Double(max(images.count * patches, 1))
        return (0..<channels).map { channel in
            var total = 0.0
            for row in images.indices { total += Double(sums[row * channels + channel]) }
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
