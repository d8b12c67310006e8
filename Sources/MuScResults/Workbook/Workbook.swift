/// A workbook in Office Open XML (.xlsx), as Excel and LibreOffice open it: sheets of text and numbers, no styles.
///
/// Only the parts that ECMA-376 requires are written, with texts inline in their cells.
package struct Workbook: Sendable, Hashable {
    package enum Cell: Sendable, Hashable {
        case empty
        case text(String)
        case number(Double)
        /// A number that is written already, with a dot.
        case figure(String)
    }

    /// The most rows that a sheet may have; what is beyond is left out.
    static let mostRows = 1 << 20

    package struct Sheet: Sendable, Hashable {
        /// At most 31 characters, none of them `: \ / ? * [ ]`.
        package var name: String
        package var rows: [[Cell]]

        package init(name: String, rows: [[Cell]]) {
            self.name = name
            self.rows = rows
        }
    }

    package var sheets: [Sheet]

    /// - Precondition: at least one sheet.
    package init(sheets: [Sheet]) {
        precondition(!sheets.isEmpty)
        self.sheets = sheets
    }

    /// The file's content.
    package var bytes: [UInt8] {
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
        let package = "http://schemas.openxmlformats.org/package/2006"
        let office = "http://schemas.openxmlformats.org/officeDocument/2006"
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        let type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        let numbers = 1...sheets.count
        var archive = ZipWriter()
        func add(_ name: String, _ xml: String) { archive.add(name, Array((declaration + xml).utf8)) }
        add(
            "[Content_Types].xml",
            "<Types xmlns=\"\(package)/content-types\">"
                + "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
                + "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                + "<Override PartName=\"/xl/workbook.xml\" ContentType=\"\(type).sheet.main+xml\"/>"
                + numbers.map {
                    "<Override PartName=\"/xl/worksheets/sheet\($0).xml\" ContentType=\"\(type).worksheet+xml\"/>"
                }.joined() + "</Types>")
        add(
            "_rels/.rels",
            "<Relationships xmlns=\"\(package)/relationships\"><Relationship Id=\"rId1\" "
                + "Type=\"\(office)/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")
        add(
            "xl/workbook.xml",
            "<workbook xmlns=\"\(main)\" xmlns:r=\"\(office)/relationships\"><sheets>"
                + zip(numbers, sheets).map {
                    "<sheet name=\"\(Self.escaped($1.name))\" sheetId=\"\($0)\" r:id=\"rId\($0)\"/>"
                }.joined() + "</sheets></workbook>")
        add(
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"\(package)/relationships\">"
                + numbers.map {
                    "<Relationship Id=\"rId\($0)\" Type=\"\(office)/relationships/worksheet\" "
                        + "Target=\"worksheets/sheet\($0).xml\"/>"
                }.joined() + "</Relationships>")
        for (number, sheet) in zip(numbers, sheets) {
            add(
                "xl/worksheets/sheet\(number).xml",
                "<worksheet xmlns=\"\(main)\"><sheetData>\(Self.rows(sheet.rows))</sheetData></worksheet>")
        }
        return archive.finished()
    }

    private static func rows(_ rows: [[Cell]]) -> String {
        rows.prefix(mostRows).enumerated().map { row, cells in
            let cells = cells.enumerated().map { column, cell in
                let reference = "\(columnName(column))\(row + 1)"
                switch cell {
                case .empty: return ""
                case .number(let value): return value.isFinite ? "<c r=\"\(reference)\"><v>\(value)</v></c>" : ""
                case .figure(let text):
                    return Double(text)?.isFinite == true ? "<c r=\"\(reference)\"><v>\(text)</v></c>" : ""
                case .text(let text):
                    return "<c r=\"\(reference)\" t=\"inlineStr\"><is><t xml:space=\"preserve\">\(escaped(text))</t></is></c>"
                }
            }
            return "<row r=\"\(row + 1)\">\(cells.joined())</row>"
        }.joined()
    }

    /// A, B … Z, AA, AB …
    private static func columnName(_ index: Int) -> String {
        var index = index
        var name = ""
        repeat {
            name = String(UnicodeScalar(UInt8(65 + index % 26))) + name
            index = index / 26 - 1
        } while index >= 0
        return name
    }

    /// Text for XML 1.0; control characters, which it cannot hold, are replaced.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "\t", "\n", "\r": "&#\(scalar.value);"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: "\u{FFFD}"
            default: String(scalar)
            }
        }.joined()
    }
}
