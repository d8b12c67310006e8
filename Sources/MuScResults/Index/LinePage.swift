import FoundationEssentials
import Glibc
import MuScBatch
import MuScScoring
import MuScSupport
import MuScVerdicts
import SystemPackage

/// The page of a line, `line.html`: what people found of its parts over all of its batches, and what slips through.
package struct LinePage: Sendable {
    /// A batch of the line, as the ledger and the drop folder have it.
    package struct Batch: Sendable {
        /// Its folder.
        package var folder: FilePath
        package var images: Int
        /// When its results were published, ISO 8601.
        package var time: String
        /// Its report; nil where that is gone.
        package var report: FilePath?

        package init(folder: FilePath, images: Int, time: String, report: FilePath?) {
            (self.folder, self.images, self.time, self.report) = (folder, images, time, report)
        }
    }

    package static let fileName = "line.html"
    /// Rows of the table, and photographs of the gallery.
    private static let mostRows = 200
    private static let mostPictures = 100
    /// What every browser draws.
    private static let drawn: Set<String> = ["png", "jpg", "jpeg", "bmp"]

    /// The line's folder, as people know it.
    private let line: String
    /// The folder that the page belongs in: the line's, or the one that repeats it.
    private let folder: FilePath
    private let statistics: LineStatistics
    private let defects: [LineVerdicts.Part]
    private let batches: [String: Batch]
    private let time: String

    /// - Parameters:
    ///   - line: The line's folder.
    ///   - folder: Where the page belongs.
    ///   - parts: The standing verdict on each of its parts, in the order in which they were given.
    ///   - batches: The earliest first.
    ///   - time: Now, ISO 8601 with zone.
    package init(line: FilePath, folder: FilePath, parts: [LineVerdicts.Part], batches: [Batch], time: String) {
        self.line = line.string
        self.folder = folder
        self.time = time
        statistics = LineStatistics(parts, scored: batches.map { ($0.folder, $0.images) })
        defects = parts.filter { $0.verdict.answer == .defect }.reversed()
        self.batches = Dictionary(batches.map { ($0.folder.string, $0) }, uniquingKeysWith: { $1 })
    }

    /// Writes the page in one step.
    ///
    /// - Throws: ``ResultsError`` where the folder cannot be written, or holds a `line.html` that this program did not
    ///   write; it is left alone.
    package func write() throws(ResultsError) {
        try StandingPage(name: Self.fileName, folder: folder.string).write(try html())
    }

    // MARK: Page

    package func html() throws(ResultsError) -> String {
        let rows = statistics.batches.reversed()
        var values: [String: Any] = [
            "line": line, "time": time, "timeText": LocalTime.text(time), "style": PageTemplate.style,
            "answer": answer, "sentences": statistics.sentences, "rows": rows.prefix(Self.mostRows).map(row),
            "defects": defects.prefix(Self.mostPictures).map(picture), "anyDefects": !defects.isEmpty, "defectCount": defects.count,
        ]
        if rows.count > Self.mostRows { values["moreRows"] = rows.count - Self.mostRows }
        if defects.count > Self.mostPictures { values["moreDefects"] = defects.count - Self.mostPictures }
        let band = IntervalBand(statistics.batches.map(\.slippedThrough))
        if !band.isEmpty {
            values["bandSVG"] = band.svg
            values["bandLabels"] = band.labels.map { ["text": $0.text, "place": $0.place] }
        }
        return try PageTemplate.line().render(values)
    }

    private var answer: String {
        guard statistics.checked > 0 else { return "No part was checked yet" }
        guard let slipped = statistics.slippedThrough else {
            return "\(statistics.defective) of \(statistics.checked) checked parts defective"
        }
        return "Between \(slipped.text) of the parts that were not flagged are defective"
    }

    private func row(_ batch: LineStatistics.Batch) -> [String: Any] {
        let known = batches[batch.batch]
        var values: [String: Any] = [
            "name": FilePath(batch.batch).lastComponent?.string ?? batch.batch, "time": known.map { LocalTime.text($0.time) } ?? "",
            "scored": batch.scored.map { "\($0)" } ?? "", "checked": batch.checked, "good": batch.good, "defective": batch.defective,
            "spotChecks": batch.spotChecks, "slipped": batch.slippedThrough?.text ?? "",
        ]
        if let report = known?.report { values["report"] = relativeURL(from: folder.string, to: report) }
        return values
    }

    private func picture(_ part: LineVerdicts.Part) -> [String: Any] {
        let said = [LocalTime.text(part.verdict.at), part.verdict.by, part.verdict.note].filter { !$0.isEmpty }
        var values: [String: Any] = ["name": part.label, "said": said.joined(separator: ", ")]
        let path = part.path
        if Self.drawn.contains(path.extension?.lowercased() ?? ""), path.withPlatformString({ access($0, R_OK) }) == 0 {
            values["picture"] = relativeURL(from: folder.string, to: path)
        } else {
            values["absence"] = path.withPlatformString { access($0, F_OK) } == 0 ? "not drawn by browsers" : "the photograph is gone"
        }
        if let report = batches[part.batch]?.report { values["report"] = relativeURL(from: folder.string, to: report) }
        return values
    }
}

/// How the interval of a share went over time: a band between its limits, a step a batch.
struct IntervalBand {
    /// From the first batch on that has one.
    private let intervals: [ShareInterval]
    private let highest: Double

    init(_ intervals: [ShareInterval?]) {
        self.intervals = intervals.compactMap { $0 }
        highest = max(self.intervals.map(\.high).max() ?? 0, 0.01)
    }

    var isEmpty: Bool { intervals.isEmpty }

    var labels: [TrendPlot.Label] {
        let ticks = AxisTicks(from: 0, to: highest * 100, count: 3)
        return ticks.values.map { TrendPlot.Label(text: "\(ticks.label($0)) %", place: decimalText(height($0 / 100), 2)) }
    }

    var svg: String {
        let step = TrendPlot.width / Double(max(intervals.count, 1))
        func edge(_ limit: (ShareInterval) -> Double, _ order: some Sequence<Int>, isBack: Bool) -> [String] {
            order.flatMap { index in
                let ends = [Double(index) * step, Double(index + 1) * step]
                return (isBack ? ends.reversed() : ends).map { "\(decimalText($0, 1)) \(decimalText(height(limit(intervals[index])), 2))" }
            }
        }
        let band = edge(\.high, intervals.indices, isBack: false) + edge(\.low, intervals.indices.reversed(), isBack: true)
        let grid = labels.map { "M0 \($0.place)H1000" }.joined()
        return "<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><path class=\"gridline\" d=\"\(grid)\"/>"
            + "<path class=\"band\" d=\"M\(band.joined(separator: "L"))Z\"/></svg>"
    }

    private func height(_ share: Double) -> Double { (1 - share / highest) * TrendPlot.height }
}
