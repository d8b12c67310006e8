import MuScSupport

/// The content of a `verdicts.csv`: its rows in order, and what in it could not be read.
///
/// Reading is tolerant, because people edit the file: a byte order mark, semicolons or tabs, columns in any order,
/// further columns and empty lines are all right. Writing adds rows behind what is there and changes nothing of it.
package struct VerdictTable: Sendable {
    /// The columns, in the order in which a new file has them.
    package static let columns = ["image", "content", "verdict", "origin", "note", "by", "at"]

    /// One row that says something.
    package struct Row: Sendable, Hashable {
        /// Counted from 1.
        package var line: Int
        package var verdict: PartVerdict
        /// The folder of the batch, where the file has a further column `batch`, as those that a page hands out.
        package var batch: String?
    }

    package private(set) var rows: [Row] = []
    package private(set) var problems: [VerdictProblem] = []

    /// The file's bytes as UTF-8, without a byte order mark.
    private var text: [UInt8] = []
    private var hasMark = false
    private var separator = UInt8(ascii: ",")
    private var endsLines: [UInt8] = [13, 10]
    /// The names of the columns as they stand in the file, in lower case.
    private var header: [String] = []
    /// Where the header's line ends.
    private var headerEnd = 0

    /// An empty table.
    package init() {}

    /// Reads a file's content.
    ///
    /// - Throws: ``VerdictFileError/Reason/noVerdicts`` where no line names the columns `image` and `verdict`.
    package init(_ content: [UInt8]) throws(VerdictFileError.Reason) {
        text = content
        if content.starts(with: [0xEF, 0xBB, 0xBF]) {
            hasMark = true
            text.removeFirst(3)
        } else if content.starts(with: [0xFF, 0xFE]) || content.starts(with: [0xFE, 0xFF]) {
            text = Self.fromUTF16(content)
        }
        guard text.contains(where: { !Self.isBlank($0) }) else {
            // Blanks before the first column's name would make it another.
            text = []
            return
        }
        try readHeader()
        var rest = SeparatedRows(Array(text[headerEnd...]), separator: separator)
        let linesBefore = text[..<headerEnd].count { $0 == 10 }
        while let row = rest.next() {
            if row.isUnclosed { problems.append(VerdictProblem(line: row.line + linesBefore, fault: .unclosedQuote)) }
            if !row.isEmpty { read(row.cells, line: row.line + linesBefore) }
        }
    }

    /// Finds the separator and the columns: the first line that is not empty names them.
    private mutating func readHeader() throws(VerdictFileError.Reason) {
        var start = 0
        // What spreadsheets are told the separator by.
        if text.starts(with: Array("sep=".utf8)) { start = (text.firstIndex(of: 10) ?? text.count - 1) + 1 }
        while start < text.count, Self.isBlank(text[start]) { start += 1 }
        var end = text[start...].firstIndex { $0 == 10 || $0 == 13 } ?? text.count
        let line = Array(text[start..<end])
        let found = [UInt8(ascii: ","), UInt8(ascii: ";"), 9].map { separator in
            var rows = SeparatedRows(line, separator: separator)
            let names = (rows.next()?.cells ?? []).map { $0.trimmingBlanks.lowercased() }
            return (separator: separator, names: names, known: names.count { Self.columns.contains($0) })
        }
        guard let best = found.max(by: { $0.known < $1.known }), best.names.contains("image"), best.names.contains("verdict") else {
            throw .noVerdicts
        }
        (separator, header) = (best.separator, best.names)
        endsLines = end < text.count && text[end] == 10 ? [10] : [13, 10]
        if end < text.count { end += text[end...].starts(with: [13, 10]) ? 2 : 1 }
        headerEnd = end
    }

    private mutating func read(_ cells: [String], line: Int) {
        func cell(_ column: String) -> String {
            guard let index = header.firstIndex(of: column), index < cells.count else { return "" }
            return cells[index].trimmingBlanks
        }
        let image = cell("image")
        guard !image.isEmpty else { return problems.append(VerdictProblem(line: line, fault: .noImage)) }
        let word = cell("verdict")
        guard let answer = PartVerdict.Answer(word: word) else {
            return problems.append(VerdictProblem(line: line, fault: word.isEmpty ? .noVerdict(image) : .unknownVerdict(word, image)))
        }
        let content = cell("content").lowercased()
        let isDigest = content.utf8.count == 64 && content.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        if !content.isEmpty, !isDigest { problems.append(VerdictProblem(line: line, fault: .damagedContent(image))) }
        let origin = cell("origin")
        if !origin.isEmpty, PartVerdict.Origin(rawValue: origin.lowercased()) == nil {
            problems.append(VerdictProblem(line: line, fault: .unknownOrigin(origin, image)))
        }
        let batch = cell("batch")
        rows.append(
            Row(
                line: line,
                verdict: PartVerdict(
                    image: image, content: isDigest ? content : nil, answer: answer,
                    origin: PartVerdict.Origin(rawValue: origin.lowercased()) ?? .hand, note: cell("note"), by: cell("by"),
                    at: cell("at")),
                batch: batch.isEmpty ? nil : batch))
    }

    /// Whether a byte is a blank, a line's end or another control character, none of which begins a column's name.
    private static func isBlank(_ byte: UInt8) -> Bool { byte <= 32 }

    private static func fromUTF16(_ content: [UInt8]) -> [UInt8] {
        let (low, high) = content[0] == 0xFF ? (0, 1) : (1, 0)
        var units: [UInt16] = []
        for index in stride(from: 2, to: content.count - 1, by: 2) {
            units.append(UInt16(content[index + high]) << 8 | UInt16(content[index + low]))
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    // MARK: Writing

    /// The content of the file with further rows at its end. What is there stays to the byte, but for columns that the
    /// header does not name yet.
    package func adding(_ verdicts: [PartVerdict]) -> [UInt8] {
        var (text, header) = (text, header)
        if header.isEmpty {
            header = Self.columns
            text += Array(header.joined(separator: ",").utf8) + endsLines
        } else {
            let missing = Self.columns.filter { !header.contains($0) }
            if !missing.isEmpty {
                let end = text[..<headerEnd].last { $0 != 10 && $0 != 13 } == nil ? headerEnd : endOfHeader
                text.insert(contentsOf: missing.flatMap { [separator] + Array($0.utf8) }, at: end)
                header += missing
            }
            if let last = text.last, last != 10, last != 13 { text += endsLines }
        }
        for verdict in verdicts { text += row(verdict, header) }
        return (hasMark ? [0xEF, 0xBB, 0xBF] : []) + text
    }

    /// Behind the header's last character.
    private var endOfHeader: Int {
        var end = headerEnd
        while end > 0, text[end - 1] == 10 || text[end - 1] == 13 { end -= 1 }
        return end
    }

    private func row(_ verdict: PartVerdict, _ header: [String]) -> [UInt8] {
        let cells = header.map { column -> String in
            switch column {
            case "image": CSVCell.text(verdict.image)
            case "content": verdict.content ?? ""
            case "verdict": verdict.answer.rawValue
            case "origin": verdict.origin.rawValue
            // One line each, so that a file that is cut off loses one verdict.
            case "note": CSVCell.text(verdict.note.onOneLine)
            case "by": CSVCell.text(verdict.by.onOneLine)
            case "at": CSVCell.text(verdict.at)
            default: ""
            }
        }
        return Array(cells.joined(separator: String(Unicode.Scalar(separator))).utf8) + endsLines
    }
}

extension PartVerdict {
    /// The verdict as it is read again once it was written: notes on one line, and nothing that a spreadsheet would run.
    package var asWritten: PartVerdict {
        var written = self
        written.note = CSVCell.inert(note.onOneLine).trimmingBlanks
        written.by = CSVCell.inert(by.onOneLine).trimmingBlanks
        written.at = CSVCell.inert(at).trimmingBlanks
        return written
    }
}

extension PartVerdict.Answer {
    /// The answer that people mean by a word: also `ok`, `nok`, `ng` and `?`.
    package init?(word: String) {
        switch word.lowercased() {
        case "good", "ok": self = .good
        case "defect", "defective", "nok", "ng": self = .defect
        case "unsure", "?": self = .unsure
        default: return nil
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var rest = self[...]
        while let first = rest.unicodeScalars.first, first == " " || first == "\u{A0}" { rest = rest.dropFirst() }
        while let last = rest.unicodeScalars.last, last == " " || last == "\u{A0}" { rest = rest.dropLast() }
        return String(rest)
    }

    /// Line breaks and tabs as blanks.
    fileprivate var onOneLine: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 32 ? " " : $0 }))
    }
}

/// A line of a file of verdicts that says less than it seems to.
public struct VerdictProblem: Sendable, Hashable, CustomStringConvertible {
    public enum Fault: Sendable, Hashable {
        /// A quotation mark that is never closed, and was taken as it stands.
        case unclosedQuote
        case noImage
        case noVerdict(_ image: String)
        /// A word that is no verdict, of this image.
        case unknownVerdict(String, _ image: String)
        /// A word that does not say how the verdict came about, of this image; it counts as found by hand.
        case unknownOrigin(String, _ image: String)
        /// The content hash is damaged; the image's name alone counts.
        case damagedContent(_ image: String)
    }

    /// Counted from 1.
    public var line: Int
    public var fault: Fault

    package init(line: Int, fault: Fault) { (self.line, self.fault) = (line, fault) }

    public var description: String {
        switch fault {
        case .unclosedQuote: "line \(line): a quotation mark is not closed, and was taken as it stands"
        case .noImage: "line \(line): names no image, and was left out"
        case .noVerdict(let image): "line \(line): says nothing of \(image) yet"
        case .unknownVerdict(let word, let image):
            "line \(line): “\(word)” for \(image) is none of good, defect and unsure, and was left out"
        case .unknownOrigin(let word, let image):
            "line \(line): “\(word)” for \(image) is none of top, spot check, flagged spot check and hand, and counts as hand"
        case .damagedContent(let image): "line \(line): the content hash of \(image) is damaged, so that its name alone counts"
        }
    }
}

extension VerdictTable {
    /// The table that holds these verdicts and nothing else.
    package init(_ verdicts: [PartVerdict]) {
        self.init()
        rows = verdicts.enumerated().map { Row(line: $0 + 1, verdict: $1) }
    }
}
