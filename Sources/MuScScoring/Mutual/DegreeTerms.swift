import CKernels
import MuScSupport

/// What the products of several degrees need to know of every image, beside its vectors; see `musc_degrees.h`.
final class DegreeTerms: @unchecked Sendable {
    // `@unchecked Sendable` holds because the buffers are written only inside `init`.
    let shape: musc_degrees_shape
    /// Positions of a column image: patches, and the zeros between its rows.
    let positions: Int
    /// For each position, its patch; nil where there is none.
    let patchOfPosition: [Int?]
    /// For each position, 0 where there is a patch and −1000 where there is none.
    let positionOffsets: [Float]
    private let patches: Int
    private let degrees: Int
    /// `[degrees, images, patches]` and `[degrees, images, positions]`.
    private let rowLengths, columnLengths, rowOffsets, columnOffsets: AlignedBuffer<Float>
    /// `[degrees, patches]` and `[degrees, positions]`.
    private let rowCounts, columnCounts: AlignedBuffer<Float>
    private let images: Int

    /// - Parameters:
    ///   - quantised: The vectors as integers, for products in int8; nil for fp32.
    init(_ tokens: StandardisedTokens, degrees: [Int], quantised: QuantisedTokens?, threads: Int) {
        let grid = tokens.grid
        var shape = musc_degrees_shape()
        shape.height = grid.height
        shape.width = grid.width
        shape.depth = quantised.map { $0.width } ?? tokens.channels
        shape.degrees = degrees.count
        withUnsafeMutableBytes(of: &shape.reaches) { bytes in
            for (index, r) in degrees.enumerated() {
                bytes.storeBytes(of: r / 2, toByteOffset: index * MemoryLayout<Int>.stride, as: Int.self)
            }
        }
        let positions = musc_degrees_positions(&shape)
        let stride = grid.width + (degrees.max() ?? 1) / 2
        let patchOfPosition = (0..<positions).map { position -> Int? in
            let (y, x) = (position / stride, position % stride)
            return y < grid.height && x < grid.width ? y * grid.width + x : nil
        }
        self.shape = shape
        self.positions = positions
        self.patchOfPosition = patchOfPosition
        positionOffsets = patchOfPosition.map { $0 == nil ? -1000 : 0 }
        patches = grid.count
        images = tokens.images
        self.degrees = degrees.count
        let (patches, images) = (patches, images)
        let perPatch = degrees.count * patches, perPosition = degrees.count * positions
        rowLengths = AlignedBuffer(count: perPatch * images)
        columnLengths = AlignedBuffer(count: perPosition * images, repeating: 0)
        let hasOffsets = quantised != nil
        rowOffsets = AlignedBuffer(count: hasOffsets ? perPatch * images : 1)
        columnOffsets = AlignedBuffer(count: hasOffsets ? perPosition * images : 1, repeating: 0)
        rowCounts = AlignedBuffer(count: perPatch)
        columnCounts = AlignedBuffer(count: perPosition, repeating: 0)

        let places = patchOfPosition.enumerated().compactMap { position, patch in patch.map { (position, $0) } }
        @Sendable func spread(_ patchValues: UnsafePointer<Float>, _ positionValues: UnsafeMutablePointer<Float>) {
            for (position, patch) in places { positionValues[position] = patchValues[patch] }
        }
        let lengths = (DisjointRows(rowLengths.pointer), DisjointRows(columnLengths.pointer))
        let offsets = (DisjointRows(rowOffsets.pointer), DisjointRows(columnOffsets.pointer))
        concurrentLoop(images, threads: threads) { image in
            let unit = AlignedBuffer<Float>(count: patches * tokens.channels)
            defer { unit.deallocate() }
            for (degree, r) in degrees.enumerated() {
                let row = (degree * images + image) * patches, column = (degree * images + image) * positions
                LNAMD.withSums(of: tokens, image: image, r: r, into: unit.pointer) { inverseLengths in
                    (lengths.0.pointer + row).update(from: inverseLengths, count: patches)
                    spread(inverseLengths, lengths.1.pointer + column)
                }
                quantised?.withTerms(of: image) { terms in
                    let values = (0..<patches).map { terms[$0].offset }
                    let sums = Self.sums(of: values, grid: grid, reach: r / 2)
                    (offsets.0.pointer + row).update(from: sums, count: patches)
                    spread(sums, offsets.1.pointer + column)
                }
            }
        }
        for (degree, r) in degrees.enumerated() {
            let counts = Self.sums(of: [Float](repeating: 1, count: patches), grid: grid, reach: r / 2)
            (rowCounts.pointer + degree * patches).update(from: counts, count: patches)
            spread(counts, columnCounts.pointer + degree * positions)
        }
    }

    deinit {
        for buffer in [rowLengths, columnLengths, rowOffsets, columnOffsets, rowCounts, columnCounts] {
            buffer.deallocate()
        }
    }

    /// Whether an image comes before another by the lengths of its vectors, and where these are equal by its index.
    func precedes(_ a: Int, _ b: Int) -> Bool {
        func lengths(_ image: Int) -> UnsafeBufferPointer<Float> {
            UnsafeBufferPointer(start: rowLengths.pointer + image * patches, count: patches)
        }
        if lengths(a).lexicographicallyPrecedes(lengths(b)) { return true }
        return a < b && !lengths(b).lexicographicallyPrecedes(lengths(a))
    }

    func row(_ degree: Int, image: Int) -> musc_degree_terms {
        let place = (degree * images + image) * patches
        return musc_degree_terms(
            inverse_lengths: rowLengths.pointer + place, offsets: rowOffsets.pointer + place,
            counts: rowCounts.pointer + degree * patches)
    }

    func column(_ degree: Int, image: Int) -> musc_degree_terms {
        let place = (degree * images + image) * positions
        return musc_degree_terms(
            inverse_lengths: columnLengths.pointer + place, offsets: columnOffsets.pointer + place,
            counts: columnCounts.pointer + degree * positions)
    }

    /// Sums over the neighbourhood of each patch.
    private static func sums(of values: [Float], grid: PatchGrid, reach: Int) -> [Float] {
        (0..<grid.count).map { patch in
            let (y, x) = (patch / grid.width, patch % grid.width)
            var sum: Float = 0
            for nearY in max(y - reach, 0)...min(y + reach, grid.height - 1) {
                for nearX in max(x - reach, 0)...min(x + reach, grid.width - 1) {
                    sum += values[nearY * grid.width + nearX]
                }
            }
            return sum
        }
    }
}
