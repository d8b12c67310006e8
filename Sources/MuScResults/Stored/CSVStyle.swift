import Foundation
import MuScSupport

/// How a table of comma-separated values is written: RFC 4180's way unless a spreadsheet of another language wants it
/// otherwise. German and French spreadsheets take semicolons between cells and a comma in numbers.
public struct CSVStyle: Sendable, Hashable {
    public enum Separator: String, Sendable, Hashable, CaseIterable, Codable {
        case comma, semicolon, tab

        package var text: String {
            switch self {
            case .comma: ","
            case .semicolon: ";"
            case .tab: "\t"
            }
        }
    }

    public enum Decimal: String, Sendable, Hashable, CaseIterable, Codable {
        case dot, comma
    }

    public var separator: Separator
    /// Whether the file begins with a byte order mark, by which Excel knows UTF-8.
    public var bom: Bool
    public var decimal: Decimal

    public init(separator: Separator = .comma, bom: Bool = false, decimal: Decimal = .dot) {
        self.separator = separator
        self.bom = bom
        self.decimal = decimal
    }

    /// What the file begins with.
    package var start: String { bom ? "\u{FEFF}" : "" }

    /// A table's content, rows ended by CR LF.
    package func text(_ rows: [[Workbook.Cell]]) -> String {
        rows.reduce(into: start) { $0 += $1.map(cell).joined(separator: separator.text) + "\r\n" }
    }

    /// A comma within a number is quoted where commas separate cells.
    private func cell(_ cell: Workbook.Cell) -> String {
        switch cell {
        case .empty: return ""
        case .text(let text): return CSVCell.text(text)
        case .number(let value): return number("\(value)")
        case .figure(let text): return number(text)
        }
    }

    private func number(_ text: String) -> String {
        guard decimal == .comma else { return text }
        let localised = text.replacing(".", with: ",")
        return separator == .comma && localised != text ? "\"\(localised)\"" : localised
    }
}
