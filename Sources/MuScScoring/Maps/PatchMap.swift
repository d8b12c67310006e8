/// Resampling of patch scores to pixels, and the image score (section 3.3 of the paper).
package enum PatchMap {
    /// Resizes a patch map bilinearly with corners aligned: the outermost patches' scores lie on the image's edges.
    ///
    /// - Parameters:
    ///   - map: `[grid.height, grid.width]` row-major.
    /// - Returns: `[height, width]` row-major.
    package static func resized(_ map: some Collection<Float>, grid: PatchGrid, width: Int, height: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(width * height)
        forEachRow(of: Array(map), grid: grid, width: width, height: height) { _, row in result += row }
        return result
    }

    /// The largest value of the map at `width × height` pixels, and where it lies: the first, row by row.
    package static func peak(
        _ map: some Collection<Float>, grid: PatchGrid, width: Int, height: Int
    ) -> (score: Float, x: Int, y: Int) {
        let source = Array(map)
        let highest = (0..<grid.height).map { source[$0 * grid.width..<($0 + 1) * grid.width].max() ?? 0 }
        // Rows are passed over that stay below what the row of the highest patch reaches.
        let rows = taps(count: height, from: grid.height)
        var reached = -Float.infinity
        if let top = rows.indices.max(by: { weight(of: rows[$0], highest) < weight(of: rows[$1], highest) }) {
            forEachRow(of: source, grid: grid, width: width, height: height, where: { $0 == top }) { _, row in
                reached = row.max() ?? reached
            }
        }
        var peak: (score: Float, x: Int, y: Int)?
        forEachRow(
            of: source, grid: grid, width: width, height: height, where: { !(limit(of: rows[$0], highest) < reached) }
        ) { y, row in
            for x in row.indices {
                if let peak, !(row[x] > peak.score) { continue }
                peak = (row[x], x, y)
            }
        }
        return peak ?? (0, 0, 0)
    }

    /// What the pixels of a row between two rows of patches cannot exceed: none is higher than the patches around it, but
    /// for rounding.
    private static func limit(of row: (index: Int, share: Float), _ highest: [Float]) -> Float {
        let most = max(highest[row.index], highest[min(row.index + 1, highest.count - 1)])
        return most + 1e-5 * abs(most)
    }

    /// Calls `body` with each row of the map at another size that may reach a level; the others stay below it.
    package static func forEachRow(
        of source: [Float], grid: PatchGrid, width: Int, height: Int, reaching level: Float,
        _ body: (_ y: Int, _ row: [Float]) -> Void
    ) {
        let highest = (0..<grid.height).map { source[$0 * grid.width..<($0 + 1) * grid.width].max() ?? 0 }
        let rows = taps(count: height, from: grid.height)
        forEachRow(
            of: source, grid: grid, width: width, height: height, where: { !(limit(of: rows[$0], highest) < level) }, body)
    }

    /// The same with the rows of a second map of the same grid beside.
    package static func forEachRow(
        of source: [Float], beside second: [Float], grid: PatchGrid, width: Int, height: Int, reaching level: Float,
        _ body: (_ y: Int, _ row: [Float], _ secondRow: [Float]) -> Void
    ) {
        let (rows, columns) = (taps(count: height, from: grid.height), taps(count: width, from: grid.width))
        var values = [Float](repeating: 0, count: width)
        forEachRow(of: source, grid: grid, width: width, height: height, reaching: level) { y, row in
            fill(&values, from: second, grid: grid, row: rows[y], columns: columns)
            body(y, row, values)
        }
    }

    /// The highest patch of two rows, weighted as the row between them is.
    private static func weight(of row: (index: Int, share: Float), _ highest: [Float]) -> Float {
        highest[row.index] * (1 - row.share) + highest[min(row.index + 1, highest.count - 1)] * row.share
    }

    /// Calls `body` with each row of the map at another size, so that a large map need not be held.
    ///
    /// - Parameter isWanted: Whether a row is wanted.
    private static func forEachRow(
        of source: [Float], grid: PatchGrid, width: Int, height: Int, where isWanted: (_ y: Int) -> Bool = { _ in true },
        _ body: (_ y: Int, _ row: [Float]) -> Void
    ) {
        let columns = taps(count: width, from: grid.width)
        var values = [Float](repeating: 0, count: width)
        for (y, row) in taps(count: height, from: grid.height).enumerated() where isWanted(y) {
            fill(&values, from: source, grid: grid, row: row, columns: columns)
            body(y, values)
        }
    }

    private static func fill(
        _ values: inout [Float], from source: [Float], grid: PatchGrid, row: (index: Int, share: Float),
        columns: [(index: Int, share: Float)]
    ) {
        let upper = row.index * grid.width
        let lower = min(row.index + 1, grid.height - 1) * grid.width
        for (x, column) in columns.enumerated() {
            let right = min(column.index + 1, grid.width - 1)
            let top = source[upper + column.index] * (1 - column.share) + source[upper + right] * column.share
            let bottom = source[lower + column.index] * (1 - column.share) + source[lower + right] * column.share
            values[x] = top * (1 - row.share) + bottom * row.share
        }
    }

    /// The highest score of each patch and its neighbours, corners included.
    package static func highestAround(_ map: [Float], grid: PatchGrid) -> [Float] {
        (0..<grid.count).map { patch in
            let (x, y) = (patch % grid.width, patch / grid.width)
            var highest = map[patch]
            for row in max(y - 1, 0)...min(y + 1, grid.height - 1) {
                for column in max(x - 1, 0)...min(x + 1, grid.width - 1) { highest = max(highest, map[row * grid.width + column]) }
            }
            return highest
        }
    }

    /// For each target position: the source position at or before it, and the share of the next one.
    private static func taps(count: Int, from size: Int) -> [(index: Int, share: Float)] {
        let step = count > 1 ? Float(size - 1) / Float(count - 1) : 0
        return (0..<count).map { position in
            let exact = step * Float(position)
            let index = min(Int(exact), size - 1)
            return (index, exact - Float(index))
        }
    }
}
