import Foundation
import MuScBatch
import MuScResults
import MuScSupport
import SystemPackage
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
        try write("large", names: (0..<2600).map { "part_\(10000 + $0).jpg" }, unreadable: ["broken.jpg"])
        try write(
            "huge", names: (0..<100_000).map { "part_\(100_000 + $0).jpg" }, size: (32, 24), photographs: false)
        try write("judged", names: (1...40).map { "part_\(1000 + $0).jpg" }, judged: true)
        var cropped = try SyntheticBatch(names: (0..<9).map { "part_\($0).png" }, folder: "\(root)/cropped", size: (1600, 1200))
        cropped.restrict { x, _ in x < 16 }
        try ResultsWriter(options: OutputOptions()).write(
            scores: cropped.scores, run: cropped.run, batchFolder: cropped.folder, indexURL: nil)
        try write("clean", names: (0..<6).map { "p\($0).png" }, threshold: .infinity)
    }

    @Test("The pages of all batches for the browser test are written")
    func indexes() throws {
        var random = SeededGenerator(seed: 7)
        let batches = (0..<5000).map { index -> BatchSummary in
            let state: BatchSummary.State = [4999: .waiting, 4990: .failed, 4000: .heldBack][index] ?? .done
            let reason: [BatchSummary.State: String] = [
                .waiting: "5 images, 8 are needed", .failed: "the disk is full", .heldBack: "failed 3 times: weights are missing",
            ]
            let level = Float(0.3 + 0.05 * Double(index) / 5000 + 0.02 * random.unit())
            let flagged = state == .done && random.unit() < 0.3 ? 1 + Int(random.unit() * 6) : 0
            let day = 1 + index / 10 % 28
            let month = 1 + index / 280 % 12
            func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return BatchSummary(
                folder: "line-\(["A", "B", "C"][index % 3])/batch_\(index)", state: state,
                time: state == .waiting ? "" : "\(2024 + index / 3360)-\(padded(month))-\(padded(day))T\(padded(8 + index % 10)):00:00Z",
                images: 80, flagged: flagged, seconds: state == .done ? 9 + 6 * random.unit() : nil,
                scores: state == .done
                    ? .init(tenth: level - 0.03, median: level, ninetieth: level + 0.05, highest: level + 0.1 + 0.05 * Float(flagged))
                    : nil,
                reason: reason[state], report: state == .done ? FilePath("line/batch_\(index)/_musc/report.html") : nil)
        }
        for (name, shown) in [("many", batches), ("few", Array(batches.suffix(24)))] {
            let folder = "\(root)/\(name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try IndexPage(root: "drop", folder: folder, batches: shown, time: "2026-11-24T10:12:00+01:00").write()
        }
    }

    private func write(
        _ name: String, names: [String], threshold: Float? = nil, unreadable: [String] = [],
        size: (width: Int, height: Int) = (160, 120), photographs: Bool = true, judged: Bool = false
    ) throws {
        var batch = try SyntheticBatch(
            names: names, folder: "\(root)/\(name)", size: size, photographs: photographs, threshold: threshold,
            unreadable: unreadable)
        if judged { try batch.addJudges(knownGood: 32, in: "\(root)/known-good") }
        var options = OutputOptions(overlays: names.count > 2000 ? .none : .look)
        options.singleFile = judged ? .flagged : nil
        try ResultsWriter(options: options).write(
            scores: batch.scores, run: batch.run, batchFolder: batch.folder, indexURL: "../../index.html")
    }
}
