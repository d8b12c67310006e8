/// Rows of separated values as people and spreadsheets leave them.
///
/// RFC 4180, and beyond it: any separator, lines that end by CR LF, LF or CR, and quotation marks that are never closed,
/// which stand for themselves. Text that is not UTF-8 is read as Latin-1, in which older spreadsheets write.
struct SeparatedRows: Sequence, IteratorProtocol {
    struct Row {
        /// Counted from 1.
        var line: Int
        var cells: [String]
        /// Whether a quotation mark was never closed.
        var isUnclosed = false

        var isEmpty: Bool { cells.allSatisfy(\.isEmpty) }
    }

    /// A quoted cell that goes on for longer was never closed.
    private static let longestCell = 4096

    private let bytes: [UInt8]
    private let separator: UInt8
    private var position = 0
    private var line = 1

    init(_ bytes: [UInt8], separator: UInt8) {
        self.bytes = bytes
        self.separator = separator
    }

    mutating func next() -> Row? {
        guard position < bytes.count else { return nil }
        let (start, first) = (position, line)
        if let cells = row(quotes: true) { return Row(line: first, cells: cells) }
        (position, line) = (start, first)
        return Row(line: first, cells: row(quotes: false) ?? [], isUnclosed: true)
    }

    /// The cells up to the line's end; nil where a quotation mark is not closed.
    private mutating func row(quotes: Bool) -> [String]? {
        var cells: [String] = []
        var cell: [UInt8] = []
        while true {
            if quotes, cell.isEmpty, position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                guard readQuoted(into: &cell) else { return nil }
            }
            guard position < bytes.count else { break }
            let byte = bytes[position]
            position += 1
            if byte == separator {
                cells.append(Self.text(cell))
                cell = []
            } else if byte == 10 || byte == 13 {
                if byte == 13, position < bytes.count, bytes[position] == 10 { position += 1 }
                line += 1
                break
            } else {
                cell.append(byte)
            }
        }
        cells.append(Self.text(cell))
        return cells
    }

    /// Reads what lies between quotation marks.
    private mutating func readQuoted(into cell: inout [UInt8]) -> Bool {
        position += 1
        while position < bytes.count, cell.count <= Self.longestCell {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard position < bytes.count, bytes[position] == byte else { return true }
                position += 1
            } else if byte == 10 {
                line += 1
            }
            cell.append(byte)
        }
        return false
    }

    static func text(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
