import FoundationEssentials
import SystemPackage

/// A table in comma-separated values (RFC 4180) whose first row names the columns.
struct CSVTable: Sendable {
    /// One row below the header.
    struct Row: Sendable {
        /// The line of the file on which the row begins, from 1.
        let line: Int
        fileprivate let fields: [String]
        fileprivate let columns: [String: Int]

        /// The field in the column of this name; nil where there is no such column.
        subscript(column: String) -> String? {
            columns[column].flatMap { $0 < fields.count ? fields[$0] : nil }
        }
    }

    /// What is wrong with a table.
    struct Fault: Error, Hashable {
        /// From 1; nil where the whole file is at fault.
        let line: Int?
        let reason: String
    }

    /// The columns' names in order.
    let columns: [String]
    let rows: [Row]

    init(contentsOf path: FilePath) throws(Fault) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path.string))
        } catch {
            throw Fault(line: nil, reason: "cannot be read")
        }
        try self.init(Array(data))
    }

    /// - Throws: ``Fault`` where the header is missing, a quote is not closed or a row is longer than the header.
    init(_ bytes: [UInt8]) throws(Fault) {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var parser = Parser(bytes: bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...])
        guard let header = try parser.row() else { throw Fault(line: nil, reason: "is empty") }
        columns = header.fields
        let positions = Dictionary(
            columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var rows: [Row] = []
        while let (line, fields) = try parser.row() {
            guard fields.count <= columns.count else {
                throw Fault(line: line, reason: "has \(fields.count) fields, the header \(columns.count)")
            }
            rows.append(Row(line: line, fields: fields, columns: positions))
        }
        self.rows = rows
    }

    /// A field for writing, in quotes where it needs them.
    static func field(_ text: String) -> String {
        let isPlain = !text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
        return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
    }

    private struct Parser {
        var bytes: ArraySlice<UInt8>
        var line = 1

        /// The next row that is not blank.
        mutating func row() throws(Fault) -> (line: Int, fields: [String])? {
            while let byte = bytes.first, byte == 0x0A || byte == 0x0D { skip() }
            guard !bytes.isEmpty else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard let end = bytes.first else { return (start, fields) }
                skip()
                if end != UInt8(ascii: ",") { return (start, fields) }
            }
        }

        private mutating func field() throws(Fault) -> String {
            var content: [UInt8] = []
            let start = line
            if bytes.first == UInt8(ascii: "\"") {
                skip()
                while true {
                    guard let byte = bytes.first else { throw Fault(line: start, reason: "a quote is not closed") }
                    skip()
                    if byte != UInt8(ascii: "\"") {
                        content.append(byte)
                    } else if bytes.first == UInt8(ascii: "\"") {
                        content.append(byte)
                        skip()
                    } else {
                        break
                    }
                }
            }
            while let byte = bytes.first, byte != UInt8(ascii: ","), byte != 0x0A, byte != 0x0D {
                content.append(byte)
                skip()
            }
            return String(decoding: content, as: UTF8.self)
        }

        private mutating func skip() {
            if bytes.removeFirst() == 0x0A { line += 1 }
        }
    }
}
