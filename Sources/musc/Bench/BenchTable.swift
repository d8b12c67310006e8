import FoundationEssentials

/// A table of figures, to be read by people or programs.
struct BenchTable: Sendable {
    enum Format: String, Sendable, CaseIterable { case table, json, markdown }

    /// A figure with the decimals that it is shown with, or a text.
    enum Cell: Sendable {
        case text(String)
        case number(Double, decimals: Int)
        case none
    }

    var title: String
    /// A name for people, with its unit, and one for programs.
    var columns: [(heading: String, key: String)]
    var rows: [[Cell]] = []
    /// Sentences that belong to the figures.
    var notes: [String] = []

    func rendered(_ format: Format) -> String {
        switch format {
        case .table: aligned
        case .markdown: markdown
        case .json: json
        }
    }

    private var aligned: String {
        let lines = [columns.map(\.heading)] + rows.map { $0.map(Self.text) }
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        let body = lines.map { line in
            line.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }
        return ([title] + body + notes).joined(separator: "\n") + "\n"
    }

    private var markdown: String {
        let head = "| " + columns.map(\.heading).joined(separator: " | ") + " |\n|" + String(repeating: "---|", count: columns.count)
        let body = rows.map { "| " + $0.map(Self.text).joined(separator: " | ") + " |" }
        return ([title + "\n", head] + body + notes.map { "\n" + $0 }).joined(separator: "\n") + "\n"
    }

    private var json: String {
        let objects = rows.map { row in
            Dictionary(zip(columns.map(\.key), row).map { ($0, JSONValue($1)) }, uniquingKeysWith: { $1 })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let document = JSONDocument(title: title, rows: objects, notes: notes)
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
    }

    private struct JSONDocument: Encodable {
        var title: String
        var rows: [[String: JSONValue]]
        var notes: [String]
    }

    private struct JSONValue: Encodable {
        let cell: Cell

        init(_ cell: Cell) { self.cell = cell }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch cell {
            case .text(let text): try container.encode(text)
            case .number(let number, _): try container.encode(number)
            case .none: try container.encodeNil()
            }
        }
    }

    private static func text(_ cell: Cell) -> String {
        switch cell {
        case .text(let text): text
        case .none: "–"
        case .number(let number, let decimals): fixed(number, decimals)
        }
    }

    /// The number with so many decimals.
    static func fixed(_ number: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int((abs(number) * scale).rounded())
        let sign = number < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return sign + "\(scaled)" }
        let digits = String(repeating: "0", count: max(decimals + 1 - "\(scaled)".count, 0)) + "\(scaled)"
        return sign + digits.dropLast(decimals) + "." + digits.suffix(decimals)
    }
}
