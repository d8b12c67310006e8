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

    @Test("The page says what is suspect, what failed and what waits, and escapes folders")
    func html() throws {
        let page = try IndexPage(root: "drop", batches: batches, time: "2026-11-24T11:00:00Z").html()
        #expect(page.contains("<h1>Suspect images in 1 of 1 batches, 1 failed</h1>"))
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
