import CKernels
import MuScScoring
import MuScSupport
import Testing

/// The instruction sets that this machine has.
let availableSets: [musc_isa] = (0...5).map { musc_isa(rawValue: $0) }.filter { musc_isa_available($0) }

extension musc_isa: @retroactive CustomTestStringConvertible {
    public var testDescription: String { String(cString: musc_isa_name(self)) }
}

@Suite("Fused product and maximum")
struct MaximaKernelTests {
    @Test("Every instruction set finds the maxima of plain loops", arguments: availableSets)
    func maxima(isa: musc_isa) {
        for depth in [1, 3, 64, 384] { check(isa: isa, depth: depth, groups: 3, masked: false) }
    }

    @Test("Masked partners count in neither direction", arguments: availableSets)
    func maskedMaxima(isa: musc_isa) {
        for depth in [5, 64] { check(isa: isa, depth: depth, groups: 2, masked: true) }
    }

    @Test("In bfloat16 the maxima are near those of the vectors, the nearer the nearer these are to their mean", arguments: availableSets)
    func halfMaxima(isa: musc_isa) {
        let (lanes, rows, depth) = (Int(MUSC_MSM_PANEL), Int(MUSC_MSM_GROUP), 64)
        let whole = depth + Int(MUSC_MSM_BF16_EXTRA)
        var generator = SeededGenerator(seed: 64)
        let mean = (0..<depth).map { _ in generator.normal() }
        for scatter in [Float(1), 0.01] {
            func vectors(_ count: Int) -> [Float] {
                (0..<count * depth).map { mean[$0 % depth] + scatter * generator.normal() }
            }
            let (a, b) = (vectors(rows), vectors(lanes))
            func packed(_ vectors: [Float], _ count: Int) -> [UInt16] {
                var rounded = [UInt16](repeating: 0, count: count * whole)
                musc_msm_round_bf16(isa, vectors, count, depth, mean, &rounded)
                var packed = rounded
                musc_msm_pack_bf16(isa, rounded, whole, (0..<UInt32(count)).map { $0 }, count, count, &packed)
                return packed
            }
            let packedA = packed(a, rows)
            var packedB = packed(b, lanes)
            musc_msm_turn_panel_bf16(&packedB, whole)
            let partners = (0..<rows).map { _ in UInt16.random(in: 1...UInt16.max, using: &generator) }
            var columns = [Float](repeating: -1000, count: lanes)
            var rowLanes = [Float](repeating: -1000, count: rows * lanes)
            var found = [Float](repeating: 0, count: rows)
            let lines = (0..<UInt32(rows)).map { $0 }
            packedA.withUnsafeBufferPointer { packedA in
                packedB.withUnsafeBufferPointer { packedB in
                    columns.withUnsafeMutableBufferPointer { columns in
                        rowLanes.withUnsafeMutableBufferPointer { rowLanes in
                            lines.withUnsafeBufferPointer { lines in
                                partners.withUnsafeBufferPointer { partners in
                                    var strip = musc_msm_strip_bf16(
                                        rows: packedA.baseAddress, groups: 1, depth: whole,
                                        panels: (packedB.baseAddress, packedB.baseAddress), lines: lines.baseAddress,
                                        partners: partners.baseAddress,
                                        column_max: (columns.baseAddress, columns.baseAddress),
                                        row_max: (rowLanes.baseAddress, rowLanes.baseAddress))
                                    musc_msm_fold_bf16(isa, &strip)
                                }
                            }
                        }
                    }
                }
            }
            musc_msm_reduce_f32(isa, rowLanes, rows, &found)
            var expectedRows = [Float](repeating: -1000, count: rows)
            var expectedColumns = [Float](repeating: -1000, count: lanes)
            for row in 0..<rows {
                for lane in 0..<lanes where partners[row] >> UInt16(lane) & 1 == 1 {
                    let sum = (0..<depth).reduce(Float(0)) { $0 + a[row * depth + $1] * b[lane * depth + $1] }
                    expectedRows[row] = max(expectedRows[row], sum)
                    expectedColumns[lane] = max(expectedColumns[lane], sum)
                }
            }
            for (found, expected) in zip(found + columns, expectedRows + expectedColumns) {
                #expect(abs(found - expected) <= (scatter == 1 ? 0.2 : 1e-4))
            }
        }
    }

    private func check(isa: musc_isa, depth: Int, groups: Int, masked: Bool) {
        let (lanes, rows) = (Int(MUSC_MSM_PANEL), groups * Int(MUSC_MSM_GROUP))
        var generator = SeededGenerator(seed: UInt64(depth))
        let a = (0..<rows * depth).map { _ in generator.normal() }
        let b = (0..<2 * lanes * depth).map { _ in generator.normal() }
        var packedA = a
        var packedB = b
        musc_msm_pack_f32(isa, a, depth, (0..<UInt32(rows)).map { $0 }, rows, Int(MUSC_MSM_GROUP), &packedA)
        musc_msm_pack_f32(isa, b, depth, (0..<UInt32(2 * lanes)).map { $0 }, 2 * lanes, lanes, &packedB)
        let partners = (0..<rows).map { _ in masked ? UInt16.random(in: 0...UInt16.max, using: &generator) : .max }
        let lines = (0..<UInt32(rows)).map { $0 }

        let lowest: Float = -1000
        var expectedRows = [Float](repeating: lowest, count: 2 * rows)
        var expectedColumns = [Float](repeating: lowest, count: 2 * lanes)
        for row in 0..<rows {
            for column in 0..<2 * lanes where partners[row] >> UInt16(column % lanes) & 1 == 1 {
                var sum = 0.0
                for k in 0..<depth { sum += Double(a[row * depth + k]) * Double(b[column * depth + k]) }
                let side = column / lanes
                expectedRows[side * rows + row] = max(expectedRows[side * rows + row], Float(sum))
                expectedColumns[column] = max(expectedColumns[column], Float(sum))
            }
        }

        var columnMaxima = [Float](repeating: lowest, count: 2 * lanes)
        var rowLanes = [Float](repeating: lowest, count: 2 * rows * lanes)
        var rowMaxima = [Float](repeating: 0, count: 2 * rows)
        packedA.withUnsafeBufferPointer { packedA in
            packedB.withUnsafeBufferPointer { packedB in
                columnMaxima.withUnsafeMutableBufferPointer { columnMaxima in
                    rowLanes.withUnsafeMutableBufferPointer { rowLanes in
                        lines.withUnsafeBufferPointer { lines in
                            partners.withUnsafeBufferPointer { partners in
                                guard let b = packedB.baseAddress, let c = columnMaxima.baseAddress,
                                    let r = rowLanes.baseAddress
                                else { return }
                                var strip = musc_msm_strip_f32(
                                    rows: packedA.baseAddress, groups: groups, depth: depth,
                                    panels: (b, b + lanes * depth), lines: lines.baseAddress,
                                    partners: masked ? partners.baseAddress : nil, column_max: (c, c + lanes),
                                    row_max: (r, r + rows * lanes))
                                musc_msm_fold_f32(isa, &strip)
                            }
                        }
                    }
                }
            }
        }
        musc_msm_reduce_f32(isa, rowLanes, 2 * rows, &rowMaxima)
        for (found, expected) in zip(rowMaxima + columnMaxima, expectedRows + expectedColumns) {
            #expect(abs(found - expected) <= 1e-5 * max(1, abs(expected)))
        }
    }
}

@Suite("Mean of the smallest distances")
struct IntervalMeanTests {
    @Test("It equals sorting, with ties, for any interval", arguments: [1, 5, 16, 33], availableSets)
    func sorting(patches: Int, isa: musc_isa) {
        var generator = SeededGenerator(seed: UInt64(patches))
        let judges = 11
        // Few distinct values, so that ties are common, and zeros.
        let squared = (0..<judges * patches).map { _ in Float(Int.random(in: 0...6, using: &generator)) / 4 }
        for (from, to) in [(0, 1), (0, 3), (2, 5), (0, 11), (10, 11)] {
            var means = [Float](repeating: -1, count: patches)
            musc_interval_mean(isa, squared, judges, patches, patches, from, to, &means)
            for patch in 0..<patches {
                let sorted = (0..<judges).map { squared[$0 * patches + patch].squareRoot() }.sorted()
                let expected = sorted[from..<to].reduce(0, +) / Float(to - from)
                #expect(abs(means[patch] - expected) < 1e-6)
            }
        }
    }
}
