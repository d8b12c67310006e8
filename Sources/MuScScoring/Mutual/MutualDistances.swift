import MuScSupport

/// The distance of every patch of the judged images to its nearest partner in each judge.
///
/// One pass over a pair of images serves both directions. Each direction of a pair writes to a place of its own, so
/// the result is the same, to the byte, for any number of threads.
struct MutualDistances<Kernel: MaximaKernel>: Sendable {
    let kernel: Kernel
    let threads: Int

    /// Images whose panels are held at once: enough that preparing a row image once for all of them costs little,
    /// and few enough that their maxima stay in the third-level cache.
    private static var columnBlock: Int { 32 }
    private static var lanes: Int { PartnerPlan.lanes }
    private var plan: PartnerPlan { kernel.plan }

    /// Compares the images of all `pairs`.
    ///
    /// - Parameters:
    ///   - distances: Written: `[pairs.lines, patches]` row-major.
    func compute(_ pairs: ImagePairs, into distances: DisjointRows<Kernel.Distance>) {
        let images = pairs.images
        let imageBytes = plan.panels.count * kernel.panelBytes
        for first in stride(from: pairs.firstColumn, to: images.count, by: Self.columnBlock) {
            let block = first..<min(first + Self.columnBlock, images.count)
            let panels = AlignedBuffer<UInt8>(count: block.count * imageBytes)
            defer { panels.deallocate() }
            let panelRows = DisjointRows(panels.pointer)
            concurrentLoop(block.count, threads: threads) { index in
                let bytes = UnsafeMutableRawPointer(panelRows.pointer + index * imageBytes)
                for panel in plan.panels.indices {
                    kernel.packPanel(panel, of: images[first + index], into: bytes + panel * kernel.panelBytes)
                }
            }
            // A pair is taken where its row image comes first.
            concurrentLoop(block.upperBound, threads: threads) { row in
                let columns = block.filter { $0 > row && pairs.isNeeded(images[row], images[$0]) }
                if !columns.isEmpty {
                    compare(
                        images[row],
                        with: columns.map {
                            Column(image: images[$0], panels: UnsafeRawPointer(panelRows.pointer + ($0 - first) * imageBytes))
                        }, pairs, into: distances)
                }
            }
        }
    }

    /// An image whose panels are ready.
    private struct Column {
        var image: Int
        var panels: UnsafeRawPointer
    }

    /// Compares one image with several.
    private func compare(
        _ row: Int, with columns: [Column], _ pairs: ImagePairs,
        into distances: DisjointRows<Kernel.Distance>
    ) {
        let maxima = Maxima(columns: columns.count, plan: plan)
        let rows = AlignedBuffer<UInt8>(count: kernel.rowBytes)
        defer {
            maxima.deallocate()
            rows.deallocate()
        }
        func panel(_ index: Int, of column: Int) -> PanelMaxima {
            maxima.panel(index, of: column, at: columns[column].panels + index * kernel.panelBytes)
        }
        for step in plan.steps {
            kernel.packRows(of: step, image: row, into: rows.pointer)
            // A strip takes two panels: two of one image where the rows meet many, else one of each of two images.
            if step.panels.count > 1 {
                for column in columns.indices {
                    for index in stride(from: step.panels.lowerBound, to: step.panels.upperBound, by: 2) {
                        let next = min(index + 1, step.panels.upperBound - 1)
                        kernel.fold(step, rows: rows.pointer, panel(index, of: column), panel(next, of: column))
                    }
                }
            } else {
                let index = step.panels.lowerBound
                for column in stride(from: 0, to: columns.count, by: 2) {
                    let next = min(column + 1, columns.count - 1)
                    kernel.fold(step, rows: rows.pointer, panel(index, of: column), panel(index, of: next))
                }
            }
        }
        for (index, column) in columns.enumerated() {
            if let line = pairs.line(of: row, by: column.image) {
                let target = distances.pointer + line * plan.patches
                kernel.rowDistances(maxima.rows(of: index), into: target)
                for patch in plan.outside { target[patch] = Kernel.unjudged }
            }
            if let line = pairs.line(of: column.image, by: row) {
                let target = distances.pointer + line * plan.patches
                target.initialize(repeating: Kernel.farthest, count: plan.patches)
                for (panel, order) in plan.panels.enumerated() {
                    let found = maxima.panel(panel, of: index, at: column.panels)
                    for (lane, patch) in order.enumerated() {
                        let distance = kernel.columnDistance(found.column[lane], group: found.groups[lane])
                        target[Int(patch)] = min(target[Int(patch)], distance)
                    }
                }
                for patch in plan.outside { target[patch] = Kernel.unjudged }
            }
        }
    }

    /// The maxima of one row image with several column images.
    private struct Maxima {
        private let rows, columns: AlignedBuffer<Float>
        private let groups: AlignedBuffer<UInt32>
        private let plan: PartnerPlan

        init(columns count: Int, plan: PartnerPlan) {
            let lowest = -Float.greatestFiniteMagnitude
            rows = AlignedBuffer(count: count * plan.patches * PartnerPlan.lanes, repeating: lowest)
            columns = AlignedBuffer(count: count * plan.panels.count * PartnerPlan.lanes, repeating: lowest)
            groups = AlignedBuffer(count: count * plan.panels.count * PartnerPlan.lanes, repeating: 0)
            self.plan = plan
        }

        func rows(of column: Int) -> UnsafeMutablePointer<Float> {
            rows.pointer + column * plan.patches * PartnerPlan.lanes
        }

        func panel(_ index: Int, of column: Int, at bytes: UnsafeRawPointer) -> PanelMaxima {
            let lane = (column * plan.panels.count + index) * PartnerPlan.lanes
            return PanelMaxima(
                index: index, panel: bytes, column: columns.pointer + lane, groups: groups.pointer + lane,
                rows: rows(of: column))
        }

        func deallocate() {
            rows.deallocate()
            columns.deallocate()
            groups.deallocate()
        }
    }
}
