import FoundationEssentials

extension ResultTable {
    /// Comma-separated values in percent: class, images, anomalous, the seven metrics; where results were published,
    /// also `paper_…` and `difference_…` of each. A metric that is not defined is empty.
    package var csv: String {
        let metrics = SevenMetrics.Metric.allCases
        var header = ["class", "images", "anomalous"] + metrics.map(\.rawValue)
        if hasPublished {
            header += metrics.map { "paper_\($0.rawValue)" } + metrics.map { "difference_\($0.rawValue)" }
        }
        let lines = [header] + rows.map { row in
            func percents(_ values: SevenMetrics?) -> [String] { metrics.map { values?[$0]?.percent(4) ?? "" } }
            let ours = [row.name, "\(row.images)", "\(row.anomalous)"] + percents(row.metrics)
            return hasPublished ? ours + percents(row.published) + percents(row.difference) : ours
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

            init(_ row: Row, _ evaluated: ClassEvaluation?) {
                name = row.name
                images = row.images
                anomalous = row.anomalous
                metrics = Self.percent(row.metrics)
                paper = row.published.map(Self.percent)
                difference = row.difference.map(Self.percent)
                scoring_seconds = evaluated?.scoringSeconds
                metrics_seconds = evaluated?.metricsSeconds
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
            var configuration: [String: String]
            var classes: [Line]
            var mean: Line
            var remarks: [String]
            var notes: [String: [String]]
            var paper_ms_per_image_rtx3090: Double?
        }
        let object = Object(
            dataset: results.layout.rawValue, backbone: results.backbone, image_size: results.imageSize,
            configuration: results.configuration, classes: zip(classes, results.classes).map { Line($0, $1) },
            mean: Line(mean, nil), remarks: results.remarks,
            notes: Dictionary(
                results.classes.map { ($0.name, $0.notes) }, uniquingKeysWith: { first, _ in first }), paper_ms_per_image_rtx3090: results.published?.millisecondsPerImage)
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
