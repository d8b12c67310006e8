import Foundation
import MuScBatch
import MuScSupport
import SystemPackage

/// The page of a drop folder, `index.html`: all its batches, newest first. It refers to the same as a table,
/// `batches.csv`, beside it.
package struct IndexPage: Sendable {
    /// The drop folder, as people know it.
    package let root: String
    /// The folder that the page belongs in: the drop folder itself, or the one that repeats its tree.
    package let folder: String
    /// Those without results first, then newest first.
    package let batches: [BatchSummary]
    /// When the page was made, ISO 8601 with zone.
    package let time: String
    /// The lines of whose parts people found something.
    package var checked: [CheckedLine] = []

    /// What people found of a line.
    package struct CheckedLine: Sendable {
        /// The line's folder relative to the root, "." for the root itself.
        package var line: String
        package var statistics: LineStatistics
        /// Its page's path relative to the folder of this page; nil where there is none.
        package var page: FilePath?

        package init(line: String, statistics: LineStatistics, page: FilePath?) {
            (self.line, self.statistics, self.page) = (line, statistics, page)
        }
    }

    /// Rows that stand in the page without its script; the script shows the rest on demand.
    static let rows = 200
    /// Lines that have a plot.
    static let trends = 8

    /// - Parameters:
    ///   - root: The drop folder, as people know it.
    ///   - folder: Where the page belongs, absolute or relative to the working directory; nil for the root itself.
    ///   - batches: In any order.
    ///   - time: Now, ISO 8601 with zone.
    package init(root: String, folder: String? = nil, batches: [BatchSummary], time: String) {
        self.root = root
        self.folder = folder ?? root
        self.batches = batches.sorted { a, b in
            guard a.time.isEmpty == b.time.isEmpty else { return a.time.isEmpty }
            return (b.time, a.folder) < (a.time, b.folder)
        }
        self.time = time
    }

    /// Writes the page in one step.
    ///
    /// - Returns: The path of `index.html`.
    /// - Throws: ``ResultsError`` where the folder cannot be written, or holds an `index.html` that this program did not
    ///   write; it is left alone.
    @discardableResult
    package func write() throws(ResultsError) -> String {
        try StandingPage(name: "index.html", folder: folder).write(html())
    }

    // MARK: Page

    package func html() throws(ResultsError) -> String {
        let nonce = String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        let trends = TrendPlot.lines(of: batches)
        func labels(_ labels: [TrendPlot.Label]) -> [[String: Any]] { labels.map { ["text": $0.text, "place": $0.place] } }
        let attention = batches.filter { $0.state != .done || $0.noVerdict != nil || $0.areResultsGone }
        var values: [String: Any] = [
            "nonce": nonce, "answer": answer, "root": root, "time": time, "timeText": LocalTime.text(time),
            "count": batches.count, "style": PageTemplate.style,
            "script": "(() => {\n'use strict';\n\(PageTemplate.indexScript)\n})();",
            "rows": batches.prefix(Self.rows).map(row), "data": json,
            "anyAttention": !attention.isEmpty,
            "attention": attention.prefix(20).map(row),
            "anyTrend": !trends.isEmpty,
            "anyChecked": !checked.isEmpty,
            "checked": checked.map { line -> [String: Any] in
                var values: [String: Any] = ["line": line.line, "sentences": line.statistics.sentences.joined(separator: " ")]
                if let page = line.page { values["page"] = Markup.url(page.bytes) }
                return values
            },
        ]
        values["trends"] = trends.prefix(Self.trends).enumerated().map { number, trend -> [String: Any] in
            var drawn: [String: Any] = [
                "number": number, "line": trend.line, "shareSVG": trend.shareSVG, "scoreSVG": trend.scoreSVG,
                "shareLabels": labels(trend.shareLabels), "scoreLabels": labels(trend.scoreLabels),
                "timeLabels": labels(trend.timeLabels),
            ]
            if trend.batchesPerColumn > 1 { drawn["perColumn"] = trend.batchesPerColumn }
            if trend.breaks > 0 { drawn["breaks"] = true }
            if let drift = trend.drift { drawn["drift"] = drift }
            return drawn
        }
        if trends.count > Self.trends { values["moreTrends"] = trends.count - Self.trends }
        if batches.count > Self.rows { values["hidden"] = batches.count - Self.rows }
        if attention.count > 20 { values["moreAttention"] = attention.count - 20 }
        return try PageTemplate.index().render(values)
    }

    private var answer: String {
        guard !batches.isEmpty else { return "No batches yet" }
        let done = batches.count { $0.state == .done }
        let flagged = batches.count { $0.state == .done && $0.flagged > 0 }
        let open = batches.count { $0.noVerdict != nil }
        let failed = batches.count { $0.state == .failed || $0.state == .heldBack }
        var parts = [
            done == 0
                ? "No batch is done yet"
                : flagged > 0
                    ? "Flagged images in \(flagged) of \(done) \(done == 1 ? "batch" : "batches")"
                    : open == done
                        ? "No verdict on \(done == 1 ? "the one batch" : "any of \(done) batches")"
                        : "No flagged images in \(done - open) \(done - open == 1 ? "batch" : "batches")"
        ]
        if open > 0, open < done || flagged > 0 { parts.append("no verdict on \(open)") }
        if failed > 0 { parts.append("\(failed) failed") }
        return parts.joined(separator: ", ")
    }

    private func row(_ batch: BatchSummary) -> [String: Any] {
        var values: [String: Any] = [
            "folder": batch.folder, "state": Self.stateText(batch), "stateClass": Self.stateClass(batch),
            "time": LocalTime.text(batch.time), "images": batch.images,
            "seconds": batch.seconds.map(durationText) ?? "", "reason": batch.reason ?? batch.noVerdict ?? "",
        ]
        if batch.state == .done, batch.noVerdict == nil {
            values["flagged"] = batch.flagged
            if batch.flagged > 0 { values["anyFlagged"] = true }
        }
        if let scores = batch.scores {
            values["median"] = decimalText(Double(scores.median), 3)
            values["highest"] = decimalText(Double(scores.highest), 3)
        }
        if let report = batch.report { values["report"] = Markup.url(report.bytes) }
        return values
    }

    private static func stateClass(_ batch: BatchSummary) -> String {
        batch.areResultsGone ? "resultsGone" : batch.noVerdict == nil ? batch.state.rawValue : "noVerdict"
    }

    private static func stateText(_ batch: BatchSummary) -> String {
        if batch.areResultsGone { return "results gone" }
        if batch.noVerdict != nil { return "no verdict" }
        return switch batch.state {
        case .waiting: "waiting"
        case .running: "running"
        case .done: "done"
        case .failed: "failed"
        case .heldBack: "held back"
        }
    }

    /// The rows for the page's script, as arrays.
    private var json: String {
        func number(_ value: Double?) -> String { value.map { $0.isFinite ? "\($0)" : "null" } ?? "null" }
        let rows = batches.map { batch -> String in
            let cells: [String] = [
                Markup.json(LocalTime.text(batch.time)), Markup.json(batch.folder), Markup.json(Self.stateText(batch)),
                "\(batch.images)", batch.state == .done && batch.noVerdict == nil ? "\(batch.flagged)" : "null",
                batch.scores.map { decimalText(Double($0.median), 4) } ?? "null",
                batch.scores.map { decimalText(Double($0.highest), 4) } ?? "null",
                batch.seconds.map { decimalText($0, 1) } ?? "null",
                (batch.reason ?? batch.noVerdict).map(Markup.json) ?? "null",
                batch.report.map { Markup.json(Markup.url($0.bytes)) } ?? "null",
            ]
            return "[\(cells.joined(separator: ","))]"
        }
        return "{\"rows\":\(Self.rows),\"batches\":[\(rows.joined(separator: ",\n"))]}"
    }
}
