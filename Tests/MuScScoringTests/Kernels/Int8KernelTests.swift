import CKernels
import MuScScoring
import MuScSupport
import Testing

@Suite("Int8 maxima")
struct Int8KernelTests {
    private let lanes = Int(MUSC_MSM_PANEL)
    private let group = Int(MUSC_MSM_GROUP)
    private let groups = 3
    private let indexBits: UInt32 = 5

    /// What a strip of three groups against panels 6 and 29 folds into.
    private struct Maxima: Equatable {
        var columnKeys: [Float]
        var columnGroups: [UInt32]
        var rowKeys: [Float]
    }

    private struct Quantised {
        var integers: [Int8]
        var terms: [musc_msm_int8_terms]
    }

    private func quantise(_ vectors: [Float], depth: Int, mean: [Float]) -> Quantised {
        let (count, quads) = (vectors.count / depth, (depth + 3) / 4)
        var result = Quantised(
            integers: .init(repeating: 99, count: count * quads * 4),
            terms: .init(repeating: musc_msm_int8_terms(), count: count))
        musc_msm_quantise(vectors, count, depth, mean, &result.integers, &result.terms)
        return result
    }

    private func fold(_ isa: musc_isa, _ a: Quantised, _ b: Quantised, quads: Int, partners: [UInt16]?) -> Maxima {
        let rows = groups * group
        var packedA = a.integers
        var packedB = b.integers
        musc_msm_pack_int8(isa, a.integers, quads, (0..<UInt32(rows)).map { $0 }, rows, group, &packedA)
        musc_msm_pack_int8(isa, b.integers, quads, (0..<UInt32(2 * lanes)).map { $0 }, 2 * lanes, lanes, &packedB)
        let lowest = -Float.greatestFiniteMagnitude
        var maxima = Maxima(
            columnKeys: .init(repeating: lowest, count: 2 * lanes), columnGroups: .init(repeating: 0, count: 2 * lanes),
            rowKeys: .init(repeating: lowest, count: 2 * rows * lanes))
        let lines = (0..<UInt32(rows)).map { $0 }
        let scales = b.terms.map(\.scale)
        let offsets = b.terms.map(\.offset)
        packedA.withUnsafeBufferPointer { packedA in
            packedB.withUnsafeBufferPointer { packedB in
                scales.withUnsafeBufferPointer { scales in
                    offsets.withUnsafeBufferPointer { offsets in
                        a.terms.withUnsafeBufferPointer { terms in
                            lines.withUnsafeBufferPointer { lines in
                                maxima.columnKeys.withUnsafeMutableBufferPointer { keys in
                                    maxima.columnGroups.withUnsafeMutableBufferPointer { columnGroups in
                                        maxima.rowKeys.withUnsafeMutableBufferPointer { rowKeys in
                                            guard let panels = packedB.baseAddress, let scales = scales.baseAddress,
                                                let offsets = offsets.baseAddress, let keys = keys.baseAddress,
                                                let columnGroups = columnGroups.baseAddress,
                                                let rowKeys = rowKeys.baseAddress
                                            else { return }
                                            var strip = musc_msm_strip_int8()
                                            strip.rows = packedA.baseAddress
                                            strip.row_terms = terms.baseAddress
                                            strip.groups = groups
                                            strip.quads = quads
                                            strip.panels = (panels, panels + quads * 4 * lanes)
                                            strip.panel_scales = (scales, scales + lanes)
                                            strip.panel_offsets = (offsets, offsets + lanes)
                                            strip.lines = lines.baseAddress
                                            strip.first_group = 40
                                            strip.panel_indices = (6, 29)
                                            strip.index_bits = indexBits
                                            strip.column_keys = (keys, keys + lanes)
                                            strip.column_groups = (columnGroups, columnGroups + lanes)
                                            strip.row_keys = (rowKeys, rowKeys + rows * lanes)
                                            if let partners {
                                                partners.withUnsafeBufferPointer {
                                                    strip.partners = $0.baseAddress
                                                    musc_msm_fold_int8(isa, &strip)
                                                }
                                            } else {
                                                musc_msm_fold_int8(isa, &strip)
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return maxima
    }

    @Test("Every instruction set finds the same maxima at the same places", arguments: availableSets)
    func agreement(isa: musc_isa) {
        for depth in [4, 30, 384] {
            for masked in [false, true] {
                var generator = SeededGenerator(seed: UInt64(depth))
                let rows = groups * group
                let mean = (0..<depth).map { _ in generator.normal() / 4 }
                let a = quantise((0..<rows * depth).map { _ in generator.normal() }, depth: depth, mean: mean)
                let b = quantise((0..<2 * lanes * depth).map { _ in generator.normal() }, depth: depth, mean: mean)
                let partners = masked ? (0..<rows).map { _ in UInt16.random(in: 0...UInt16.max, using: &generator) } : nil
                let quads = (depth + 3) / 4
                let found = fold(isa, a, b, quads: quads, partners: partners)
                let expected = fold(MUSC_ISA_PLAIN, a, b, quads: quads, partners: partners)
                #expect(found.columnGroups == expected.columnGroups)
                for (x, y) in zip(found.columnKeys + found.rowKeys, expected.columnKeys + expected.rowKeys)
                where x != y {
                    // Rounding may differ in the last bits, above which the index lies.
                    #expect(abs(x - y) <= 1e-5 * max(1, abs(y)))
                }
                var products = [Float](repeating: 0, count: 2 * rows)
                var slots = [UInt32](repeating: 0, count: 2 * rows)
                musc_msm_reduce_int8(isa, found.rowKeys, 2 * rows, indexBits, &products, &slots)
                for line in 0..<2 * rows {
                    let keys = found.rowKeys[line * lanes..<(line + 1) * lanes]
                    guard let most = keys.max(), most > -1e30 else { continue }
                    #expect(products[line] == most)
                    #expect(slots[line] / UInt32(lanes) == (line < rows ? 6 : 29))
                    #expect(keys[keys.startIndex + Int(slots[line]) % lanes] == most)
                }
            }
        }
    }

    @Test("The approximate products are near the true ones")
    func approximation() {
        let depth = 384
        let tokens = UnitTokens.random(images: 1, grid: PatchGrid(width: 8, height: 7), channels: depth, seed: 9)
        let mean = (0..<depth).map { channel in
            stride(from: channel, to: tokens.values.count, by: depth).reduce(0) { $0 + tokens.values[$1] } / 56
        }
        let a = quantise(Array(tokens.values[..<(24 * depth)]), depth: depth, mean: mean)
        let b = quantise(Array(tokens.values[(24 * depth)...]), depth: depth, mean: mean)
        let found = fold(musc_isa_best(), a, b, quads: depth / 4, partners: nil)
        for column in 0..<2 * lanes {
            let row = Int(found.columnGroups[column] - 40) * group + Int(found.columnKeys[column].bitPattern & 7)
            let exact = (0..<24).map { row in
                (0..<depth).reduce(Float(0)) {
                    $0 + tokens.values[row * depth + $1] * tokens.values[(24 + column) * depth + $1]
                }
            }
            #expect(abs(exact[row] - found.columnKeys[column]) < 2e-3)
            #expect((exact.max() ?? 0) - exact[row] < 2e-3)
        }
    }

    @Test("A candidate keeps its partner and sorts by distance")
    func candidates() {
        let products: [Float] = [1.0001, 1, 0.9, 0.5, 0, -0.5, -1]
        let candidates = products.enumerated().map { musc_candidate($1, UInt32($0 * 9000)) }
        #expect(candidates == candidates.sorted())
        #expect(candidates.map { musc_candidate_partner($0) } == products.indices.map { UInt32($0 * 9000) })
    }
}
