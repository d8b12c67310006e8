import Mustache
import SystemPackage

/// `evaluation.html`: the table, and for each class its curves, its scores by type and its worst misses.
struct EvaluationPage {
    let results: EvaluationResults

    init(_ results: EvaluationResults) { self.results = results }

    /// - Throws: ``EvaluationError/file(_:reason:)`` where the page's template cannot be read.
    func html() throws(EvaluationError) -> String {
        let table = ResultTable(results)
        let template: MustacheTemplate
        do {
            template = try MustacheTemplate(
                string: String(decoding: PackageResources.evaluation_mustache, as: UTF8.self))
        } catch {
            throw .file("evaluation.html", reason: "the page's template cannot be read: \(error)")
        }
        return template.render(
            [
                "title": "Evaluation: \(table.title)", "images": table.mean.images,
                "classCount": results.classes.count == 1 ? "one class" : "\(results.classes.count) classes",
                "remarks": table.remarks, "metricTitles": SevenMetrics.Metric.allCases.map(\.title),
                "rows": rows(table), "ownTitle": table.ownTitle, "ownTitles": ResultTable.ownColumns.map(\.title),
                "ownRows": table.ownRows.map { ["name": $0.name, "values": $0.values.map { $0?.percent() ?? "–" }] },
                "groups": table.groupRows, "anyGroups": !table.groupRows.isEmpty,
                "classes": results.classes.indices.map(section),
                "settings": results.configuration.sorted { $0.key < $1.key }.map { ["key": $0.key, "value": $0.value] },
            ] as [String: Any])
    }

    private func rows(_ table: ResultTable) -> [[String: Any]] {
        func line(_ name: String, _ images: String, _ values: [String], kind: String?, anchor: String? = nil) -> [String: Any] {
            var line: [String: Any] = ["name": name, "images": images, "values": values]
            line["kind"] = kind
            line["anchor"] = anchor
            return line
        }
        let metrics = SevenMetrics.Metric.allCases
        var lines: [[String: Any]] = []
        for (index, row) in table.rows.enumerated() {
            let isMean = index == results.classes.count
            lines.append(
                line(
                    row.name, "\(row.images)", metrics.map { row.metrics[$0]?.percent() ?? "–" },
                    kind: isMean ? "mean" : nil, anchor: isMean ? nil : anchor(index)))
            if let published = row.published, let difference = row.difference {
                lines.append(line("paper", "", metrics.map { published[$0]?.percent() ?? "–" }, kind: "paper"))
                lines.append(line("difference", "", metrics.map { difference[$0]?.points ?? "–" }, kind: "paper"))
            }
        }
        if !results.comparedMethods.isEmpty {
            lines.append(line(table.runSetting, "", metrics.map { table.mean.metrics[$0]?.percent(1) ?? "–" }, kind: "paper"))
        }
        for method in results.comparedMethods {
            lines.append(
                line(
                    "\(method.name), \(method.setting) (\(method.venue))", "",
                    metrics.map { method.metrics[$0]?.percent(1) ?? "–" }, kind: "paper"))
        }
        return lines
    }

    private func anchor(_ index: Int) -> String { "class-\(index + 1)" }

    private func section(_ index: Int) -> [String: Any] {
        let evaluated = results.classes[index]
        let anomalous = evaluated.images.count { $0.isAnomalous }
        let threshold = evaluated.imageThreshold.map { decimal(Double($0), places: 4) } ?? "–"
        let seconds = decimal(evaluated.scoringSeconds, places: 1)
        let regions = evaluated.regions > 0 ? ", \(evaluated.regions) marked regions" : ""
        return [
            "anchor": anchor(index), "name": evaluated.name, "open": results.classes.count == 1,
            "summary": "\(evaluated.images.count) images, \(anomalous) anomalous\(regions), scored in \(seconds) s",
            "roc": CurvePlot.roc(evaluated), "precisionRecall": CurvePlot.precisionRecall(evaluated),
            "histogram": ScoreHistogram(evaluated).svg, "threshold": threshold,
            "anyMisses": !evaluated.misses.isEmpty, "misses": evaluated.misses.map { miss(evaluated, $0) },
            "notes": evaluated.notes,
        ]
    }

    private func miss(_ evaluated: ClassEvaluation, _ miss: ClassEvaluation.Miss) -> [String: Any] {
        let image = evaluated.images[miss.image]
        var values: [String: Any] = [
            "path": image.path, "score": decimal(Double(image.score), places: 4),
            "kind": image.isAnomalous ? "scores low (\(image.type))" : "scores high (\(image.type))",
        ]
        values["photograph"] = miss.photograph.map(Self.url)
        values["heatMap"] = miss.heatMap.map(Self.url)
        return values
    }

    /// A relative path as a URL.
    private static func url(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
