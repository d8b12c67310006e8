import MuScScoring

/// The connected regions of a mask: pixels belong together where they touch, corners included (8-connected).
///
/// Regions are held as runs of pixels in a row, found in one pass over the mask.
struct ConnectedRegions {
    /// Runs of anomalous pixels, row by row, as ranges of pixel indices.
    let runs: [Range<Int>]
    /// The region of each run, counted from zero in the order in which the regions' first pixels come.
    let regionOfRun: [Int]
    /// The number of pixels of each region.
    let areas: [Int]

    /// - Parameters:
    ///   - mask: `height · width` labels, row by row; anything but 0 is anomalous.
    ///   - width: Pixels in a row.
    init(mask: ArraySlice<UInt8>, width: Int) {
        var connected = ConnectedRuns()
        for (row, start) in stride(from: mask.startIndex, to: mask.endIndex, by: width).enumerated() {
            var found: [Range<Int>] = []
            var x = 0
            while x < width {
                guard mask[start + x] != 0 else {
                    x += 1
                    continue
                }
                let begin = x
                while x < width, mask[start + x] != 0 { x += 1 }
                found.append(begin..<x)
            }
            connected.add(found, row: row)
        }
        let regions = connected.regions()
        var areas = [Int](repeating: 0, count: regions.count)
        for (run, region) in regions.ofRun.enumerated() { areas[region] += connected.runs[run].count }
        runs = zip(connected.runs, connected.rows).map { run, row in
            row * width + run.lowerBound..<row * width + run.upperBound
        }
        regionOfRun = regions.ofRun
        self.areas = areas
    }
}
