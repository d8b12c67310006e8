import Foundation

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

    /// - Parameter cells: Quoted already where they must be.
    package func row(_ cells: [String]) -> String { cells.joined(separator: separator.text) + "\r\n" }

    /// Six significant digits. A comma within a number is quoted where commas separate cells.
    package func number(_ value: Float) -> String {
        let text = value.csvText
        guard decimal == .comma else { return text }
        let localised = text.replacing(".", with: ",")
        return separator == .comma && localised != text ? "\"\(localised)\"" : localised
    }
}
