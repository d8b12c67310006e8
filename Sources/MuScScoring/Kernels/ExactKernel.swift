import CKernels

/// Products in fp32; the distances are squared ones.
struct ExactKernel: MaximaKernel {
    private let tokens: UnitTokens
    private let isa: musc_isa
    let plan: PartnerPlan

    init(tokens: UnitTokens, window: Int?, region: PatchRegion? = nil, isa: musc_isa) {
        self.init(
            tokens: tokens, plan: Self.plan(tokens.grid, channels: tokens.channels, window: window, region: region),
            isa: isa)
    }

    /// - Parameter plan: As ``plan(_:channels:window:region:)`` makes it for the tokens.
    init(tokens: UnitTokens, plan: PartnerPlan, isa: musc_isa) {
        self.tokens = tokens
        self.plan = plan
        self.isa = isa
    }

    static func plan(_ grid: PatchGrid, channels: Int, window: Int?, region: PatchRegion? = nil) -> PartnerPlan {
        // The rows of a step take about 384 KiB of the second-level cache and leave the rest to the panels.
        PartnerPlan(grid: grid, window: window, region: region, rowLimit: 384 * 1024 / (4 * channels))
    }

    var panelBytes: Int { PartnerPlan.lanes * tokens.channels * 4 }
    var rowBytes: Int { plan.mostRows * tokens.channels * 4 }

    func packPanel(_ panel: Int, of image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(plan.panels[panel], of: image, width: PartnerPlan.lanes, into: bytes)
    }

    func packRows(of step: PartnerPlan.Step, image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(step.rows, of: image, width: PartnerPlan.group, into: bytes)
    }

    private func pack(_ order: [UInt32], of image: Int, width: Int, into bytes: UnsafeMutableRawPointer) {
        tokens.withVectors(of: image) { vectors in
            musc_msm_pack_f32(
                isa, vectors, tokens.channels, order, order.count, width, bytes.assumingMemoryBound(to: Float.self))
        }
    }

    func fold(_ step: PartnerPlan.Step, rows: UnsafeRawPointer, _ first: PanelMaxima, _ second: PanelMaxima) {
        step.rows.withUnsafeBufferPointer { lines in
            step.withPartners { partners in
                var strip = musc_msm_strip_f32(
                    rows: rows.assumingMemoryBound(to: Float.self), groups: step.groups, depth: tokens.channels,
                    panels: (
                        first.panel.assumingMemoryBound(to: Float.self), second.panel.assumingMemoryBound(to: Float.self)
                    ), lines: lines.baseAddress, partners: partners, column_max: (first.column, second.column),
                    row_max: (first.rows, second.rows))
                musc_msm_fold_f32(isa, &strip)
            }
        }
    }

    func rowDistances(_ lanes: UnsafePointer<Float>, into distances: UnsafeMutablePointer<Float>) {
        Self.rowDistances(lanes, patches: plan.patches, isa: isa, into: distances)
    }

    /// The squared distances of patches from the greatest products that their rows' lanes met.
    static func rowDistances(
        _ lanes: UnsafePointer<Float>, patches: Int, isa: musc_isa, into distances: UnsafeMutablePointer<Float>
    ) {
        musc_msm_reduce_f32(isa, lanes, patches, distances)
        for patch in 0..<patches { distances[patch] = squaredDistance(distances[patch]) }
    }

    func columnDistance(_ maximum: Float, group: UInt32) -> Float { Self.squaredDistance(maximum) }

    static var farthest: Float { .greatestFiniteMagnitude }
    static var unjudged: Float { 0 }

    /// Of unit vectors, from their product: ‖p − q‖² = 2 − 2 p·q.
    static func squaredDistance(_ product: Float) -> Float { max(2 - 2 * product, 0) }
}
