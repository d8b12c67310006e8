import CKernels
import MuScSupport

/// Products of int8 vectors; the distances are candidates, which name the partner as well.
struct FastKernel: MaximaKernel {
    private let tokens: UnitTokens
    private let isa: musc_isa
    let plan: PartnerPlan
    /// Channels in fours.
    private let quads: Int
    private let indexBits: UInt32
    private let vectors: QuantisedTokens
    /// The patches of all panels' lanes, one after the other.
    private let columnOrder: [UInt32]

    /// - Precondition: Fewer than 65,536 patches.
    init(
        tokens: UnitTokens, judges: [Int], window: Int?, region: PatchRegion? = nil, isa: musc_isa, threads: Int
    ) {
        precondition(tokens.grid.count <= Int(UInt16.max))
        self.tokens = tokens
        self.isa = isa
        quads = (tokens.channels + Int(MUSC_MSM_QUAD) - 1) / Int(MUSC_MSM_QUAD)
        plan = PartnerPlan(grid: tokens.grid, window: window, region: region, rowLimit: 384 * 1024 / (4 * quads))
        indexBits = UInt32(Int.bitWidth - max(plan.panels.count - 1, 1).leadingZeroBitCount)
        columnOrder = plan.panels.flatMap { $0 }
        vectors = QuantisedTokens(tokens, judges: judges, threads: threads)
    }

    // A panel is followed by its vectors' scales and offsets, rows by their terms.
    private var lanesBytes: Int { PartnerPlan.lanes * quads * 4 }
    var panelBytes: Int { lanesBytes + 2 * PartnerPlan.lanes * 4 }
    var rowBytes: Int { plan.mostRows * (quads * 4 + MemoryLayout<musc_msm_int8_terms>.stride) }

    func packPanel(_ panel: Int, of image: Int, into bytes: UnsafeMutableRawPointer) {
        let order = plan.panels[panel]
        pack(order, of: image, width: PartnerPlan.lanes, into: bytes)
        let scales = (bytes + lanesBytes).assumingMemoryBound(to: Float.self)
        vectors.withTerms(of: image) { terms in
            for (lane, patch) in order.enumerated() {
                scales[lane] = terms[Int(patch)].scale
                scales[PartnerPlan.lanes + lane] = terms[Int(patch)].offset
            }
        }
    }

    func packRows(of step: PartnerPlan.Step, image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(step.rows, of: image, width: PartnerPlan.group, into: bytes)
        let rowTerms = (bytes + step.rows.count * quads * 4).assumingMemoryBound(to: musc_msm_int8_terms.self)
        vectors.withTerms(of: image) { terms in
            for (row, patch) in step.rows.enumerated() { rowTerms[row] = terms[Int(patch)] }
        }
    }

    private func pack(_ order: [UInt32], of image: Int, width: Int, into bytes: UnsafeMutableRawPointer) {
        vectors.withIntegers(of: image) { integers in
            musc_msm_pack_int8(isa, integers, quads, order, order.count, width, bytes.assumingMemoryBound(to: Int8.self))
        }
    }

    func fold(_ step: PartnerPlan.Step, rows: UnsafeRawPointer, _ first: PanelMaxima, _ second: PanelMaxima) {
        func integers(_ panel: PanelMaxima) -> UnsafePointer<Int8> { panel.panel.assumingMemoryBound(to: Int8.self) }
        func scales(_ panel: PanelMaxima) -> UnsafePointer<Float> {
            (panel.panel + lanesBytes).assumingMemoryBound(to: Float.self)
        }
        let terms = (rows + step.rows.count * quads * 4).assumingMemoryBound(to: musc_msm_int8_terms.self)
        step.rows.withUnsafeBufferPointer { lines in
            step.withPartners { partners in
                var strip = musc_msm_strip_int8(
                    rows: rows.assumingMemoryBound(to: Int8.self), row_terms: terms, groups: step.groups, quads: quads,
                    panels: (integers(first), integers(second)), panel_scales: (scales(first), scales(second)),
                    panel_offsets: (scales(first) + PartnerPlan.lanes, scales(second) + PartnerPlan.lanes),
                    lines: lines.baseAddress, partners: partners, first_group: UInt32(step.firstGroup),
                    panel_indices: (UInt32(first.index), UInt32(second.index)), index_bits: indexBits,
                    column_keys: (first.column, second.column), column_groups: (first.groups, second.groups),
                    row_keys: (first.rows, second.rows))
                musc_msm_fold_int8(isa, &strip)
            }
        }
    }

    func rowDistances(_ lanes: UnsafePointer<Float>, into distances: UnsafeMutablePointer<Int32>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: plan.patches) { products in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: plan.patches) { slots in
                musc_msm_reduce_int8(isa, lanes, plan.patches, indexBits, products.baseAddress, slots.baseAddress)
                for patch in 0..<plan.patches {
                    // Of a patch that is not compared nothing was found, and its slot may be any number.
                    let slot = min(Int(slots[patch]), columnOrder.count - 1)
                    distances[patch] = musc_candidate(products[patch], columnOrder[slot])
                }
            }
        }
    }

    func columnDistance(_ maximum: Float, group: UInt32) -> Int32 {
        let row = Int(group) * PartnerPlan.group + Int(maximum.bitPattern & 7)
        return musc_candidate(maximum, plan.rowOrder[row])
    }

    static var farthest: Int32 { .max }
    static var unjudged: Int32 { musc_candidate(1, 0) }
}
