/// The connected regions of a mask: pixels belong together where they touch, corners included (8-connected).
///
/// Regions are held as runs of pixels in a row, found in one pass over the mask.
struct ConnectedRegions {
    /// Runs of anomalous pixels, row by row, as ranges of pixel indices.
    private(set) var runs: [Range<Int>] = []
    /// The region of each run, counted from zero in the order in which the regions' first pixels come.
    private(set) var regionOfRun: [Int] = []
    /// The number of pixels of each region.
    private(set) var areas: [Int] = []

    /// - Parameters:
    ///   - mask: `height · width` labels, row by row; anything but 0 is anomalous.
    ///   - width: Pixels in a row.
    init(mask: ArraySlice<UInt8>, width: Int) {
        // Union-find over runs: a run's root is the earliest run of its region.
        var parents: [Int] = []
        func root(_ run: Int) -> Int {
            var run = run
            while parents[run] != run {
                parents[run] = parents[parents[run]]
                run = parents[run]
            }
            return run
        }

        var previousRow = 0..<0
        var rowStart = mask.startIndex
        while rowStart < mask.endIndex {
            let rowEnd = rowStart + width
            let firstRun = runs.count
            var above = previousRow.lowerBound
            var x = rowStart
            while x < rowEnd {
                guard mask[x] != 0 else {
                    x += 1
                    continue
                }
                let begin = x
                while x < rowEnd, mask[x] != 0 { x += 1 }
                let run = runs.count
                runs.append(begin - mask.startIndex..<x - mask.startIndex)
                parents.append(run)
                // Runs of the row above touch this one where they overlap it when widened by one pixel on each side.
                let left = runs[run].lowerBound - width - 1
                let right = runs[run].upperBound - width + 1
                while above < previousRow.upperBound, runs[above].upperBound <= left { above += 1 }
                var touching = above
                while touching < previousRow.upperBound, runs[touching].lowerBound < right {
                    let (a, b) = (root(touching), root(run))
                    if a != b { parents[max(a, b)] = min(a, b) }
                    touching += 1
                }
            }
            previousRow = firstRun..<runs.count
            rowStart = rowEnd
        }

        var regionOfRoot: [Int: Int] = [:]
        for run in runs.indices {
            let region = regionOfRoot[root(run), default: areas.count]
            if region == areas.count {
                regionOfRoot[root(run)] = region
                areas.append(0)
            }
            regionOfRun.append(region)
            areas[region] += runs[run].count
        }
    }
}
