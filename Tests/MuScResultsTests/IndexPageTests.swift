import Foundation
import MuScResults
import MuScSupport
import SystemPackage
import Testing

struct IndexPageTests {
    private let batches = [
        BatchSummary(
            folder: "line-A/1", state: .done, time: "2026-11-24T09:00:00Z", images: 80, flagged: 4, seconds: 12.5,
            scores: .init(of: [0.1, 0.2, 0.3]), report: "line-A/1/_musc/report.html"),
        BatchSummary(
            folder: "line-A/<2>", state: .failed, time: "2026-11-24T10:00:00Z", images: 12, reason: "the disk is full"),
        BatchSummary(
            folder: "line-B/3", state: .waiting, time: "2026-11-24T08:00:00Z", images: 3, reason: "3 images, 8 are needed"),
    ]

    @Test("The page says what is flagged, what failed and what waits, and escapes folders")
    func html() throws {
        let page = try IndexPage(root: "drop", batches: batches, time: "2026-11-24T11:00:00Z").html()
        #expect(page.contains("<h1>Flagged images in 1 of 1 batch, 1 failed</h1>"))
        #expect(page.contains("line-A/&lt;2&gt;") && !page.contains("line-A/<2>"))
        #expect(page.contains("3 images, 8 are needed"))
    }

    @Test("A report is linked by its path's bytes, which need not be UTF-8")
    func foreignEncoding() throws {
        var batch = batches[0]
        batch.report = FilePath(bytes: Array("Gr".utf8) + [0xFC] + Array("n/_musc/report.html".utf8))
        let page = try IndexPage(root: "drop", batches: [batch], time: "2026-11-24T11:00:00Z").html()
        #expect(page.contains("<a href=\"Gr%FCn/_musc/report.html\">"))
        #expect(page.contains("\"Gr%FCn/_musc/report.html\"]"))
    }

    @Test("The page is replaced in one step, and files of others are left alone")
    func write() throws {
        try withTemporaryFolder { folder in
            for _ in 0..<2 { try IndexPage(root: folder, batches: batches, time: "2026-11-24T11:00:00Z").write() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["index.html"])
            try Data("<h1>Mine</h1>".utf8).write(to: URL(fileURLWithPath: "\(folder)/index.html"))
            let error = #expect(throws: ResultsError.self) {
                try IndexPage(root: folder, batches: batches, time: "2026-11-24T11:00:00Z").write()
            }
            #expect(error?.kind == .occupied)
        }
    }

    private func done(_ folder: String, _ number: Int, median: Float = 0.3, method: String? = "a") -> BatchSummary {
        BatchSummary(
            folder: folder, state: .done, time: "2026-11-30T\(number < 10 ? "0" : "")\(number):00:00Z", images: 10,
            scores: .init(tenth: median - 0.1, median: median, ninetieth: median + 0.1, highest: median + 0.2), method: method)
    }

    @Test("A batch without a verdict is told of with its reason, and is not counted as clean")
    func noVerdict() throws {
        var open = batches[0]
        (open.folder, open.flagged, open.noVerdict) = ("line-A/2", 0, "Two images are too few to tell what is normal.")
        let page = try IndexPage(root: "drop", batches: [open], time: "2026-11-24T11:00:00Z").html()
        #expect(page.contains("<h1>No verdict on the one batch</h1>"))
        #expect(page.contains("<span class=\"state noVerdict\">no verdict</span>") && page.contains("Two images are too few"))
        let both = try IndexPage(root: "drop", batches: [open] + batches, time: "2026-11-24T11:00:00Z").html()
        #expect(both.contains("<h1>Flagged images in 1 of 2 batches, no verdict on 1, 1 failed</h1>"))
    }

    @Test("A batch whose results are gone is told of with its reason, in a state of its own")
    func resultsGone() throws {
        var gone = done("line-A/2", 9)
        (gone.areResultsGone, gone.reason) = (true, "its results are no longer where they were put; musc retry line-A/2")
        let page = try IndexPage(root: "drop", batches: [gone], time: "2026-11-24T11:00:00Z").html()
        #expect(page.contains("<li><span class=\"state resultsGone\">results gone</span> <strong>line-A/2</strong> its results"))
        #expect(page.contains("\"line-A/2\",\"results gone\""))
    }

    @Test("Each line has a trend of its own, which breaks where the method changes")
    func lines() throws {
        let batches =
            (0..<6).map { done("line-A/\($0)", $0, method: $0 < 3 ? "a" : "b") } + (0..<4).map { done("line-B/\($0)", $0 + 10) }
            + [done("lonely/1", 1)]
        let trends = TrendPlot.lines(of: batches)
        #expect(trends.map(\.line) == ["line-B", "line-A"] && trends.map(\.breaks) == [0, 1])
        #expect(trends[1].scoreSVG.contains("class=\"break\"") && !trends[0].scoreSVG.contains("class=\"break\""))
        // Two stretches: two bands and two curves.
        #expect(trends[1].scoreSVG.components(separatedBy: "Z").count - 1 == 2)
        let page = try IndexPage(root: "drop", batches: batches, time: "2026-11-30T18:00:00Z").html()
        #expect(page.contains("<h3 class=\"line-title\">line-A</h3>") && page.contains("A dashed line: from there on"))
    }

    @Test("A drift is told of within an unbroken stretch alone")
    func drift() {
        let rising = (0..<12).map { done("a/\($0)", $0, median: 0.2 + 0.02 * Float($0)) }
        #expect(TrendPlot(rising).drift?.hasPrefix("The median went from 0.23") == true)
        #expect(TrendPlot((0..<12).map { done("a/\($0)", $0, median: 0.3 + 0.001 * Float($0 % 3)) }).drift == nil)
        // The same rise by a change of the method is none of the product.
        #expect(TrendPlot((0..<12).map { done("a/\($0)", $0, median: $0 < 6 ? 0.2 : 0.4, method: $0 < 6 ? "a" : "b") }).drift == nil)
    }

    @Test("Times along the axis have the time of day, and the date where it changes")
    func times() {
        let labels = TrendPlot((0..<9).map { done("a/\($0)", $0) }).timeLabels.map(\.text)
        #expect(labels.count == 5 && Set(labels).count == 5)
        #expect(TrendPlot((0..<8).map { done("a/\($0)", $0) }).timeLabels.count == 3)
        #expect(labels[0].count == 16 && labels.dropFirst().contains { $0.count == 5 })
    }

    @Test("A trend of many batches shares columns, and an empty one draws nothing")
    func trend() {
        let many = (0..<1000).map {
            BatchSummary(
                folder: "\($0)", state: .done, time: "2026-01-01T00:00:\($0)Z", images: 10, flagged: 1,
                scores: .init(of: [0.2, 0.3]))
        }
        #expect(TrendPlot(many).batchesPerColumn == 4)
        #expect(TrendPlot([]).isEmpty)
        #expect(!TrendPlot(many).scoreSVG.contains("nan"))
    }
}
