import CKernels

/// Products of vectors in bfloat16, summed in fp32; the distances are squared ones.
///
/// Twice as fast as ``ExactKernel`` where the processor has such products. What is rounded is what lies between a vector
/// and the mean of the first image's, so that a product of unit vectors is off by some 10⁻⁵.
struct HalfKernel: MaximaKernel {
    private let exact: ExactKernel
    /// `[images, patches, depth]` row-major.
    private let vectors: [UInt16]
    /// Channels with the extra ones.
    private let depth: Int
    private let isa: musc_isa

    /// Whether this is worth while for vectors of so many channels: of few, errors of rounding do not cancel.
    static func isFast(channels: Int, isa: musc_isa) -> Bool {
        musc_bf16_is_fast(isa) && channels % 2 == 0 && channels >= 128
    }

    /// - Parameter plan: ``ExactKernel``'s.
    /// - Precondition: An even number of channels.
    init(tokens: UnitTokens, plan: PartnerPlan, isa: musc_isa) {
        precondition(tokens.channels % 2 == 0)
        exact = ExactKernel(tokens: tokens, plan: plan, isa: isa)
        let (channels, count) = (tokens.channels, tokens.images * tokens.grid.count)
        let depth = channels + Int(MUSC_MSM_BF16_EXTRA)
        self.depth = depth
        self.isa = isa
        let mean = Self.mean(of: tokens)
        vectors = [UInt16](unsafeUninitializedCapacity: count * depth) { rounded, written in
            musc_msm_round_bf16(tokens.values, count, channels, mean, rounded.baseAddress)
            written = count * depth
        }
    }

    /// The mean of the first image's vectors.
    private static func mean(of tokens: UnitTokens) -> [Float] {
        var mean = [Float](repeating: 0, count: tokens.channels)
        guard tokens.images > 0 else { return mean }
        tokens.withVectors(of: 0) { vectors in
            for patch in 0..<tokens.grid.count {
                let vector = vectors + patch * tokens.channels
                for channel in mean.indices { mean[channel] += vector[channel] }
            }
        }
        return mean.map { $0 / Float(tokens.grid.count) }
    }

    var plan: PartnerPlan { exact.plan }
    var panelBytes: Int { PartnerPlan.lanes * depth * 2 }
    var rowBytes: Int { plan.mostRows * depth * 2 }

    func packPanel(_ panel: Int, of image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(plan.panels[panel], of: image, width: PartnerPlan.lanes, into: bytes)
        musc_msm_turn_panel_bf16(bytes.assumingMemoryBound(to: UInt16.self), depth)
    }

    func packRows(of step: PartnerPlan.Step, image: Int, into bytes: UnsafeMutableRawPointer) {
        pack(step.rows, of: image, width: PartnerPlan.group, into: bytes)
    }

    private func pack(_ order: [UInt32], of image: Int, width: Int, into bytes: UnsafeMutableRawPointer) {
        vectors.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            musc_msm_pack_bf16(
                isa, base + image * plan.patches * depth, depth, order, order.count, width,
                bytes.assumingMemoryBound(to: UInt16.self))
        }
    }

    func fold(_ step: PartnerPlan.Step, rows: UnsafeRawPointer, _ first: PanelMaxima, _ second: PanelMaxima) {
        step.rows.withUnsafeBufferPointer { lines in
            step.withPartners { partners in
                var strip = musc_msm_strip_bf16(
                    rows: rows.assumingMemoryBound(to: UInt16.self), groups: step.groups, depth: depth,
                    panels: (
                        first.panel.assumingMemoryBound(to: UInt16.self), second.panel.assumingMemoryBound(to: UInt16.self)
                    ), lines: lines.baseAddress, partners: partners, column_max: (first.column, second.column),
                    row_max: (first.rows, second.rows))
                musc_msm_fold_bf16(isa, &strip)
            }
        }
    }

    func rowDistances(_ lanes: UnsafePointer<Float>, into distances: UnsafeMutablePointer<Float>) {
        exact.rowDistances(lanes, into: distances)
    }

    func columnDistance(_ maximum: Float, group: UInt32) -> Float { exact.columnDistance(maximum, group: group) }

    static var farthest: Float { ExactKernel.farthest }
    static var unjudged: Float { ExactKernel.unjudged }
}
