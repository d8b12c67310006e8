import Foundation
import MuSc
import MuScResults
import Testing

/// Writes the batches that the browser test of the pages opens, into the folder that `MUSC_PAGE_FIXTURES` names.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MUSC_PAGE_FIXTURES"] != nil))
struct PageFixtures {
    let root = ProcessInfo.processInfo.environment["MUSC_PAGE_FIXTURES"] ?? ""

    @Test("The batches for the browser test are written")
    func batches() throws {
        try write("parts", names: (1...80).map { "part_\(1000 + $0).jpg" }, unreadable: ["broken.jpg"])
        try write(
            "hostile",
            names: [
                "<img src=x onerror=alert(1)>.png", "\" onload=\"alert(1).png", "quote\"\u{301} onerror=alert(1) x.png",
                "</script><script>alert(1).png".replacingOccurrences(of: "/", with: "∕"), "a b#c?d%20e.png", "=cmd,\"x\".png",
                "new\nline.png", "ümläut 漢字.png", "{{answer}}.png", "&amp;.png", "'single'.png",
            ], unreadable: ["<svg onload=alert(2)>.jpg"])
        try write("thousand", names: (0..<1000).map { "part_\(10000 + $0).jpg" })
        try write("clean", names: (0..<6).map { "p\($0).png" }, threshold: .infinity)
    }

    private func write(_ name: String, names: [String], threshold: Float? = nil, unreadable: [String] = []) throws {
        let batch = try SyntheticBatch(
            names: names, folder: "\(root)/\(name)", threshold: threshold, unreadable: unreadable)
        try ResultsWriter(options: OutputOptions()).write(
            scores: batch.scores, run: batch.run, batchFolder: batch.folder, indexURL: "../../index.html")
    }
}
