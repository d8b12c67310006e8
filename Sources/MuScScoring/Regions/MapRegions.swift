/// The connected regions of one image's map at the photograph's size that reach a level.
package struct MapRegions: Sendable, Hashable {
    /// One run of pixels in a row that belongs to a region.
    package struct Run: Sendable, Hashable {
        package var y: Int
        package var columns: Range<Int>
        /// The region's index in `regions`.
        package var region: Int
    }

    /// How regions are cut out of a map.
    package struct Cut: Sendable, Hashable, Codable {
        /// A region's highest score is at or above this; infinite for no region at all.
        package var level: Float
        /// Its pixels are at or above this, at most `level`.
        package var low: Float
        /// Its pixels are also at or above this share of the highest score around them: of the patch and its neighbours.
        /// LNAMD spreads a mark over its neighbours, and this takes the margin off again. 0 for any.
        package var contrast: Float
        /// Regions of fewer pixels are left out.
        package var leastArea: Int

        /// - Parameters:
        ///   - growth: The share of `level` down to which a region grows around what reaches it, above 0, at most 1.
        ///   - contrast: 0 to 1; where there are patches.
        package init(level: Float, growth: Float = 1, contrast: Float = 0, leastArea: Int = 0) {
            self.level = level
            self.contrast = contrast
            low = level * min(max(growth, 0), 1)
            self.leastArea = leastArea
        }
    }

    /// The size of the photograph in pixels.
    package let width: Int
    package let height: Int
    /// The regions, the highest score first.
    package let regions: [MapRegion]
    /// Their pixels, row by row from the left.
    package let runs: [Run]

    /// Finds the regions of a map of any size, which is read as it is.
    ///
    /// - Parameter map: `[height, width]` row-major.
    package init(map: [Float], width: Int, height: Int, cut: Cut) {
        precondition(map.count == width * height)
        self.init(width: width, height: height, whole: width * height, cut: cut) { consider in
            map.withUnsafeBufferPointer { map in
                for y in 0..<height { consider(y, UnsafeBufferPointer(rebasing: map[y * width..<(y + 1) * width])) }
            }
        }
    }

    /// Finds the regions of an image's patch scores, resized to the photograph's size as the heat map is; rows that stay
    /// below the level are passed over, so that an image without a region costs next to nothing.
    ///
    /// - Parameters:
    ///   - patches: `[grid.height, grid.width]` row-major.
    ///   - width, height: The photograph's, in pixels.
    ///   - region: The patches that count; pixels on others belong to no region. nil for all.
    package init(
        patches: some Collection<Float>, grid: PatchGrid, width: Int, height: Int, region: PatchRegion? = nil, cut: Cut
    ) {
        let columns = (0..<width).map { $0 * grid.width / max(width, 1) }
        var whole = width * height
        if let region {
            let perColumn = columns.reduce(into: [Int](repeating: 0, count: grid.width)) { $0[$1] += 1 }
            whole = (0..<height).reduce(0) { sum, y in
                let row = y * grid.height / height * grid.width
                return sum + perColumn.indices.reduce(0) { $0 + (region[row + $1] ? perColumn[$1] : 0) }
            }
        }
        self.init(width: width, height: height, whole: whole, cut: cut) { consider in
            let patches = Array(patches)
            // No pixel is higher than the patches around it, but for rounding.
            guard cut.level.isFinite, let highest = patches.max(), highest + 1e-5 * abs(highest) >= cut.level else { return }
            let around = PatchMap.highestAround(patches, grid: grid)
            PatchMap.forEachRow(
                of: patches, beside: around, grid: grid, width: width, height: height, reaching: cut.low
            ) { y, row, around in
                let first = y * grid.height / height * grid.width
                var kept = row
                for x in kept.indices {
                    let isMargin = row[x] < cut.contrast * around[x]
                    if isMargin || region.map({ !$0[first + columns[x]] }) ?? false { kept[x] = -.infinity }
                }
                kept.withUnsafeBufferPointer { consider(y, $0) }
            }
        }
    }

    private init(
        width: Int, height: Int, whole: Int, cut: Cut,
        forEachRow: ((_ y: Int, _ row: UnsafeBufferPointer<Float>) -> Void) -> Void
    ) {
        var connected = ConnectedRuns()
        var sums: [RegionSums] = []
        forEachRow { y, row in
            var found: [Range<Int>] = []
            var x = 0
            while x < row.count {
                guard row[x] >= cut.low else {
                    x += 1
                    continue
                }
                let begin = x
                while x < row.count, row[x] >= cut.low { x += 1 }
                found.append(begin..<x)
                var sum = RegionSums()
                sum.add(begin..<x, y: y, row: row)
                sums.append(sum)
            }
            connected.add(found, row: y)
        }
        let (ofRun, count) = connected.regions()
        var totals = [RegionSums](repeating: RegionSums(), count: count)
        for (run, region) in ofRun.enumerated() { totals[region].add(sums[run]) }
        let measured = totals.map { $0.region(whole: whole) }
        let kept = measured.indices.filter { measured[$0].score >= cut.level && measured[$0].area >= cut.leastArea }
            .sorted { (-measured[$0].score, $0) < (-measured[$1].score, $1) }
        var place = [Int?](repeating: nil, count: count)
        for (index, region) in kept.enumerated() { place[region] = index }
        self.width = width
        self.height = height
        regions = kept.map { measured[$0] }
        runs = ofRun.indices.compactMap { run in
            place[ofRun[run]].map { Run(y: connected.rows[run], columns: connected.runs[run], region: $0) }
        }
    }

    /// A mask of all regions, `[height, width]` row-major: 255 inside, 0 outside.
    package var mask: [UInt8] {
        var mask = [UInt8](repeating: 0, count: width * height)
        for run in runs {
            for x in run.columns { mask[run.y * width + x] = 255 }
        }
        return mask
    }
}
