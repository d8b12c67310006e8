import Glibc
import MuScBatch
import MuScScoring

/// How time and memory of mutual scoring grow with the number of images.
struct GrowthBench {
    let network: SizedNetwork

    private static let counts = [25, 50, 100, 200, 400]
    private static let fewJudges = 32

    /// One table with all judges, one with few.
    var tables: [BenchTable] {
        [table(.all, "all judges"), table(.count(Self.fewJudges), "\(Self.fewJudges) judges")]
    }

    private func table(_ judges: ScoringSettings.Judges, _ name: String) -> BenchTable {
        var settings = network.settings
        settings.judges = judges
        let network = network.with(settings)
        var table = BenchTable(
            title: "\(settings.backbone.name), \(settings.imageSize) px, \(settings.precision.rawValue), \(name)",
            columns: [
                ("images", "images"), ("mutual scoring, s", "scoring_seconds"), ("s/image", "seconds_per_image"),
                ("memory, MB", "peak_megabytes"),
            ])
        var points: [(count: Double, seconds: Double, bytes: Double)] = []
        for count in Self.counts {
            let result = NetworkBench(network: network, images: count, networkImages: 1).run()
            let seconds = result.scoring * Double(count)
            points.append((Double(count), seconds, Double(result.peakMemory)))
            table.rows.append([
                .number(Double(count), decimals: 0), .number(seconds, decimals: 2), .number(result.scoring, decimals: 4),
                .number(Double(result.peakMemory >> 20), decimals: 0),
            ])
        }
        let time = Self.slope(points.map { (log($0.count), log($0.seconds)) })
        let memory = Self.slope(points.map { ($0.count, $0.bytes) }) / Double(1 << 20)
        table.notes = [
            "Fits: time grows as N^\(BenchTable.fixed(time, 2)), memory by \(BenchTable.fixed(memory, 1)) MB an image."
        ]
        return table
    }

    /// The slope of the least-squares line.
    private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
        let count = Double(points.count)
        let (meanX, meanY) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
        let products = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        return products / points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    }
}
