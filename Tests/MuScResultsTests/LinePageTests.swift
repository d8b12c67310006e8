import Foundation
import MuScBatch
import MuScResults
import MuScVerdicts
import ScratchFolders
import SystemPackage
import Testing

/// The page of a line: what people found of its parts.
@Suite struct LinePageTests {
    private let scratch: ScratchFolder
    private var line: FilePath { scratch.filePath.appending("line") }

    init() throws {
        scratch = try ScratchFolder()
        try FileManager.default.createDirectory(atPath: scratch.path("line/<b> 1"), withIntermediateDirectories: true)
        _ = try scratch.write("line/<b> 1/p \"1\".png", Array("photograph".utf8))
    }

    private func part(_ image: String, _ answer: PartVerdict.Answer, _ origin: PartVerdict.Origin, note: String = "") -> LineVerdicts.Part {
        LineVerdicts.Part(
            batch: line.appending("<b> 1").string,
            verdict: PartVerdict(image: image, answer: answer, origin: origin, note: note, by: "Ann", at: "2026-11-24T09:00:00Z"))
    }

    private func page(_ parts: [LineVerdicts.Part]) -> LinePage {
        let folder = line.appending("<b> 1")
        let batch = LinePage.Batch(
            folder: folder, images: 40, time: "2026-11-24T08:00:00Z", report: folder.appending("_musc").appending("report.html"))
        return LinePage(line: line, folder: line, parts: parts, batches: [batch], time: "2026-11-24T10:00:00Z")
    }

    @Test("It tells what slips through with an interval, and shows what people found defective")
    func content() throws {
        let good = (0..<23).map { part("good\($0).png", .good, .spotCheck) }
        let html = try page(
            good + [
                part("p \"1\".png", .defect, .spotCheck, note: "<crack>"), part("gone.png", .defect, .top), part("x.tif", .unsure, .hand),
            ]
        ).html()
        #expect(html.contains("<h1>Between 0.11 and 21 % of the parts that were not flagged are defective</h1>"))
        #expect(html.contains("25 parts of 40 that were scored were checked: 23 good, 2 defective."))
        #expect(html.contains("src=\"%3Cb%3E%201/p%20%221%22.png\"") && html.contains("the photograph is gone"))
        #expect(html.contains("href=\"%3Cb%3E%201/_musc/report.html\""))
        #expect(html.contains("&lt;crack&gt;") && !html.contains("<crack>") && !html.contains("<b> 1"))
        #expect(html.contains("Found defective <span class=\"count\">2</span>") && html.contains("<path class=\"band\" d=\"M0"))
        #expect(!html.contains("<script"))
    }

    @Test("Without spot checks there is no interval, and without verdicts it says so")
    func few() throws {
        let one = try page([part("a.png", .defect, .top)]).html()
        #expect(one.contains("<h1>1 of 1 checked parts defective</h1>") && !one.contains("What slips through"))
        #expect(try page([]).html().contains("<h1>No part was checked yet</h1>"))
    }

    @Test("It is replaced in one step, and a page of somebody else's is left alone")
    func write() throws {
        for _ in 0..<2 { try page([]).write() }
        #expect(try scratch.names().sorted() == ["line"] && FileManager.default.fileExists(atPath: scratch.path("line/line.html")))
        _ = try scratch.write("line/line.html", Array("<h1>Mine</h1>".utf8))
        let error = #expect(throws: ResultsError.self) { try page([]).write() }
        #expect(error?.kind == .occupied && error.map { "\($0)" }?.contains("a page of the line") == true)
    }
}
