/// A connected region of an anomaly map above a level: where a defect is, how large and how bad.
///
/// All places are in pixels of the upright photograph; x grows to the right and y downwards, and a pixel's place is its
/// index.
package struct MapRegion: Sendable, Hashable, Codable {
    /// The least rectangle around the region: its leftmost column, topmost row, columns and rows.
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int
    /// Pixels.
    package var area: Int
    /// The area as a share of the photograph, 0 to 1; of the region of interest where there is one.
    package var share: Double
    /// The mean place of its pixels.
    package var centroidX: Double
    package var centroidY: Double
    /// The place of its highest score, the first row by row.
    package var peakX: Int
    package var peakY: Int
    /// The highest score, a distance of 0 to 2 as all scores.
    package var score: Float
    /// The mean score of its pixels.
    package var meanScore: Float
    /// How much longer than wide: the square root of the ratio of its pixels' two principal variances, each taken with
    /// the 1/12 that a pixel's own width gives. 1 for a disc or a square, about n for a line of n pixels.
    package var elongation: Double

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case x, y, width, height, area, share
        case centroidX = "centroid_x", centroidY = "centroid_y", peakX = "peak_x", peakY = "peak_y"
        case score, meanScore = "mean_score", elongation
    }

    /// Whether the region's rectangle holds a pixel.
    package func holds(x column: Int, y row: Int) -> Bool { (x..<x + width).contains(column) && (y..<y + height).contains(row) }
}

/// Sums over a region's pixels, from which its measures follow.
struct RegionSums: Sendable {
    private var count = 0
    private var left = Int.max, right = -1, top = Int.max, bottom = -1
    private var x = 0.0, y = 0.0, xx = 0.0, yy = 0.0, xy = 0.0
    private var scores = 0.0
    private(set) var peak = (score: -Float.infinity, x: 0, y: 0)

    /// Adds a run of a row with the scores of its pixels.
    ///
    /// - Parameter row: The scores of the whole row.
    mutating func add(_ columns: Range<Int>, y rowIndex: Int, row: UnsafeBufferPointer<Float>) {
        let length = Double(columns.count)
        count += columns.count
        left = min(left, columns.lowerBound)
        right = max(right, columns.upperBound - 1)
        top = min(top, rowIndex)
        bottom = max(bottom, rowIndex)
        var sum = 0.0
        for column in columns {
            let score = row[column]
            sum += Double(score)
            if score > peak.score { peak = (score, column, rowIndex) }
        }
        scores += sum
        // Sums of x and x² over the columns in closed form.
        let (first, last) = (Double(columns.lowerBound), Double(columns.upperBound - 1))
        let mean = (first + last) / 2
        let (line, square) = (Double(rowIndex), mean * mean + (length * length - 1) / 12)
        x += mean * length
        y += line * length
        xx += square * length
        yy += line * line * length
        xy += mean * line * length
    }

    mutating func add(_ other: RegionSums) {
        count += other.count
        (left, right) = (min(left, other.left), max(right, other.right))
        (top, bottom) = (min(top, other.top), max(bottom, other.bottom))
        (x, y, xx, yy, xy, scores) = (x + other.x, y + other.y, xx + other.xx, yy + other.yy, xy + other.xy, scores + other.scores)
        if other.peak.score > peak.score { peak = other.peak }
    }

    /// - Parameter whole: Pixels of which the share is taken.
    func region(whole: Int) -> MapRegion {
        let number = Double(count)
        let (meanX, meanY) = (x / number, y / number)
        let varianceX = max(0, xx / number - meanX * meanX) + 1.0 / 12
        let varianceY = max(0, yy / number - meanY * meanY) + 1.0 / 12
        let covariance = xy / number - meanX * meanY
        let half = (varianceX + varianceY) / 2
        let spread = ((varianceX - varianceY) * (varianceX - varianceY) / 4 + covariance * covariance).squareRoot()
        return MapRegion(
            x: left, y: top, width: right - left + 1, height: bottom - top + 1, area: count,
            share: number / Double(max(1, whole)), centroidX: meanX, centroidY: meanY, peakX: peak.x, peakY: peak.y,
            score: peak.score, meanScore: Float(scores / number),
            elongation: ((half + spread) / max(half - spread, 1e-12)).squareRoot())
    }
}
