import MuScScoring
import MuScSupport

/// How the batches of one line went over time: the share of flagged images above, the spread of scores below.
///
/// Where the method changes (``BatchSummary/method``) the curves break: scores before and after do not compare.
///
/// Batches stand side by side in the order of time, oldest on the left. Many of them share a column, which then shows
/// their means. Like ``ScorePlot`` the drawing is stretched by the page and holds shapes alone.
package struct TrendPlot: Sendable {
    /// A number beside the drawing, placed by a percentage of its height or width.
    package struct Label: Sendable, Hashable {
        package var text: String
        package var place: String
    }

    static let width = 1000.0
    static let height = 100.0
    static let mostColumns = 300

    struct Column: Sendable {
        var share: Double
        var low: Double
        var middle: Double
        var high: Double
        var highest: Double
        var time: String
        /// Whether another method begins here.
        var isBreak: Bool
    }

    /// Batches in each column, 1 where all have their own.
    package let batchesPerColumn: Int
    /// The line of these batches.
    package let line: String
    /// When the last of them was done, ISO 8601.
    package let last: String
    let columns: [Column]
    private let highestShare: Double
    private let lowScore: Double
    private let highScore: Double

    /// A plot for each line, that with the latest batch first; lines of a single batch have none.
    package static func lines(of batches: [BatchSummary]) -> [TrendPlot] {
        Dictionary(grouping: batches, by: \.line).map { TrendPlot($1, line: $0) }.filter { $0.columns.count > 1 }
            .sorted { ($1.last, $0.line) < ($0.last, $1.line) }
    }

    /// - Parameter batches: Those of a line that are done, in any order; others are left out.
    package init(_ batches: [BatchSummary], line: String = ".") {
        self.line = line
        let done = batches.filter { $0.state == .done && $0.scores != nil }
            .sorted { ($0.time, $0.folder) < ($1.time, $1.folder) }
        last = done.last?.time ?? ""
        // Results of earlier versions do not say by what method they came about.
        let breaks = Set(
            done.indices.dropFirst().filter { index in
                done[index].method.map { method in done[index - 1].method.map { $0 != method } ?? false } ?? false
            })
        let perColumn = max(1, (done.count + Self.mostColumns - 1) / Self.mostColumns)
        columns = stride(from: 0, to: done.count, by: perColumn).map { start in
            let range = start..<min(start + perColumn, done.count)
            let group = done[range]
            func mean(_ value: (BatchSummary) -> Double) -> Double { group.map(value).reduce(0, +) / Double(group.count) }
            func score(_ path: KeyPath<BatchSummary.ScoreSpread, Float>) -> Double {
                mean { Double($0.scores?[keyPath: path] ?? 0) }
            }
            return Column(
                share: mean(\.share), low: score(\.tenth), middle: score(\.median), high: score(\.ninetieth),
                highest: score(\.highest), time: group.first?.time ?? "",
                isBreak: start > 0 && range.contains(where: breaks.contains))
        }
        batchesPerColumn = perColumn
        highestShare = max(columns.map(\.share).max() ?? 0, 0.05) * 1.08
        let low = columns.map(\.low).min() ?? 0
        let high = columns.map(\.highest).max() ?? 1
        let margin = max(0.06 * (high - low), 1e-4)
        lowScore = max(0, low - margin)
        highScore = high + margin
    }

    package var isEmpty: Bool { columns.isEmpty }

    package var shareLabels: [Label] {
        let ticks = AxisTicks(from: 0, to: highestShare * 100, count: 3)
        return ticks.values.map {
            Label(text: "\(ticks.label($0)) %", place: decimalText(100 - $0 / highestShare, 2))
        }
    }

    package var scoreLabels: [Label] {
        let ticks = AxisTicks(from: lowScore, to: highScore, count: 3)
        return ticks.values.map { Label(text: ticks.label($0), place: decimalText(scoreY($0), 2)) }
    }

    /// Times along the axis, five, or three where there is no room between columns: with the time of day, and the date where it is another than the one before.
    package var timeLabels: [Label] {
        guard !columns.isEmpty else { return [] }
        let count = columns.count >= 9 ? 5 : min(3, columns.count)
        var date: Substring = ""
        return (0..<count).map { index in
            let column = count == 1 ? 0 : index * (columns.count - 1) / (count - 1)
            let time = LocalTime.text(columns[column].time)
            let parts = time.split(separator: " ")
            let clock = parts.count > 1 ? parts[1].prefix(5) : ""
            let text = parts.first == date || clock.isEmpty ? String(clock.isEmpty ? Substring(time) : clock) : "\(parts[0]) \(clock)"
            date = parts.first ?? ""
            return Label(text: text, place: decimalText(100 * centre(column) / Self.width, 2))
        }
    }

    /// How often the method changed.
    package var breaks: Int { columns.count { $0.isBreak } }

    /// What the median did over the last stretch without a change of method, where that is long enough to tell: a
    /// sentence, or nil.
    ///
    /// Told where Spearman's correlation of the medians with time is at least 0.7 over at least 8 columns, and the median
    /// moved by more than a tenth.
    package var drift: String? {
        let start = columns.lastIndex { $0.isBreak } ?? 0
        let medians = columns[start...].map { Float($0.middle) }
        guard medians.count >= 8, let first = medians.first, first > 0 else { return nil }
        let order = medians.indices.map { Float($0) }
        guard let correlation = rankCorrelation(medians, order), abs(correlation) >= 0.7 else { return nil }
        let third = max(medians.count / 3, 1)
        func mean(_ values: ArraySlice<Float>) -> Float { values.reduce(0, +) / Float(values.count) }
        let (early, late) = (mean(medians.prefix(third)), mean(medians.suffix(third)))
        guard abs(late / early - 1) > 0.1 else { return nil }
        return "The median went from \(decimalText(Double(early), 3)) to \(decimalText(Double(late), 3)): something that all "
            + "parts share has changed, such as light, focus, position or material."
    }

    package var shareSVG: String {
        let step = Self.width / Double(max(columns.count, 1))
        let thickness = min(step * 0.72, 40)
        let bars = columns.indices.filter { columns[$0].share > 0 }.map { index in
            let height = columns[index].share / highestShare * Self.height
            return "M\(decimalText(centre(index) - thickness / 2, 1)) 100h\(decimalText(thickness, 1))"
                + "v-\(decimalText(height, 1))h-\(decimalText(thickness, 1))z"
        }.joined()
        return svg("<path class=\"bars hot\" d=\"\(bars)\"/>", lines: shareLabels)
    }

    package var scoreSVG: String {
        let bands = stretches.map { stretch in
            let upper = stretch.map { point($0, columns[$0].high) }
            let lower = stretch.reversed().map { point($0, columns[$0].low) }
            return "M\((upper + lower).joined(separator: "L"))Z"
        }.joined()
        let middle = stretches.map { stretch in
            "M\(stretch.map { point($0, columns[$0].middle) }.joined(separator: "L"))h0"
        }.joined()
        let dots = columns.indices.map { "M\(point($0, columns[$0].highest))h0" }.joined()
        return svg(
            "<path class=\"band\" d=\"\(bands)\"/>"
                + "<path class=\"middle\" d=\"\(middle)\"/><path class=\"dots small\" d=\"\(dots)\"/>",
            lines: scoreLabels)
    }

    private func svg(_ content: String, lines: [Label]) -> String {
        let grid = lines.map { "M0 \($0.place)H1000" }.joined()
        let step = Self.width / Double(max(columns.count, 1))
        let breaks = columns.indices.filter { columns[$0].isBreak }
            .map { "M\(decimalText(centre($0) - step / 2, 1)) 0V100" }.joined()
        return "<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            + "<path class=\"gridline\" d=\"\(grid)\"/>\(columns.isEmpty ? "" : content)"
            + (breaks.isEmpty ? "" : "<path class=\"break\" d=\"\(breaks)\"/>") + "</svg>"
    }

    /// The columns between changes of the method.
    private var stretches: [Range<Int>] {
        let starts = [0] + columns.indices.filter { columns[$0].isBreak }
        return zip(starts, starts.dropFirst() + [columns.count]).map { $0..<$1 }.filter { !$0.isEmpty }
    }

    private func centre(_ column: Int) -> Double { (Double(column) + 0.5) * Self.width / Double(max(columns.count, 1)) }

    private func scoreY(_ score: Double) -> Double { (highScore - score) / (highScore - lowScore) * Self.height }

    private func point(_ column: Int, _ score: Double) -> String {
        "\(decimalText(centre(column), 1)) \(decimalText(scoreY(score), 1))"
    }
}
