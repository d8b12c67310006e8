import Foundation
import MuScResults
import SystemPackage
import Testing

struct MarkupTests {
    @Test("HTML is escaped by scalars, so that a combining mark shields no quotation mark")
    func html() {
        #expect(Markup.html("<a href=\"x\">'&'</a>") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
        #expect(Markup.html("\"\u{301} onload=") == "&quot;\u{301} onload=")
    }

    @Test("JSON in a page holds nothing that ends its script")
    func json() {
        #expect(Markup.json("</script>\n\"\\\u{2028}") == "\"\\u003c/script\\u003e\\u000a\\\"\\\\\\u2028\"")
    }

    @Test("URLs of paths encode every byte that could mean something else")
    func url() {
        #expect(Markup.url("a b#c?d%20e\"<ü>.png") == "a%20b%23c%3Fd%2520e%22%3C%C3%BC%3E.png")
        #expect(Markup.url("overlays/part-1_2.~.png") == "overlays/part-1_2.~.png")
        #expect(Markup.url([0x61, 0xFF]) == "a%FF")
    }

    @Test("Base64 is RFC 4648's", arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64(_ text: String, _ encoded: String) {
        #expect(Markup.base64(Array(text.utf8)) == encoded)
    }

    @Test("A photograph's address leads from the page to the file")
    func relative() {
        #expect(relativeURL(from: "/drop/a/_musc", to: "/drop/a/part 1.jpg") == "../part%201.jpg")
        #expect(relativeURL(from: "/out/a/_musc", to: "/drop/./x/../a/p.jpg") == "../../../drop/a/p.jpg")
        #expect(relativeURL(from: "drop/_musc", to: "drop/p.jpg") == "../p.jpg")
    }

    @Test("Durations read as people write them")
    func words() {
        #expect(
            [0.02, 0.42, 12.34, 59.99, 185, 3725].map(durationText) == [
                "0.02 s", "0.4 s", "12.3 s", "1 min 00 s", "3 min 05 s", "1 h 02 min",
            ])
    }
}

struct FileNameTests {
    private func path(_ bytes: [UInt8]) -> FilePath { FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0]) }

    @Test("Bytes that are not UTF-8 are shown as %FF, and lead back to the file")
    func bytes() {
        let odd = path(Array("drop/a".utf8) + [0xFF, 0xC3] + Array("ü.png".utf8))
        #expect(StoredName.text(odd) == "a%FF%C3ü.png")
        #expect(StoredName.path("a%FF%C3ü.png", in: "drop") { $0 == odd } == odd)
    }

    @Test("A name that holds a percent sign itself stays what it is")
    func percent() {
        #expect(StoredName.text("drop/50%FF.png") == "50%FF.png")
        #expect(StoredName.path("50%FF.png", in: "drop") { _ in true } == "drop/50%FF.png")
        #expect(StoredName.path("gone.png", in: "drop") { _ in false } == "drop/gone.png")
    }
}

struct ScorePlotTests {
    @Test("Ticks are round numbers within the axis")
    func ticks() {
        let ticks = AxisTicks(from: 0.18, to: 0.61, count: 5)
        #expect(ticks.values.map(ticks.label) == ["0.2", "0.3", "0.4", "0.5", "0.6"])
        let fine = AxisTicks(from: 0.1002, to: 0.1019, count: 4)
        #expect(fine.values.map(fine.label) == ["0.1005", "0.1010", "0.1015"])
        #expect(AxisTicks(from: 0, to: 97, count: 3).values == [0, 50])
        #expect(AxisTicks(from: 1, to: 1, count: 5).values == [1])
    }

    @Test("Every score is in one bin, and the axis holds scores and threshold")
    func bins() {
        let scores = (0..<100).map { 0.2 + 0.003 * Float($0) }
        let plot = ScorePlot(scores: scores, threshold: 0.45)
        #expect(plot.bins.reduce(0, +) == 100)
        #expect(plot.low < 0.2 && plot.high > 0.497)
        #expect(plot.position(plot.high) == 0 && plot.position(plot.low) == 1)
        #expect(abs(plot.position(0.45) - (plot.high - 0.45) / (plot.high - plot.low)) < 1e-6)
    }

    @Test("A threshold far above the scores, or none, does not squeeze them")
    func farThreshold() {
        let scores: [Float] = [0.2, 0.21, 0.22]
        #expect(ScorePlot(scores: scores, threshold: 2).high < 0.25)
        #expect(ScorePlot(scores: scores, threshold: .infinity).high < 0.23)
        #expect(ScorePlot(scores: scores, threshold: .infinity).position(.infinity) == 0)
    }

    @Test("No scores, equal scores and scores that are no numbers draw without harm")
    func degenerate() {
        for scores in [[], [0.3], [0.3, 0.3], [.nan, 0.1]] as [[Float]] {
            let svg = ScorePlot(scores: scores, threshold: 0.3).svg
            #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>"))
            #expect(!svg.contains("nan") && !svg.contains("inf"))
        }
    }

    @Test("The drawing has a dot for every score")
    func dots() {
        let svg = ScorePlot(scores: [0.1, 0.2, 0.3], threshold: 0.25).svg
        #expect(svg.components(separatedBy: "h0").count - 1 == 6, "three dots, drawn plainly and in the flagged colour")
    }

    @Test("Neighbours are nearest first, and include some of the lower half")
    func neighbours() {
        let features: [Float] = [1, 0, 0.99, 0.14, 0.9, 0.43, 0, 1]
        let lists = NearestNormals.lists(features: features, width: 2, scores: [0.9, 0.8, 0.1, 0.2], count: 1, threads: 2)
        #expect(lists[0] == [1, 2, 3])
        #expect(lists[3] == [2])
        #expect(NearestNormals.lists(features: [], width: 0, scores: [], threads: 1).isEmpty)
    }
}
