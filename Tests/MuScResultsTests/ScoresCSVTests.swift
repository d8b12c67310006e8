import MuSc
import MuScResults
import Testing

struct ScoresCSVTests {
    private let image = ScoredImage(
        name: "part_0001.jpg", path: "drop/part_0001.jpg", size: (1280, 960), index: 0, score: 0.4123456, scoreMSM: 0.4,
        flagged: true, peak: (12, 34))

    @Test("The header is the one that scripts rely on")
    func header() {
        #expect(
            ScoresCSV.text([]) { _ in nil }
                == "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error\r\n")
    }

    @Test("A scored image has its rank, scores with six digits and a dot, peak, size and overlay")
    func scored() {
        let text = ScoresCSV.text([image]) { _ in "overlays/part_0001.png" }
        #expect(
            text.split(separator: "\r\n").last
                == "1,part_0001.jpg,0.412346,0.4,,true,12,34,1280,960,overlays/part_0001.png,")
    }

    @Test("An unreadable image has a row without rank and scores, and its error")
    func unreadable() {
        let broken = ScoredImage(name: "b.jpg", path: "drop/b.jpg", error: "It ends early, at byte 12.")
        let text = ScoresCSV.text([image, broken]) { _ in nil }
        #expect(text.split(separator: "\r\n").last == ",b.jpg,,,,,,,,,,\"It ends early, at byte 12.\"")
    }

    @Test("A p-value is written where there is one")
    func pValue() {
        var image = image
        image.pValue = 0.0204081
        #expect(ScoresCSV.text([image]) { _ in nil }.contains(",0.4,0.0204081,true,"))
    }

    @Test(
        "Text is quoted as RFC 4180 has it, and what a spreadsheet would run is made inert",
        arguments: [
            ("plain.png", "plain.png"), ("a,b.png", "\"a,b.png\""), ("a\"b.png", "\"a\"\"b.png\""),
            ("a\nb.png", "\"a\nb.png\""), ("=1+1.png", "'=1+1.png"), ("+1", "'+1"), ("-1", "'-1"), ("@sum", "'@sum"),
            ("\tx", "'\tx"), ("=cmd,\"x\"", "\"'=cmd,\"\"x\"\"\""), ("ü.png", "ü.png"), ("", ""),
        ])
    func freeText(_ text: String, _ cell: String) {
        #expect(ScoresCSV.freeText(text) == cell)
    }

    @Test("A quotation mark that a combining mark follows is doubled too")
    func combiningMark() {
        #expect(Array(ScoresCSV.freeText("a\"\u{301},b").unicodeScalars) == Array("\"a\"\"\u{301},b\"".unicodeScalars))
    }
}
