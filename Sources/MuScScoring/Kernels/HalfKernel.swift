import CKernels

/// Products of vectors in bfloat16, summed in fp32; the distances are squared ones.
///
/// Twice as fast as ``ExactKernel`` where the processor has such products. A product of unit vectors is off by some 10⁻⁵.
struct HalfKernel: MaximaKernel {
    private let tokens: HalfTokens
    private let isa: musc_isa
    let plan: PartnerPlan

    /// Whether this is worth while for vectors of so many channels: of few, errors of rounding do not cancel.
    static func isFast(channels: Int, isa: musc_isa) -> Bool {
        musc_bf16_is_fast(isa) && channels % 2 == 0 && channels >= 128
    }

    /// - Parameter plan: ``ExactKernel``'s.
    init(tokens: HalfTokens, plan: PartnerPlan, isa: musc_isa) {
        self.tokens = tokens
        self.plan = plan
        self.isa = isa
    }

    var panelBytes: Int { PartnerPlan.lanes * tokens.depth * 2 }
    var rowBytes: Int { plan.mostRows * tokens.depth * 2 }

    func packPanel(_ panel: Int, of image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(plan.panels[panel], of: image, width: PartnerPlan.lanes, into: bytes)
        musc_msm_turn_panel_bf16(bytes.assumingMemoryBound(to: UInt16.self), tokens.depth)
    }

    func packRows(of step: PartnerPlan.Step, image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(step.rows, of: image, width: PartnerPlan.group, into: bytes)
    }

    private func pack(_ order: [UInt32], of image: Int, width: Int, into bytes: UnsafeMutableRawPointer) {
        tokens.withVectors(of: image) { vectors in
            musc_msm_pack_bf16(
                isa, vectors, tokens.depth, order, order.count, width, bytes.assumingMemoryBound(to: UInt16.self))
        }
    }

    func fold(_ step: PartnerPlan.Step, rows: UnsafeRawPointer, _ first: PanelMaxima, _ second: PanelMaxima) {
        step.rows.withUnsafeBufferPointer { lines in
            step.withPartners { partners in
                var strip = musc_msm_strip_bf16(
                    rows: rows.assumingMemoryBound(to: UInt16.self), groups: step.groups, depth: tokens.depth,
                    panels: (
                        first.panel.assumingMemoryBound(to: UInt16.self), second.panel.assumingMemoryBound(to: UInt16.self)
                    ), lines: lines.baseAddress, partners: partners, column_max: (first.column, second.column),
                    row_max: (first.rows, second.rows))
                musc_msm_fold_bf16(isa, &strip)
            }
        }
    }

    func rowDistances(_ lanes: UnsafePointer<Float>, into distances: UnsafeMutablePointer<Float>) {
        ExactKernel.rowDistances(lanes, patches: plan.patches, isa: isa, into: distances)
    }

    func columnDistance(_ maximum: Float, group: UInt32) -> Float { ExactKernel.squaredDistance(maximum) }

    static var farthest: Float { ExactKernel.farthest }
    static var unjudged: Float { ExactKernel.unjudged }
}
