import CKernels

/// Which patches are compared with which, cut into the pieces that the kernels take.
///
/// The patches of the column image lie in *panels* of 16. Without a window these are 16 patches in a row, and every
/// patch meets every panel. With a window they are squares of 4 × 4 patches, and a panel meets the patches at most
/// `window` away from one of its own; which of the 16 a patch may really have as its partner is a mask, so that
/// only the rim of a panel's surroundings is computed and thrown away.
///
/// The plan depends on the grid and the window alone: all pairs of images share it.
struct PartnerPlan: Sendable {
    /// Rows of one piece that meet a range of panels.
    struct Step: Sendable {
        /// The patches of the row image, in groups of `MUSC_MSM_GROUP`; the last group is filled with copies.
        var rows: [UInt32]
        /// For each of `rows`, the lanes of the panel that may be its partners; nil where all may.
        var partners: [UInt16]?
        /// The panels that the rows meet.
        var panels: Range<Int>
        /// Groups of the steps before this one.
        var firstGroup = 0

        var groups: Int { rows.count / PartnerPlan.group }

        func withPartners(_ body: (UnsafePointer<UInt16>?) -> Void) {
            guard let partners else { return body(nil) }
            partners.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    /// For each panel, the patches in its 16 lanes; where there are fewer, some twice.
    let panels: [[UInt32]]
    let steps: [Step]
    /// The patches of all steps' rows, one after the other.
    let rowOrder: [UInt32]
    /// The number of patches of an image.
    let patches: Int
    /// The patches that neither judge nor are judged.
    let outside: [Int]

    static let lanes = Int(MUSC_MSM_PANEL)
    static let group = Int(MUSC_MSM_GROUP)

    /// - Parameters:
    ///   - window: The most rows and columns that a partner may lie away; nil for no limit.
    ///   - region: The patches that are compared; nil for all.
    ///   - rowLimit: The most rows of a step, so that they stay in the second-level cache.
    init(grid: PatchGrid, window: Int?, region: PatchRegion? = nil, rowLimit: Int) {
        precondition(region.map { $0.grid == grid && $0.count > 0 } ?? true)
        patches = grid.count
        outside = region.map { region in (0..<grid.count).filter { !region[$0] } } ?? []
        let rowLimit = max(rowLimit / Self.group, 1) * Self.group
        var steps: [Step]
        // A window that reaches over the whole grid excludes nothing.
        if let window, window < max(grid.width, grid.height) - 1 {
            panels = Self.squares(of: grid).compactMap { Self.square($0, within: region) }
            steps = Self.steps(for: panels, in: grid, window: max(window, 0), region: region, rowLimit: rowLimit)
        } else {
            let compared = (0..<UInt32(grid.count)).filter { region?[Int($0)] ?? true }
            panels = stride(from: 0, to: compared.count, by: Self.lanes).map { first in
                (first..<first + Self.lanes).map { compared[min($0, compared.count - 1)] }
            }
            let every = panels.indices
            steps = stride(from: 0, to: compared.count, by: rowLimit).map { first in
                let rows = Array(compared[first..<min(first + rowLimit, compared.count)])
                return Step(rows: Self.filled(rows), partners: nil, panels: every)
            }
        }
        rowOrder = steps.flatMap(\.rows)
        var groups = 0
        for index in steps.indices {
            steps[index].firstGroup = groups
            groups += steps[index].groups
        }
        self.steps = steps
    }

    /// The most rows of a step.
    var mostRows: Int { steps.map(\.rows.count).max() ?? 0 }

    /// Products that the plan computes, of `patches²`; for an unlimited window, 1 but for what fills the last panel.
    var computedShare: Double {
        let products = steps.reduce(0) { $0 + $1.rows.count * $1.panels.count * Self.lanes }
        return Double(products) / Double(patches * patches)
    }

    /// Squares of 4 × 4 patches; the last of a row or column of squares is moved inwards to stay within the grid.
    private static func squares(of grid: PatchGrid) -> [[UInt32]] {
        let side = 4
        func origins(_ length: Int) -> [Int] {
            stride(from: 0, to: length, by: side).map { max(min($0, length - side), 0) }
        }
        return origins(grid.height).flatMap { top in
            origins(grid.width).map { left in
                (0..<side * side).map { lane in
                    let y = min(top + lane / side, grid.height - 1)
                    let x = min(left + lane % side, grid.width - 1)
                    return UInt32(y * grid.width + x)
                }
            }
        }
    }

    /// A square whose patches outside the region give their lanes to one inside; nil where none is inside.
    private static func square(_ lanes: [UInt32], within region: PatchRegion?) -> [UInt32]? {
        guard let region else { return lanes }
        guard let inside = lanes.first(where: { region[Int($0)] }) else { return nil }
        return lanes.map { region[Int($0)] ? $0 : inside }
    }

    private static func steps(
        for panels: [[UInt32]], in grid: PatchGrid, window: Int, region: PatchRegion?, rowLimit: Int
    ) -> [Step] {
        panels.enumerated().flatMap { panel, lanes -> [Step] in
            let ys = lanes.map { Int($0) / grid.width }
            let xs = lanes.map { Int($0) % grid.width }
            var rows: [UInt32] = []
            let yRange = max((ys.min() ?? 0) - window, 0)...min((ys.max() ?? 0) + window, grid.height - 1)
            let xRange = max((xs.min() ?? 0) - window, 0)...min((xs.max() ?? 0) + window, grid.width - 1)
            for y in yRange {
                for x in xRange where region?[y * grid.width + x] ?? true { rows.append(UInt32(y * grid.width + x)) }
            }
            return stride(from: 0, to: rows.count, by: rowLimit).map { first in
                let chunk = filled(Array(rows[first..<min(first + rowLimit, rows.count)]))
                let partners = chunk.map { row -> UInt16 in
                    let (y, x) = (Int(row) / grid.width, Int(row) % grid.width)
                    var mask: UInt16 = 0
                    for lane in lanes.indices where abs(ys[lane] - y) <= window && abs(xs[lane] - x) <= window {
                        mask |= 1 << UInt16(lane)
                    }
                    return mask
                }
                return Step(rows: chunk, partners: partners, panels: panel..<panel + 1)
            }
        }
    }

    /// Fills the last group with copies of its last row.
    private static func filled(_ rows: [UInt32]) -> [UInt32] {
        guard let last = rows.last else { return rows }
        let missing = (group - rows.count % group) % group
        return rows + [UInt32](repeating: last, count: missing)
    }
}
