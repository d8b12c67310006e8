/// How a drop folder's batches went over time: the share of flagged images above, the spread of scores below.
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
    }

    /// Batches in each column, 1 where all have their own.
    package let batchesPerColumn: Int
    let columns: [Column]
    private let highestShare: Double
    private let lowScore: Double
    private let highScore: Double

    /// - Parameter batches: Those that are done, in any order; others are left out.
    package init(_ batches: [BatchSummary]) {
        let done = batches.filter { $0.state == .done && $0.scores != nil }
            .sorted { ($0.time, $0.folder) < ($1.time, $1.folder) }
        let perColumn = max(1, (done.count + Self.mostColumns - 1) / Self.mostColumns)
        columns = stride(from: 0, to: done.count, by: perColumn).map { start in
            let group = done[start..<min(start + perColumn, done.count)]
            func mean(_ value: (BatchSummary) -> Double) -> Double { group.map(value).reduce(0, +) / Double(group.count) }
            func score(_ path: KeyPath<BatchSummary.ScoreSpread, Float>) -> Double {
                mean { Double($0.scores?[keyPath: path] ?? 0) }
            }
            return Column(
                share: mean(\.share), low: score(\.tenth), middle: score(\.median), high: score(\.ninetieth),
                highest: score(\.highest), time: group.first?.time ?? "")
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

    /// Dates along the axis, about five.
    package var timeLabels: [Label] {
        guard !columns.isEmpty else { return [] }
        let count = min(5, columns.count)
        return (0..<count).map { index in
            let column = count == 1 ? 0 : index * (columns.count - 1) / (count - 1)
            return Label(
                text: String(columns[column].time.prefix(10)), place: decimalText(100 * centre(column) / Self.width, 2))
        }
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
        let upper = columns.indices.map { point($0, columns[$0].high) }
        let lower = columns.indices.reversed().map { point($0, columns[$0].low) }
        let middle = columns.indices.map { point($0, columns[$0].middle) }.joined(separator: "L")
        let dots = columns.indices.map { "M\(point($0, columns[$0].highest))h0" }.joined()
        return svg(
            "<path class=\"band\" d=\"M\((upper + lower).joined(separator: "L"))Z\"/>"
                + "<path class=\"middle\" d=\"M\(middle)h0\"/><path class=\"dots small\" d=\"\(dots)\"/>",
            lines: scoreLabels)
    }

    private func svg(_ content: String, lines: [Label]) -> String {
        let grid = lines.map { "M0 \($0.place)H1000" }.joined()
        return "<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
            + "<path class=\"gridline\" d=\"\(grid)\"/>\(columns.isEmpty ? "" : content)</svg>"
    }

    private func centre(_ column: Int) -> Double { (Double(column) + 0.5) * Self.width / Double(max(columns.count, 1)) }

    private func scoreY(_ score: Double) -> Double { (highScore - score) / (highScore - lowScore) * Self.height }

    private func point(_ column: Int, _ score: Double) -> String {
        "\(decimalText(centre(column), 1)) \(decimalText(scoreY(score), 1))"
    }
}
