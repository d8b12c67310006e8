import FoundationEssentials
import MuScSupport
import MuScVerdicts

/// An evaluation on a line as tables: for a terminal, as Markdown, CSV and JSON. Figures are in percent.
package struct LineTable: Sendable {
    private let evaluation: LineEvaluation
    private let rows: [(row: LineEvaluation.Row, figures: LineFigures?)]

    package init(_ evaluation: LineEvaluation) {
        self.evaluation = evaluation
        rows = evaluation.rows.map { ($0, evaluation.figures(of: $0)) }
    }

    // MARK: Parts

    /// How many parts of each origin were found good and defective.
    private var origins: [(origin: PartVerdict.Origin, good: Int, defective: Int)] {
        PartVerdict.Origin.allCases.map { origin in
            let own = evaluation.parts.filter { $0.origin == origin }
            return (origin, own.count { !$0.isDefective }, own.count { $0.isDefective })
        }
    }

    private var heading: String {
        "\(evaluation.line): \(evaluation.parts.count) checked parts with scores, \(evaluation.good) good and "
            + "\(evaluation.defective) defective, in \(Self.count(evaluation.batches.count, "batch", "batches"))"
    }

    /// All parts of the batches that checked parts stand for.
    private var allParts: Int { evaluation.batches.reduce(0) { $0 + $1.flagged + $1.others } }

    private var estimateTitle: String { "Estimated for all \(allParts) parts of these batches" }

    // MARK: For people

    /// For a terminal.
    package var text: String {
        let width = max(17, rows.map { Self.name($0.row).count }.max() ?? 0)
        var lines = [heading, ""]
        func line(_ first: String, _ cells: [(String, Int)]) {
            var line = first.padded(to: width)
            for (cell, width) in cells { line += "  " + String(repeating: " ", count: max(0, width - cell.count)) + cell }
            lines.append(line)
        }
        line("", [("good", 6), ("defective", 9)])
        for (origin, good, defective) in origins { line(origin.rawValue, [("\(good)", 6), ("\(defective)", 9)]) }
        if evaluation.tooFew == nil {
            lines.append("")
            line("All checked parts", [("AUROC", 6), ("recall", 22), ("false alarms", 22)])
            for (row, figures) in rows {
                guard let checked = figures?.checked else { continue }
                line(
                    Self.name(row),
                    [(Self.percent(checked.auroc), 6), (Self.recall(checked.images), 22), (Self.alarms(checked.images), 22)])
            }
            if rows.contains(where: { $0.figures?.estimated != nil }) {
                lines += ["", estimateTitle]
                for (row, figures) in rows {
                    guard let estimated = figures?.estimated else { continue }
                    line(
                        Self.name(row),
                        [(Self.percent(estimated.auroc), 6), (Self.share(estimated.recall), 22), (Self.share(estimated.falseAlarms), 22)])
                }
            }
        }
        lines.append("")
        for (row, _) in rows { lines += settingLines(of: row).map { "\(Self.name(row)): \($0)" } }
        return (lines + [""] + remarks).joined(separator: "\n")
    }

    /// The same as Markdown.
    package var markdown: String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        var lines = ["# \(heading)", "", "| | good | defective |", "|---|---:|---:|"]
        for (origin, good, defective) in origins { lines.append("| \(origin.rawValue) | \(good) | \(defective) |") }
        let header = "|---|---:|---:|---:|"
        if evaluation.tooFew == nil {
            lines += ["", "Percent.", "", "| all checked parts | AUROC | recall | false alarms |", header]
            for (row, figures) in rows {
                guard let checked = figures?.checked else { continue }
                let cells = [Self.percent(checked.auroc), Self.recall(checked.images), Self.alarms(checked.images)]
                lines.append("| \(cell(Self.name(row))) | \(cells.joined(separator: " | ")) |")
            }
            if rows.contains(where: { $0.figures?.estimated != nil }) {
                lines += ["", "| \(estimateTitle) | AUROC | recall | false alarms |", header]
                for (row, figures) in rows {
                    guard let estimated = figures?.estimated else { continue }
                    let cells = [Self.percent(estimated.auroc), Self.share(estimated.recall), Self.share(estimated.falseAlarms)]
                    lines.append("| \(cell(Self.name(row))) | \(cells.joined(separator: " | ")) |")
                }
            }
        }
        lines += ["", "| row | settings |", "|---|---|"]
        for (row, _) in rows { lines += settingLines(of: row).map { "| \(cell(Self.name(row))) | \(cell($0)) |" } }
        lines += [""] + remarks.map { "* \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func name(_ row: LineEvaluation.Row) -> String {
        row.kind == .given ? row.flags.joined(separator: " ") : row.kind.rawValue
    }

    private static func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }

    private static func percent(_ share: Double?) -> String { share?.percent(1) ?? "–" }

    private static func recall(_ images: Confusion) -> String {
        "\(percent(images.recall)) (\(images.truePositives) of \(images.truePositives + images.falseNegatives))"
    }

    private static func alarms(_ images: Confusion) -> String {
        "\(percent(images.falseAlarmRate)) (\(images.falsePositives) of \(images.falsePositives + images.trueNegatives))"
    }

    private static func share(_ share: EstimatedShare?) -> String {
        share.map { "\(percent($0.value)) (\($0.low.percent(1)) to \($0.high.percent(1)))" } ?? "–"
    }

    /// What of the settings is told of a row, a line for each kind of batch.
    private func settingLines(of row: LineEvaluation.Row) -> [String] {
        groups(row).map { settings, batches in
            func text(_ name: String) -> String { settings[name] ?? "" }
            var parts = [text("model.backbone"), "\(text("model.image_size")) px", "preset \(text("scoring.preset"))"]
            if !text("model.region").isEmpty { parts.append("region \(text("model.region"))") }
            let rules = Dictionary(grouping: batches.compactMap { row.rules[$0] }) { $0 }.sorted { $0.key < $1.key }
            parts.append("threshold " + rules.map { rules.count == 1 ? $0.key : "\($0.key) (\($0.value.count))" }.joined(separator: ", "))
            return parts.joined(separator: ", ")
                + (evaluation.batches.count > batches.count ? ": \(Self.count(batches.count, "batch", "batches"))" : "")
        }
    }

    /// The batches of a row by what decided their scores, the most frequent first.
    private func groups(_ row: LineEvaluation.Row) -> [(settings: [String: String], batches: [String])] {
        Dictionary(grouping: evaluation.batches.map(\.folder.string)) { row.settings[$0] ?? [:] }
            .sorted { ($1.value.count, $0.value.first ?? "") < ($0.value.count, $1.value.first ?? "") }
            .map { ($0.key, $0.value) }
    }

    /// What a reader of the figures should know, a sentence each.
    package var remarks: [String] {
        var remarks: [String] = evaluation.tooFew.map { [$0] } ?? []
        if evaluation.tooFew == nil { remarks += biases }
        if let last = rows.last?.row, last.kind == .given {
            remarks.append(
                "Computed anew are judged by their batch's own images and the known good ones alone, without the line's past and verdicts: "
                    + "hold \(Self.name(last)) against \(LineEvaluation.Row.Kind.configured.rawValue).")
            remarks.append(
                "People were shown what the present scores put first: a defect that only other settings find is known where a spot check "
                    + "or somebody's eye came upon it.")
        } else if evaluation.batches.contains(where: { !$0.judges.isEmpty }) {
            let judges = Set(evaluation.batches.flatMap(\.judges)).sorted().joined(separator: ", ")
            remarks.append("Beside their batches' own images judged: \(judges).")
        }
        if rows.count > 1, settingLines(of: rows[0].row) != settingLines(of: rows[1].row) {
            remarks.append("The present scores were made with other settings, or thresholds, than the configuration has now.")
        }
        if groups(rows[0].row).count > 1 {
            remarks.append("The batches were scored with more than one setting, and their scores are compared.")
        }
        if evaluation.goneJudges > 0 {
            let gone = Self.count(evaluation.goneJudges, "photograph without a verdict is", "photographs without a verdict are")
            remarks.append("\(gone) gone, so that fewer judge what is computed anew.")
        }
        if evaluation.unsure > 0 {
            remarks.append("Of \(Self.count(evaluation.unsure, "part", "parts")) nobody could tell: they count for nothing.")
        }
        return remarks + leftOut
    }

    /// Which checked parts are left out, a sentence a reason.
    package var leftOut: [String] {
        Set(evaluation.leftOut.map(\.reason)).sorted(by: { $0.sentence < $1.sentence }).map { reason in
            let labels = evaluation.leftOut.filter { $0.reason == reason }.map(\.label)
            let more = labels.count > Self.mostNames ? " and \(labels.count - Self.mostNames) more" : ""
            return "\(Self.count(labels.count, "checked part is", "checked parts are")) left out: \(reason.sentence): "
                + labels.prefix(Self.mostNames).joined(separator: ", ") + more + "."
        }
    }

    private static let mostNames = 5

    private var biases: [String] {
        let top = evaluation.parts.count { $0.origin == .top }
        let checks = evaluation.parts.count { !$0.isFlagged && $0.origin == .spotCheck }
        let flagged = evaluation.parts.count(where: \.isFlagged)
        let others = evaluation.parts.count - flagged - checks
        var remarks: [String] = []
        if top > 0 {
            remarks.append(
                "\(top) of the \(evaluation.parts.count) checked parts were looked at because they score high: all checked parts are no sample "
                    + "of the line, and their false alarms are more than the line has.")
        }
        guard evaluation.sample.groups != nil else {
            let missing = checks == 0 ? "no spot check among the parts that are not flagged" : "no flagged part that was checked"
            return remarks + ["No estimate for all parts: there is \(missing). Reports ask for spot checks (output.spot_checks)."]
        }
        let all = evaluation.batches.reduce((0, 0)) { ($0.0 + $1.flagged, $0.1 + $1.others) }
        remarks.append(
            "The estimate: \(flagged) checked ones stand for the \(all.0) flagged parts, \(checks) spot checks for the \(all.1) others"
                + (others > 0 ? "; \(others) that somebody came upon otherwise stand for none" : "")
                + ". In brackets the limits of Clopper and Pearson, 95 % for each share; the AUROC has none.")
        return remarks
    }

    // MARK: For programs

    /// Comma-separated values: a line for each row over all checked parts, and one over all parts of the batches where these
    /// can be estimated. What is not defined is empty.
    package var csv: String {
        var lines = [
            [
                "row", "flags", "over", "good", "defective", "auroc", "recall", "recall_low", "recall_high", "false_alarms",
                "false_alarms_low", "false_alarms_high", "true_positives", "false_positives", "false_negatives", "true_negatives",
            ]
        ]
        func number(_ share: Double?) -> String { share?.percent(4) ?? "" }
        for (row, figures) in rows {
            let start = [row.kind.rawValue, row.flags.joined(separator: " ")]
            let checked = figures?.checked
            let counts = checked.map {
                [$0.images.truePositives, $0.images.falsePositives, $0.images.falseNegatives, $0.images.trueNegatives]
            }
            lines.append(
                start + [
                    "checked", "\(evaluation.good)", "\(evaluation.defective)", number(checked?.auroc), number(checked?.images.recall), "",
                    "",
                ]
                    + [number(checked?.images.falseAlarmRate), "", ""] + (counts?.map { "\($0)" } ?? ["", "", "", ""]))
            guard let estimated = figures?.estimated else { continue }
            let shares = [estimated.recall, estimated.falseAlarms].flatMap { [number($0?.value), number($0?.low), number($0?.high)] }
            lines.append(start + ["all", "", "", number(estimated.auroc)] + shares + ["", "", "", ""])
        }
        // What is in it this program and who called it chose.
        return lines.map { $0.map(CSVTable.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// The compared parts as comma-separated values, with score and flag of each row.
    package var partsCSV: String {
        let header = rows.flatMap { entry -> [String] in
            let name = entry.row.kind.rawValue.replacing(" ", with: "_")
            return ["\(name)_score", "\(name)_flagged"]
        }
        let lines = evaluation.parts.map { part -> [String] in
            let outcomes = rows.flatMap { entry -> [String] in
                entry.row.outcome(of: part).map { ["\($0.score)", "\($0.flagged)"] } ?? ["", ""]
            }
            return [part.batch, part.image, part.isDefective ? "defect" : "good", part.origin.rawValue] + outcomes
        }
        return ([["batch", "image", "verdict", "origin"] + header] + lines).map { $0.map(CSVCell.text).joined(separator: ",") + "\r\n" }
            .joined()
    }

    /// A JSON object: the parts, the rows with their figures and settings, and the remarks.
    package var json: String {
        let object = LineObject(
            line: evaluation.line.string,
            parts: LineObject.Parts(
                compared: evaluation.parts.count, good: evaluation.good, defective: evaluation.defective, unsure: evaluation.unsure,
                leftOut: evaluation.leftOut.map { LineObject.LeftOut(part: $0.label, reason: $0.reason.sentence) },
                origins: Dictionary(
                    origins.map { ($0.origin.rawValue, LineObject.Count(good: $0.good, defective: $0.defective)) }, uniquingKeysWith: { $1 }
                )),
            batches: evaluation.batches.map {
                LineObject.Batch(batch: $0.folder.string, flagged: $0.flagged, others: $0.others, judges: $0.judges)
            },
            rows: rows.map { row, figures in
                LineObject.Row(
                    row: row.kind, flags: row.flags, checked: figures.map { LineObject.Checked($0.checked) },
                    all: figures?.estimated.map { LineObject.Estimated($0) },
                    settings: groups(row).map { settings, batches in
                        LineObject.Settings(
                            batches: batches, thresholdRules: Array(Set(batches.compactMap { row.rules[$0] })).sorted(), settings: settings)
                    })
            }, remarks: remarks)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(object) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Writes results.csv, results.json, results.md and parts.csv.
    ///
    /// - Throws: ``EvaluationError/file(_:reason:)``.
    package func write(to output: OutputFolder) throws(EvaluationError) {
        try output.write(csv, to: "results.csv")
        try output.write(partsCSV, to: "parts.csv")
        try output.write(json + "\n", to: "results.json")
        try output.write(markdown, to: "results.md")
    }
}

extension LeftOutPart.Reason {
    /// For people, without a full stop.
    var sentence: String {
        switch self {
        case .noResults: "there are no results with them any more"
        case .unreadable: "they could not be read"
        case .gone: "their photographs are gone, or others are there under their names"
        case .notScored(let reason): "their batch cannot be scored anew: \(reason)"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
