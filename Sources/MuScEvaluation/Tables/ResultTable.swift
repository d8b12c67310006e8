import FoundationEssentials

/// The seven metrics of each class and their mean in percent, with the published numbers beside them where there are any.
package struct ResultTable: Sendable {
    let results: EvaluationResults

    package init(_ results: EvaluationResults) { self.results = results }

    /// One line of the table.
    struct Row: Sendable {
        var name: String
        var images: Int
        var anomalous: Int
        var metrics: SevenMetrics
        /// Published for this class, or as the mean.
        var published: SevenMetrics?
        /// Ours less the published, where both are there.
        var difference: SevenMetrics? {
            guard let published else { return nil }
            var difference = SevenMetrics()
            for metric in SevenMetrics.Metric.allCases {
                if let ours = metrics[metric], let theirs = published[metric] { difference[metric] = ours - theirs }
            }
            return difference
        }
    }

    var classes: [Row] {
        let published = results.published?.classes ?? [:]
        return results.classes.map { evaluated in
            Row(
                name: evaluated.name, images: evaluated.images.count,
                anomalous: evaluated.images.count { $0.isAnomalous }, metrics: evaluated.metrics,
                published: published[evaluated.name])
        }
    }

    var mean: Row {
        Row(
            name: "mean", images: classes.reduce(0) { $0 + $1.images }, anomalous: classes.reduce(0) { $0 + $1.anomalous },
            metrics: results.mean, published: results.publishedMean)
    }

    var rows: [Row] { classes + [mean] }
    var hasPublished: Bool { rows.contains { $0.published != nil } }

    /// What was evaluated, for a heading.
    var title: String { "\(results.layout.rawValue) · \(results.backbone) · \(results.imageSize) px" }

    /// Metrics that are not defined in some class, so that their mean is over fewer classes.
    var partialMeans: [SevenMetrics.Metric] {
        SevenMetrics.Metric.allCases.filter { metric in
            let defined = results.classes.count { $0.metrics[metric] != nil }
            return defined > 0 && defined < results.classes.count
        }
    }
}

/// A number in decimal notation with so many places, rounded half away from zero, whatever the locale.
func decimal(_ value: Double, places: Int) -> String {
    guard value.isFinite else { return "" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let rounded = (value.magnitude * scale).rounded()
    let digits = String(Int(rounded))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let sign = value < 0 && rounded > 0 ? "-" : ""
    return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
}

extension Double {
    /// A share of 1 in percent with so many places.
    func percent(_ places: Int = 2) -> String { decimal(self * 100, places: places) }

    /// A difference of shares in percentage points, with its sign.
    var points: String {
        let text = percent()
        return text.hasPrefix("-") ? text : "+" + text
    }
}
