import CKernels
import MuScParallel

/// The squared distance of every patch of the judged images to its nearest partner in each judge, in fp32.
///
/// One pass over a pair of images serves both directions. Each direction of a pair writes to a place of its own, so
/// the result is the same, to the byte, for any number of threads.
struct MutualDistances {
    private let tokens: UnitTokens
    private let plan: PartnerPlan
    private let isa: musc_isa
    private let threads: Int

    /// Images whose panels are held at once: enough that preparing a row image once for all of them costs little.
    private static let columnBlock = 32
    private static let lanes = PartnerPlan.lanes

    init(tokens: UnitTokens, window: Int?, threads: Int) {
        self.tokens = tokens
        self.threads = threads
        isa = musc_isa_best()
        // The rows of a step take about 384 KiB of the second-level cache and leave the rest to the panels.
        plan = PartnerPlan(grid: tokens.grid, window: window, rowLimit: 384 * 1024 / (4 * tokens.channels))
    }

    /// Computes the distances of `judged` to `judges`.
    ///
    /// - Parameter squared: Written: for each judged image `[judges.count, patches]` row-major, of which the first
    ///   `pairs.others(of:)` rows are used.
    func compute(_ pairs: ImagePairs, judges: Int, into squared: DisjointRows<Float>) {
        let images = pairs.images
        let panelFloats = plan.panels.count * Self.lanes * tokens.channels
        for first in stride(from: 0, to: images.count, by: Self.columnBlock) {
            let block = images[first..<min(first + Self.columnBlock, images.count)]
            let panels = AlignedBuffer<Float>(count: block.count * panelFloats)
            defer { panels.deallocate() }
            let panelRows = DisjointRows(panels.pointer)
            concurrentLoop(block.count, threads: threads) { index in
                packPanels(of: block[first + index], into: panelRows.pointer + index * panelFloats)
            }
            // Row images up to the block's end; a pair is taken where its row image comes first.
            concurrentLoop(block.endIndex, threads: threads) { row in
                let columns = block.indices.filter { $0 > row && pairs.isNeeded(images[row], images[$0]) }
                guard !columns.isEmpty else { return }
                compare(
                    images[row],
                    with: columns.map { (images[$0], UnsafePointer(panelRows.pointer + ($0 - first) * panelFloats)) },
                    pairs, judges: judges, into: squared)
            }
        }
    }

    private func packPanels(of image: Int, into panels: UnsafeMutablePointer<Float>) {
        for (index, order) in plan.panels.enumerated() {
            pack(order, of: image, width: Self.lanes, into: panels + index * Self.lanes * tokens.channels)
        }
    }

    private func pack(_ order: [UInt32], of image: Int, width: Int, into packed: UnsafeMutablePointer<Float>) {
        tokens.values.withUnsafeBufferPointer { values in
            guard let vectors = values.baseAddress else { return }
            musc_msm_pack_f32(
                vectors + image * plan.patches * tokens.channels, tokens.channels, order, order.count, width, packed)
        }
    }

    /// Compares one image with several, whose panels are given.
    private func compare(
        _ row: Int, with columns: [(image: Int, panels: UnsafePointer<Float>)], _ pairs: ImagePairs, judges: Int,
        into squared: DisjointRows<Float>
    ) {
        let patches = plan.patches
        let panelFloats = Self.lanes * tokens.channels
        let lowest = -Float.greatestFiniteMagnitude
        let rows = AlignedBuffer<Float>(count: (plan.steps.map(\.rows.count).max() ?? 0) * tokens.channels)
        let rowMaxima = AlignedBuffer<Float>(count: columns.count * patches * Self.lanes, repeating: lowest)
        let columnMaxima = AlignedBuffer<Float>(
            count: columns.count * plan.panels.count * Self.lanes, repeating: lowest)
        defer {
            rows.deallocate()
            rowMaxima.deallocate()
            columnMaxima.deallocate()
        }
        func rowMaximum(_ column: Int) -> UnsafeMutablePointer<Float> {
            rowMaxima.pointer + column * patches * Self.lanes
        }
        func columnMaximum(_ column: Int, _ panel: Int) -> UnsafeMutablePointer<Float> {
            columnMaxima.pointer + (column * plan.panels.count + panel) * Self.lanes
        }
        for step in plan.steps {
            pack(step.rows, of: row, width: PartnerPlan.group, into: rows.pointer)
            step.withPartners { partners in
                // A strip takes two panels: two of one image where the rows meet many, else one of each of two images.
                func fold(_ a: (column: Int, panel: Int), _ b: (column: Int, panel: Int)) {
                    step.rows.withUnsafeBufferPointer { lines in
                        var strip = musc_msm_strip_f32()
                        strip.rows = UnsafePointer(rows.pointer)
                        strip.groups = step.rows.count / PartnerPlan.group
                        strip.depth = tokens.channels
                        strip.panels = (
                            columns[a.column].panels + a.panel * panelFloats,
                            columns[b.column].panels + b.panel * panelFloats
                        )
                        strip.lines = lines.baseAddress
                        strip.partners = partners
                        strip.column_max = (columnMaximum(a.column, a.panel), columnMaximum(b.column, b.panel))
                        strip.row_max = (rowMaximum(a.column), rowMaximum(b.column))
                        musc_msm_fold_f32(isa, &strip)
                    }
                }
                if step.panels.count > 1 {
                    for column in columns.indices {
                        for panel in stride(from: step.panels.lowerBound, to: step.panels.upperBound, by: 2) {
                            let next = min(panel + 1, step.panels.upperBound - 1)
                            fold((column, panel), (column, next))
                        }
                    }
                } else {
                    for column in stride(from: 0, to: columns.count, by: 2) {
                        let next = min(column + 1, columns.count - 1)
                        fold((column, step.panels.lowerBound), (next, step.panels.lowerBound))
                    }
                }
            }
        }
        for (index, column) in columns.enumerated() {
            if let place = pairs.place(of: row, by: column.image) {
                let target = squared.pointer + (place.judged * judges + place.other) * patches
                musc_msm_reduce_f32(isa, rowMaximum(index), patches, target)
                Self.square(target, count: patches)
            }
            if let place = pairs.place(of: column.image, by: row) {
                let target = squared.pointer + (place.judged * judges + place.other) * patches
                target.update(repeating: lowest, count: patches)
                for (panel, order) in plan.panels.enumerated() {
                    let maxima = columnMaximum(index, panel)
                    for (lane, patch) in order.enumerated() {
                        target[Int(patch)] = max(target[Int(patch)], maxima[lane])
                    }
                }
                Self.square(target, count: patches)
            }
        }
    }

    /// Turns products of unit vectors into squared distances: ‖p − q‖² = 2 − 2 p·q.
    private static func square(_ products: UnsafeMutablePointer<Float>, count: Int) {
        for index in 0..<count { products[index] = max(2 - 2 * products[index], 0) }
    }
}

extension PartnerPlan.Step {
    fileprivate func withPartners(_ body: (UnsafePointer<UInt16>?) -> Void) {
        guard let partners else { return body(nil) }
        partners.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
