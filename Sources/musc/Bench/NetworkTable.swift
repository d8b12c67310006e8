import MuScEvaluation
import MuScScoring

/// The figures of backbones at their image sizes.
struct NetworkTable {
    let peak: PeakRate
    private(set) var table: BenchTable

    init(peak: PeakRate, images: Int, threads: Int) {
        self.peak = peak
        table = BenchTable(
            title: "\(images) images, \(threads) threads; peak of this processor: \(Self.giga(peak.fp32)) GFLOP/s in fp32, "
                + "\(Self.giga(peak.bfloat16)) in bfloat16, \(Self.giga(peak.int8)) Gop/s in int8",
            columns: [
                ("backbone", "backbone"), ("px", "image_size"), ("precision", "precision"),
                ("features, s/image", "features_seconds"), ("of peak, %", "features_peak_percent"),
                ("products done, %", "products_percent"), ("mutual scoring, s/image", "scoring_seconds"),
                ("of peak, %", "scoring_peak_percent"), ("together, s/image", "seconds"),
                ("RTX 3090, s/image", "rtx3090_seconds"), ("ratio", "rtx3090_ratio"), ("memory, MB", "peak_megabytes"),
            ])
        table.notes = [
            "Products done: of all pairs of patches of two images, those that the partner window leaves, with its rim. Mutual",
            "scoring is timed on one feature layer of the whole batch and multiplied. RTX 3090: as the paper prints it, for 200",
            "images with the reference's parameters.",
        ]
    }

    mutating func add(_ bench: NetworkBench) {
        let result = bench.run()
        let settings = bench.network.settings
        let isFast = settings.precision.isFast
        let (networkPeak, scoringPeak) = isFast ? (peak.bfloat16, peak.int8) : (peak.fp32, peak.fp32)
        func share(_ rate: Double, _ peak: Double, _ fallback: Double) -> BenchTable.Cell {
            .number(100 * rate / (peak > 0 ? peak : fallback), decimals: 0)
        }
        let printed = PublishedFigures.millisecondsPerImage(backbone: settings.backbone.name, imageSize: settings.imageSize.width)
        table.rows.append([
            .text(settings.backbone.name), .number(Double(settings.imageSize.width), decimals: 0),
            .text(settings.precision.rawValue), .number(result.features, decimals: 3),
            share(result.featuresRate, networkPeak, peak.fp32), .number(100 * result.computedShare, decimals: 0),
            .number(result.scoring, decimals: 3), share(result.scoringRate, scoringPeak, peak.fp32),
            .number(result.total, decimals: 3), printed.map { .number($0 / 1000, decimals: 3) } ?? .none,
            printed.map { .number(result.total / ($0 / 1000), decimals: 2) } ?? .none,
            .number(Double(result.peakMemory >> 20), decimals: 0),
        ])
    }

    private static func giga(_ rate: Double) -> Int { Int((rate / 1e9).rounded()) }
}
