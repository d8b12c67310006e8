import MuScResults
import FoundationEssentials

extension ResultTable {
    /// Comma-separated values in percent: class, images, anomalous, the seven metrics; where results were published,
    /// also `paper_…` and `difference_…` of each; then the figures at the program's own thresholds, PRO and sPRO by
    /// sorting, and the confusion table of the images. A metric that is not defined is empty.
    package var csv: String {
        let metrics = SevenMetrics.Metric.allCases
        var header = ["class", "images", "anomalous"] + metrics.map(\.rawValue)
        if hasPublished {
            header += metrics.map { "paper_\($0.rawValue)" } + metrics.map { "difference_\($0.rawValue)" }
        }
        header += Self.ownColumns.map(\.key) + ["true_positives", "false_positives", "false_negatives", "true_negatives"]
        let tables = results.classes.map { $0.own?.images } + [nil]
        let lines =
            [header]
            + zip(rows, zip(ownRows, tables)).map { row, beside in
                let (own, table) = beside
                func percents(_ values: SevenMetrics?) -> [String] { metrics.map { values?[$0]?.percent(4) ?? "" } }
                let ours = [row.name, "\(row.images)", "\(row.anomalous)"] + percents(row.metrics)
                let published = hasPublished ? percents(row.published) + percents(row.difference) : []
                let counts = [table?.truePositives, table?.falsePositives, table?.falseNegatives, table?.trueNegatives]
                return ours + published + own.values.map { $0?.percent(4) ?? "" } + counts.map { $0.map { "\($0)" } ?? "" }
            }
        return lines.map { $0.map(CSVTable.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A JSON object in percent: dataset, backbone, image_size, configuration, classes, mean, remarks and notes (what a
    /// reader of the figures should know), paper.
    package var json: String {
        struct Line: Encodable {
            var name: String
            var images: Int
            var anomalous: Int
            var metrics: [String: Double]
            var paper: [String: Double]?
            var difference: [String: Double]?
            var scoring_seconds: Double?
            var metrics_seconds: Double?
            var own: OwnThreshold?
            var seg_f1: Double?
            var pro_exact: Double?
            var spro: Double?
            var groups: [GroupMetrics]?

            init(_ row: Row, _ evaluated: ClassEvaluation?) {
                name = row.name
                images = row.images
                anomalous = row.anomalous
                metrics = Self.percent(row.metrics)
                paper = row.published.map(Self.percent)
                difference = row.difference.map(Self.percent)
                scoring_seconds = evaluated?.scoringSeconds
                metrics_seconds = evaluated?.metricsSeconds
                own = evaluated?.own
                seg_f1 = evaluated?.own?.pixels?.f1.map { $0 * 100 }
                pro_exact = evaluated?.exactOverlap.map { $0 * 100 }
                spro = evaluated?.saturatedOverlap.map { $0 * 100 }
                groups = evaluated.flatMap { $0.groups.isEmpty ? nil : $0.groups }
            }

            static func percent(_ metrics: SevenMetrics) -> [String: Double] {
                var percent: [String: Double] = [:]
                for metric in SevenMetrics.Metric.allCases { percent[metric.rawValue] = metrics[metric].map { $0 * 100 } }
                return percent
            }
        }
        struct Object: Encodable {
            var dataset: String
            var backbone: String
            var image_size: Int
            var unit = "percent"
            var pro_limit: Double
            var configuration: [String: String]
            var classes: [Line]
            var mean: Line
            var remarks: [String]
            var notes: [String: [String]]
            var paper_ms_per_image_rtx3090: Double?
        }
        let object = Object(
            dataset: results.layout.rawValue, backbone: results.backbone, image_size: results.imageSize,
            pro_limit: results.overlapLimit, configuration: results.configuration,
            classes: zip(classes, results.classes).map { Line($0, $1) },
            mean: Line(mean, nil), remarks: results.remarks,
            notes: Dictionary(
                results.classes.map { ($0.name, $0.notes) }, uniquingKeysWith: { first, _ in first }),
            paper_ms_per_image_rtx3090: results.published?.millisecondsPerImage)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(object) else { return "{}" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    /// A workbook: the sheet MuSc_results as the reference writes it, and where results were published two more with
    /// the paper's numbers and the differences.
    package var workbook: Workbook {
        let order: [SevenMetrics.Metric] = [
            .pixelAUROC, .pixelF1Max, .pixelAP, .pixelPRO, .imageAUROC, .imageF1Max, .imageAP,
        ]
        func sheet(_ name: String, _ values: (Row) -> SevenMetrics?) -> Workbook.Sheet {
            let header = [Workbook.Cell.empty] + order.map { Workbook.Cell.text($0.referenceName) }
            let body = rows.map { row -> [Workbook.Cell] in
                let metrics = values(row)
                let cells = order.map { metric -> Workbook.Cell in
                    if let value = metrics?[metric] { .number(value * 100) } else { .empty }
                }
                return [.text(row.name)] + cells
            }
            return Workbook.Sheet(name: name, rows: [header] + body)
        }
        var sheets = [sheet("MuSc_results") { $0.metrics }]
        if hasPublished { sheets += [sheet("paper") { $0.published }, sheet("difference") { $0.difference }] }
        return Workbook(sheets: sheets)
    }
}
