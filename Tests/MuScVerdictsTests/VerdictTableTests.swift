import MuScSupport
import MuScVerdicts
import Testing

/// What people and spreadsheets make of `verdicts.csv` is read, and what is in it is kept to the byte.
@Suite struct VerdictTableTests {
    private func table(_ text: String) throws -> VerdictTable { try VerdictTable(Array(text.utf8)) }

    @Test("A verdict that is written is read as it was, whatever its note holds")
    func roundTrip() throws {
        let notes = ["", "scratch, 3 mm", "says “no”", "\"quoted\"", "=1+1", "semi;colon", "Prüfer 東京", "'apostrophe"]
        let verdicts = notes.enumerated().map { index, note in
            PartVerdict(
                image: "part \(index),é.png", content: String(repeating: "ab", count: 32), answer: .defect, origin: .spotCheck,
                note: note, by: "Ann", at: "2026-11-24T09:00:00Z")
        }
        let read = try VerdictTable(VerdictTable().adding(verdicts))
        #expect(read.problems.isEmpty)
        for (row, verdict) in zip(read.rows, verdicts) {
            var expected = verdict
            expected.note = CSVCell.inert(verdict.note)
            #expect(row.verdict == expected)
        }
        #expect(read.rows.count == verdicts.count)
    }

    @Test(
        "Byte order marks, separators, line ends, further columns, other orders and words of the trade are all right",
        arguments: [
            "image,verdict\na.png,good\nb.png,defect\n",
            "\u{FEFF}image;content;verdict;origin\r\na.png;;good;\r\nb.png;;defect;spot check\r\n",
            "Verdict\tImage\tshift\nOK\ta.png\tnight\nNOK\tb.png\tday",
            "\n\nimage,verdict,,\n\na.png, good ,,\n,,,\nb.png,NG,,\n",
            "sep=;\nimage;verdict\n\"a.png\";\"good\"\n\"b.png\";\"defective\"\n",
            "image,verdict\ra.png,good\rb.png,defect\r",
        ])
    func tolerance(text: String) throws {
        let read = try table(text)
        #expect(read.problems.isEmpty)
        #expect(read.rows.map(\.verdict.image) == ["a.png", "b.png"])
        #expect(read.rows.map(\.verdict.answer) == [.good, .defect])
    }

    @Test("Text of older spreadsheets is read: Latin-1, and UTF-16 with tabs")
    func encodings() throws {
        let latin = try VerdictTable(Array("image;verdict;by\na.png;good;M".utf8) + [0xFC] + Array("ller\n".utf8))
        #expect(latin.rows.first?.verdict.by == "Müller")
        let units = Array("image\tverdict\tby\na.png\tgood\tMüller\n".utf16)
        let wide = try VerdictTable([0xFF, 0xFE] + units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        #expect(wide.rows.first?.verdict.by == "Müller")
    }

    @Test("Lines that say less than they seem to are told of, and the others count")
    func problems() throws {
        let read = try table(
            "image,content,verdict,origin\n,,good,\na.png,,gut,\nb.png,xyz,good,lottery\nc.png,,,\n\"d.png,,good,\ne.png,,defect,\n")
        #expect(
            read.problems == [
                VerdictProblem(line: 2, fault: .noImage), VerdictProblem(line: 3, fault: .unknownVerdict("gut", "a.png")),
                VerdictProblem(line: 4, fault: .damagedContent("b.png")),
                VerdictProblem(line: 4, fault: .unknownOrigin("lottery", "b.png")),
                VerdictProblem(line: 5, fault: .noVerdict("c.png")), VerdictProblem(line: 6, fault: .unclosedQuote),
            ])
        #expect(read.rows.map(\.verdict.image) == ["b.png", "\"d.png", "e.png"])
        #expect(read.rows.map(\.verdict.origin) == [.hand, .hand, .hand])
    }

    @Test("A file that names no columns is refused, and so is one of another kind; an empty one is empty")
    func foreign() throws {
        for text in ["a.png,good\n", "rank,image,score\n1,a.png,0.5\n", "{}", "verdict\ngood\n"] {
            #expect(throws: VerdictFileError.Reason.noVerdicts) { try table(text) }
        }
        for text in ["", "\u{FEFF}", " \r\n\r\n"] { #expect(try table(text).rows.isEmpty) }
    }

    @Test("Rows are added behind what is there, which stays to the byte: mark, separator, line ends, hand edits")
    func adding() throws {
        let verdict = PartVerdict(image: "z.png", answer: .unsure, by: "Ann")
        let edited = "\u{FEFF}image;verdict;shift;origin;note;by;at;content\r\na.png ;good;night;;\"x;y\";;;\r\nb.png;defect"
        let content = try table(edited).adding([verdict])
        #expect(String(decoding: content, as: UTF8.self).unicodeScalars.starts(with: edited.unicodeScalars))
        let read = try VerdictTable(content)
        #expect(read.rows.map(\.verdict.image) == ["a.png", "b.png", "z.png"])
        #expect(read.rows.last?.verdict == verdict)

        // Columns that the header lacks are named there, and older rows end early.
        let short = try VerdictTable(try table("image,verdict\na.png,good\n").adding([verdict]))
        #expect(short.rows.map(\.verdict.image) == ["a.png", "z.png"])
        #expect(short.rows.last?.verdict == verdict)
        #expect(short.problems.isEmpty)
    }

    @Test(
        "A file of nothing but blanks and control characters takes rows as an empty one does",
        arguments: ["", " ", "\u{8}", "\u{B}\r\n\u{0}"])
    func blank(text: String) throws {
        let verdict = PartVerdict(image: "z.png", answer: .good)
        for mark in ["", "\u{FEFF}"] {
            #expect(try VerdictTable(table(mark + text).adding([verdict])).rows.map(\.verdict) == [verdict])
        }
        // Before the columns they are no line either.
        #expect(try table(text + "image,verdict\na.png,good\n").rows.map(\.verdict.image) == ["a.png"])
    }

    @Test("A hundred thousand lines are read in a moment, and so are as many quotation marks that nobody closed")
    func many() throws {
        var text = "image,verdict,note\n"
        for index in 0..<100_000 { text += "part_\(index).png,good,fine\n" }
        #expect(try table(text).rows.count == 100_000)
        var stray = "image,verdict,note\n"
        for index in 0..<20_001 { stray += "part_\(index).png,good,\"\(index)\n" }
        #expect(try table(stray).rows.count > 0)
    }

    @Test("A row takes the place of an earlier one, unless it was given before that")
    func replacing() {
        func verdict(_ at: String) -> PartVerdict { PartVerdict(image: "a", answer: .good, at: at) }
        #expect(verdict("2026-11-24T09:00:00Z").replaces(verdict("2026-11-23T09:00:00Z")))
        #expect(!verdict("2026-11-23T09:00:00Z").replaces(verdict("2026-11-24T09:00:00Z")))
        #expect(verdict("").replaces(verdict("2026-11-24T09:00:00Z")))
        #expect(verdict("24.11.2026 09:00").replaces(verdict("2026-11-24T09:00:00Z")))
    }
}
