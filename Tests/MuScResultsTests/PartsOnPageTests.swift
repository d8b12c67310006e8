import Foundation
import MuScResults
import SystemPackage
import Testing

/// Photographs of one part on the page, and files of the folder that are no images.
struct PartsOnPageTests {
    private func page(
        _ names: [String], singleFile: Bool = false, _ change: (inout SyntheticBatch) -> Void
    ) throws -> String {
        var page = ""
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: names, folder: folder, size: (32, 24))
            change(&batch)
            var options = OutputOptions(overlays: .none)
            if singleFile { options.singleFile = .flagged }
            let report = try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            let renderer = try ReportRenderer(options: options).render(folder: folder)
            let first = try String(contentsOfFile: report, encoding: .utf8)
            // The page that is made again from the results shows the same parts.
            func section(_ text: String) -> Substring? {
                text.range(of: "id=\"parts\"").flatMap { start in
                    text.range(of: "</section>", range: start.upperBound..<text.endIndex).map { text[start.upperBound..<$0.lowerBound] }
                }
            }
            #expect(try section(String(contentsOfFile: renderer.0, encoding: .utf8)) == section(first))
            page = first
        }
        return page
    }

    @Test("Photographs of one part stand together, the most anomalous part first, under the highest of their scores")
    func together() throws {
        let names = (0..<20).map { "part_\(100 + $0).png" }
        var expected: [String: Float] = [:]
        let html = try page(names) { batch in
            for (index, part) in [(3, "A"), (4, "A"), (0, "B"), (1, "B"), (2, "B"), (7, "alone")] {
                batch.scores.images[index].part = part
                expected[part] = max(expected[part] ?? 0, batch.scores.images[index].score ?? 0)
            }
        }
        let start = try #require(html.range(of: "Several photographs of one part"))
        let end = try #require(html.range(of: "</section>", range: start.upperBound..<html.endIndex))
        let section = String(html[start.upperBound..<end.lowerBound])
        let groups = section.components(separatedBy: "<details").dropFirst()
        #expect(groups.count == 2 && !section.contains("alone"))
        let order = expected.filter { $0.key != "alone" }.sorted { $0.value > $1.value }.map(\.key)
        for (group, part) in zip(groups, order) {
            let count = part == "A" ? 2 : 3
            #expect(group.contains("<summary>\(part): score "), "\(group)")
            #expect(group.contains(", \(count) photographs</summary>"))
            #expect(group.components(separatedBy: "<li ").count - 1 == count)
            // Each of them, the first with the score of the part.
            let score = try #require(group.range(of: "score [0-9.]+", options: .regularExpression)).lowerBound
            let text = group[score...].dropFirst(6).prefix { $0 == "." || $0.isNumber }
            #expect(abs((Float(text) ?? 0) - (expected[part] ?? 1)) < 0.001)
            #expect(group.contains("<span class=\"score\">\(text)</span>"))
        }
        // The scratched part is flagged, and its group is open at once.
        #expect(groups.first?.hasPrefix(" open>") == true && groups.last?.hasPrefix(" open>") == false)
    }

    @Test("Of very many parts the first twelve are shown, and it is said where the others are")
    func many() throws {
        let html = try page((0..<60).map { "part_\(100 + $0).png" }) { batch in
            for index in batch.scores.images.indices { batch.scores.images[index].part = "part <\(index / 3)>" }
        }
        #expect(html.components(separatedBy: ", 3 photographs</summary>").count - 1 == 12)
        #expect(html.contains("8 more parts are in scores.csv, column part."))
        #expect(html.contains("part &lt;1&gt;") && !html.contains("part <1>"))
    }

    @Test("A batch without groups has no such section, and one without other files says nothing of them")
    func none() throws {
        let html = try page((0..<6).map { "p\($0).png" }) { _ in }
        #expect(!html.contains("Several photographs of one part") && !html.contains("ignored</a>") && !html.contains("Not scored"))
    }

    @Test("Other files of the folder are counted at the top, and each rule has its words")
    func otherFiles() throws {
        let html = try page((0..<6).map { "p\($0).png" }) { batch in
            batch.run.ignored = ["sidecar": 4, "hidden": 1, "rule of a later version": 2]
        }
        #expect(html.contains("<a href=\"#unreadable\">7 ignored</a>"))
        #expect(html.contains("7 other files of the folder are no images of the batch: 4 text, table or settings"))
        #expect(html.contains("2 rule of a later version, 1 hidden."))
    }
}
