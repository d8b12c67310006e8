import MuScScoring

/// The patch scores of one image, read at any size row by row.
///
/// Upsampling is bilinear with `align_corners=True`, as the reference's: the corner patches' centres lie on the corner
/// pixels, so pixel x of n reads column x · (W − 1) / (n − 1).
package struct AnomalyMap: Sendable {
    package let grid: PatchGrid
    /// `[H, W]` row-major.
    package let values: [Float]
    /// The patches that counted; nil for all. What lies outside is drawn grey.
    package let region: PatchRegion?

    /// - Precondition: `values.count == grid.count`, and a region is of the same grid.
    package init(grid: PatchGrid, values: some Sequence<Float>, region: PatchRegion? = nil) {
        self.grid = grid
        self.values = Array(values)
        self.region = region
        precondition(self.values.count == grid.count && region.map { $0.grid == grid } ?? true)
    }

    /// The lowest and the highest patch score of those that counted; (0, 0) where none is a number.
    package var range: (low: Float, high: Float) { Self.range(of: values, in: region) }

    /// The same of several maps of one grid, one after the other.
    static func range(of values: [Float], in region: PatchRegion?) -> (low: Float, high: Float) {
        guard let region else { return range(of: values) }
        return range(of: values.indices.filter { region[$0 % region.grid.count] }.map { values[$0] })
    }

    static func range(of values: [Float]) -> (low: Float, high: Float) {
        var low = Float.infinity
        var high = -Float.infinity
        for value in values where value.isFinite {
            low = min(low, value)
            high = max(high, value)
        }
        return low <= high ? (low, high) : (0, 0)
    }

    /// The map at another size, all at once: `[height, width]` row-major.
    package func resized(width: Int, height: Int) -> [Float] {
        var rows = AnomalyMapRows(self, width: width, height: height)
        var result: [Float] = []
        result.reserveCapacity(width * height)
        for y in 0..<height {
            rows.move(to: y)
            result.append(contentsOf: rows.row)
        }
        return result
    }
}

/// The rows of an ``AnomalyMap`` at a picture's size, of which only the current one is kept.
struct AnomalyMapRows {
    private let map: AnomalyMap
    private let height: Int
    private let left: [Int]
    private let weight: [Float]
    /// The two patch rows around the current row, stretched to the picture's width.
    private var upper: [Float]
    private var lower: [Float]
    private var upperIndex = -1
    /// The values of the current row.
    private(set) var row: [Float]

    init(_ map: AnomalyMap, width: Int, height: Int) {
        self.map = map
        self.height = height
        let columns = map.grid.width
        var left = [Int](repeating: 0, count: width)
        var weight = [Float](repeating: 0, count: width)
        for x in 0..<width {
            (left[x], weight[x]) = Self.source(x, of: width, patches: columns)
        }
        self.left = left
        self.weight = weight
        upper = [Float](repeating: 0, count: width)
        lower = upper
        row = upper
    }

    private static func source(_ position: Int, of count: Int, patches: Int) -> (index: Int, weight: Float) {
        guard patches > 1, count > 1 else { return (0, 0) }
        let place = Double(position) * Double(patches - 1) / Double(count - 1)
        let index = min(Int(place), patches - 2)
        return (index, Float(place - Double(index)))
    }

    /// Fills ``row`` with the values of the picture's row `y`.
    mutating func move(to y: Int) {
        let (index, share) = Self.source(y, of: height, patches: map.grid.height)
        if index != upperIndex {
            stretch(index, into: &upper)
            stretch(min(index + 1, map.grid.height - 1), into: &lower)
            upperIndex = index
        }
        for x in row.indices { row[x] = upper[x] + (lower[x] - upper[x]) * share }
    }

    private func stretch(_ patchRow: Int, into stretched: inout [Float]) {
        let start = patchRow * map.grid.width
        let last = map.grid.width - 1
        for x in stretched.indices {
            let a = map.values[start + left[x]]
            let b = map.values[start + min(left[x] + 1, last)]
            stretched[x] = a + (b - a) * weight[x]
        }
    }
}
