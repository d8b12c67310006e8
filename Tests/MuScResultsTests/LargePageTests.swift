import Foundation
import MuScResults
import Testing

/// A batch of more images than one page holds.
@Suite struct LargePageTests {
    private func text(_ path: String) throws -> String {
        try String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    @Test("Past 2,000 images the page holds the 500 most anomalous, and files beside it hold the rest")
    func large() throws {
        try withTemporaryFolder { folder in
            let names = (0..<2100).map { "part_\(10_000 + $0).jpg" }
            let batch = try SyntheticBatch(
                names: names, folder: folder, size: (32, 24), photographs: false, unreadable: ["broken.jpg"])
            let options = OutputOptions(overlays: .none)
            let report = try ResultsWriter(options: options).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            let page = try text(report)
            #expect(page.components(separatedBy: "<li class=\"card").count - 1 == 501)
            #expect(page.contains("of 2100"))
            let parts = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/_musc/pages").sorted()
            #expect(parts == ["page-1.js", "page-2.js", "page-3.js", "page-4.js", "page-5.js", "table-1.js"])
            // Every image stands in one part, in the order of the ranking.
            let rows = try text("\(folder)/_musc/scores.csv").split(separator: "\r\n").dropFirst()
            let ranked = rows.map { String($0.split(separator: ",", omittingEmptySubsequences: false)[1]) }.filter { $0 != "broken.jpg" }
            var found: [String] = []
            for part in 1...5 {
                let content = try text("\(folder)/_musc/pages/page-\(part).js")
                #expect(content.hasPrefix("muscPage(\((part - 1) * 500),[["))
                found += content.components(separatedBy: "[\"part_").dropFirst().map { "part_\($0.prefix(9))" }
            }
            #expect(found == ranked)
            let table = try text("\(folder)/_musc/pages/table-1.js")
            #expect(table.components(separatedBy: "[\"part_").count - 1 == 2100)
        }
    }

    @Test("A batch that fits has no files beside its page but pictures")
    func small() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<12).map { "part_\($0).jpg" }, folder: folder)
            let report = try ResultsWriter(options: OutputOptions()).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/_musc/pages"))
            #expect(!(try text(report).contains("id=\"pages\"")))
        }
    }
}
