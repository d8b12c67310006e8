import MuScSupport
import Testing

@Suite struct CSVCellTests {
    @Test(
        "Text is quoted as RFC 4180 has it, and what a spreadsheet would run is made inert",
        arguments: [
            ("plain.png", "plain.png"), ("a,b.png", "\"a,b.png\""), ("a\"b.png", "\"a\"\"b.png\""),
            ("a\nb.png", "\"a\nb.png\""), ("=1+1.png", "'=1+1.png"), ("+1", "'+1"), ("-1", "'-1"), ("@sum", "'@sum"),
            ("\tx", "\"'\tx\""), ("\rx", "\"'\rx\""), ("=cmd,\"x\"", "\"'=cmd,\"\"x\"\"\""), ("ü.png", "ü.png"), ("", ""),
            ("a-b+c=d@e.png", "a-b+c=d@e.png"),
        ])
    func text(_ text: String, _ cell: String) {
        #expect(CSVCell.text(text) == cell)
    }

    @Test(
        "Where semicolons or tabs separate cells, what follows one is made inert too",
        arguments: [("a;=1+1", "\"a;'=1+1\""), ("a\t@x", "\"a\t'@x\""), ("a\n-1", "\"a\n'-1\""), ("a;b", "\"a;b\"")])
    func otherSeparators(_ text: String, _ cell: String) {
        #expect(CSVCell.text(text) == cell)
    }

    @Test("A quotation mark that a combining mark follows is doubled too")
    func combiningMark() {
        #expect(Array(CSVCell.text("a\"\u{301},b").unicodeScalars) == Array("\"a\"\"\u{301},b\"".unicodeScalars))
    }
}
