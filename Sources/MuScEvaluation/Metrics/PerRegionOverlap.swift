import MuScSupport

/// PRO, the per-region overlap: how much of each defect lies above a threshold, whatever its size, against the false alarms.
///
/// At each of 200 thresholds, equally spaced from the lowest score of all maps (included) to the highest (excluded),
/// the overlap is the mean over all 8-connected anomalous regions of the part of the region whose score is strictly
/// above the threshold, and the false-positive rate is the part of all normal pixels above it. PRO is the area under
/// overlap against rate by trapezoids, over the thresholds with a rate below 0.3, the rates rescaled by their own
/// smallest and largest to 0…1. This is the measure as MuSc's reference implementation computes it; the definition
/// goes back to Bergmann et al., "Uninformed Students" (CVPR 2020).
///
/// As the thresholds are known beforehand, each mask is labelled once and each pixel counted once: a pixel lies above
/// the first so many thresholds, so a histogram of these numbers for each region gives its overlap at all of them.
package struct PerRegionOverlap: Sendable, Hashable {
    /// The number of thresholds.
    package static let thresholdCount = 200
    /// Only thresholds with a smaller rate of false positives count.
    package static let falsePositiveLimit = 0.3

    /// One threshold.
    package struct Point: Sendable, Hashable {
        /// Pixels with a score strictly above are taken for anomalous.
        package let threshold: Double
        /// Mean over the regions of the part above the threshold, 0 to 1.
        package let overlap: Double
        /// Part of the normal pixels above the threshold, 0 to 1.
        package let falsePositiveRate: Double
    }

    /// The number of regions.
    package let regions: Int
    /// PRO, 0 to 1; nil where there is no region or no normal pixel, and where the rates below 0.3 do not span an
    /// interval (all scores equal, or no threshold but the lowest with any false positive).
    package let value: Double?
    /// All thresholds in ascending order; empty where there is no region or no normal pixel.
    package let curve: [Point]

    /// Computes PRO.
    ///
    /// - Parameters:
    ///   - maps: Scores of `count` images of the same size, `[count, height, width]` row-major; finite.
    ///   - masks: Labels of the same shape; 0 is normal, anything else anomalous.
    ///   - width: Pixels in a row.
    ///   - height: Rows.
    ///   - threads: The most threads to use; an image is the smallest piece of work.
    /// - Throws: ``MetricError``, where the counts do not fit or a score is not finite.
    package init(maps: [Float], masks: [UInt8], width: Int, height: Int, threads: Int = 1) throws(MetricError) {
        guard maps.count == masks.count else { throw .countsDiffer(scores: maps.count, labels: masks.count) }
        let area = width * height
        guard area > 0, maps.count % area == 0 else {
            throw .notWholeImages(values: maps.count, width: width, height: height)
        }
        let count = maps.count / area
        let extents = concurrentMap(count, threads: threads) { image in
            var lowest = Float.infinity
            var highest = -Float.infinity
            var valid = true
            for score in maps[image * area..<(image + 1) * area] {
                lowest = min(lowest, score)
                highest = max(highest, score)
                if !score.isFinite { valid = false }
            }
            return (lowest: lowest, highest: highest, valid: valid)
        }
        if let image = extents.firstIndex(where: { !$0.valid }) {
            let pixel = maps[image * area..<(image + 1) * area].firstIndex { !$0.isFinite }
            throw .notFinite(index: pixel ?? image * area)
        }
        let thresholds = Thresholds(
            lowest: extents.reduce(Float.infinity) { min($0, $1.lowest) },
            highest: extents.reduce(-Float.infinity) { max($0, $1.highest) })

        let tallies = concurrentMap(count, threads: threads) { image in
            let range = image * area..<(image + 1) * area
            return ImageTally(map: maps[range], mask: masks[range], width: width, thresholds: thresholds)
        }
        var overlaps = [Double](repeating: 0, count: Self.thresholdCount)
        var falsePositives = [Int](repeating: 0, count: Self.thresholdCount)
        var normalPixels = 0
        var regionCount = 0
        for tally in tallies {
            regionCount += tally.regions
            normalPixels += tally.normalPixels
            for i in 0..<Self.thresholdCount {
                falsePositives[i] += tally.falsePositives[i]
                if tally.regions > 0 { overlaps[i] += tally.overlaps[i] }
            }
        }
        regions = regionCount
        guard regionCount > 0, normalPixels > 0 else {
            value = nil
            curve = []
            return
        }
        curve = (0..<Self.thresholdCount).map { i in
            Point(
                threshold: thresholds.values[i], overlap: overlaps[i] / Double(regionCount),
                falsePositiveRate: Double(falsePositives[i]) / Double(normalPixels))
        }
        value = Self.area(under: curve)
    }

    /// The area under overlap against rate, over the rates below the limit, rescaled to 0…1.
    private static func area(under curve: [Point]) -> Double? {
        let kept = curve.filter { $0.falsePositiveRate < falsePositiveLimit }
        guard let first = kept.first, let last = kept.last else { return nil }
        // Rates fall as thresholds rise.
        let span = first.falsePositiveRate - last.falsePositiveRate
        guard span > 0 else { return nil }
        var area = 0.0
        for (a, b) in zip(kept, kept.dropFirst()) {
            area += (a.falsePositiveRate - b.falsePositiveRate) * (a.overlap + b.overlap) / 2
        }
        return area / span
    }
}

/// Equally spaced thresholds, and how many of them lie below a score.
private struct Thresholds: Sendable {
    let values: [Double]
    private let lowest: Double
    private let perUnit: Double

    init(lowest: Float, highest: Float) {
        let count = PerRegionOverlap.thresholdCount
        self.lowest = Double(lowest)
        let delta = (Double(highest) - Double(lowest)) / Double(count)
        perUnit = delta > 0 && delta.isFinite ? 1 / delta : 0
        values = (0..<count).map { Double(lowest) + Double($0) * delta }
    }

    /// The number of thresholds strictly below `score`, 0 to 200.
    @inline(__always)
    func countBelow(_ score: Float) -> Int {
        let score = Double(score)
        // A first guess by division; rounding puts it off by one at most, and comparing decides.
        var below = min(max(Int((score - lowest) * perUnit), 0), values.count)
        while below < values.count, values[below] < score { below += 1 }
        while below > 0, values[below - 1] >= score { below -= 1 }
        return below
    }
}

/// What one image adds at each threshold.
private struct ImageTally: Sendable {
    /// Sum over the image's regions of the part above the threshold; empty where there is none.
    var overlaps: [Double] = []
    /// Normal pixels above the threshold.
    var falsePositives: [Int]
    var normalPixels: Int
    var regions: Int

    init(map: ArraySlice<Float>, mask: ArraySlice<UInt8>, width: Int, thresholds: Thresholds) {
        let bins = PerRegionOverlap.thresholdCount + 1
        var all = [Int](repeating: 0, count: bins)
        for score in map { all[thresholds.countBelow(score)] += 1 }

        let found = ConnectedRegions(mask: mask, width: width)
        regions = found.areas.count
        normalPixels = map.count - found.areas.reduce(0, +)
        if regions > 0 {
            var counts = [Int](repeating: 0, count: bins * regions)
            for (run, region) in zip(found.runs, found.regionOfRun) {
                for pixel in run {
                    let bin = thresholds.countBelow(map[map.startIndex + pixel])
                    counts[region * bins + bin] += 1
                    all[bin] -= 1
                }
            }
            overlaps = [Double](repeating: 0, count: bins - 1)
            for region in 0..<regions {
                let above = Self.above(counts[region * bins..<(region + 1) * bins])
                for i in overlaps.indices { overlaps[i] += Double(above[i]) / Double(found.areas[region]) }
            }
        }
        falsePositives = Self.above(all[...])
    }

    /// For each threshold i the pixels with more than i thresholds below them, which are those above it.
    private static func above(_ bins: ArraySlice<Int>) -> [Int] {
        var above = [Int](repeating: 0, count: bins.count - 1)
        var sum = 0
        for i in above.indices.reversed() {
            sum += bins[bins.startIndex + i + 1]
            above[i] = sum
        }
        return above
    }
}
