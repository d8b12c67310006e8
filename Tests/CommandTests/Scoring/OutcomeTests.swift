import Foundation
import Testing

/// What a batch comes to, everywhere that it is told: none of these places may call a batch clean that nothing could be
/// flagged in.
@Suite struct OutcomeTests {
    /// A state that a batch can be in, and what each place says of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Alike images, of which the fifth is odd where there are so many.
        var images: Int
        var threshold = "auto"
        /// Files that only look like images.
        var broken = 0
        /// Whether a file lies where the batch's results are to be, in a folder of their own.
        var isBlocked = false
        var exit: Int32 = 0
        /// A part of the batch's line on the terminal; nil where it has none.
        var line: String?
        /// `outcome` of the hook's object; nil where no hook runs.
        var outcome: String?
        /// The page's heading; nil where there is no page.
        var heading: String?
        /// Counts and outcome in `batches.csv`: state, images, flagged, unreadable; outcome.
        var row: String
        var rowOutcome: String
        /// The state in the index.
        var index: String
        /// How the line of `musc status --all` begins, and a part of what follows.
        var status: String
        var statusEnd: String
    }

    static let cases = [
        Case(
            testDescription: "flagged", images: 9, threshold: "0.001", line: "9 images  9 flagged  ", outcome: "flagged",
            heading: "9 of 9 images are flagged", row: "done,9,9,0", rowOutcome: "flagged", index: "done",
            status: "  done  ", statusEnd: "drop/it  9 images"),
        Case(
            testDescription: "none flagged", images: 9, threshold: "2", line: "9 images  0 flagged  ",
            outcome: "none_flagged", heading: "None of 9 images is flagged", row: "done,9,0,0", rowOutcome: "none_flagged",
            index: "done", status: "  done  ", statusEnd: "drop/it  9 images"),
        Case(
            testDescription: "flagged, with an unreadable image", images: 9, threshold: "0.001", broken: 1,
            line: "10 images  9 flagged  1 unreadable  ", outcome: "flagged", heading: "9 of 10 images are flagged",
            row: "done,10,9,1", rowOutcome: "flagged", index: "done", status: "  done  ", statusEnd: "drop/it  10 images"),
        Case(
            testDescription: "no verdict, too few images", images: 2,
            line: "2 images  no verdict: Two images are too few to tell what is normal.  ", outcome: "no_verdict",
            heading: "No verdict on 2 images", row: "done,2,,0", rowOutcome: "no_verdict", index: "no verdict",
            status: "  done  ", statusEnd: "drop/it  2 images since …+05:30: Two images are too few to tell what is normal."),
        Case(
            testDescription: "held, no image is readable", images: 0, broken: 3, exit: 1, row: "held,3,,", rowOutcome: "",
            index: "held back", status: "  held  ", statusEnd: "drop/it  3 images since …+05:30: "),
        Case(
            testDescription: "failed, to be tried again", images: 9, isBlocked: true, exit: 1, row: "failed,9,,", rowOutcome: "",
            index: "failed", status: "  failed  ", statusEnd: "results/it: "),
        Case(
            testDescription: "waiting for more images", images: 1, row: "waiting,1,,", rowOutcome: "", index: "waiting",
            status: "  waiting  ", statusEnd: "drop/it  1 images"),
    ]

    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: musc.scratch.appending(path: name), encoding: .utf8)
    }

    private func makeBatch(_ name: String, images: Int, broken: Int = 0) throws {
        let folder = try musc.makeBatch(name, images: 0)
        for index in 0..<images {
            try musc.writeImage(folder.appending(path: "part_\(index).png")) { x, y in
                index == 4 && x > 30 && y > 30 ? 255 : UInt8(truncatingIfNeeded: x + y + index)
            }
        }
        for index in 0..<broken { try Data("no image".utf8).write(to: folder.appending(path: "x_\(index).png")) }
    }

    @Test("Terminal, exit status, page, hook, batches.csv, index and status say the same", arguments: cases)
    func everywhere(_ expected: Case) throws {
        func path(_ name: String) -> String { musc.scratch.appending(path: name).path(percentEncoded: false) }
        try makeBatch("drop/it", images: expected.images, broken: expected.broken)
        // An index is written once a batch is done.
        try makeBatch("drop/other", images: 3)
        let shown = expected.isBlocked ? "results" : "drop"
        if expected.isBlocked {
            try FileManager.default.createDirectory(atPath: path("results"), withIntermediateDirectories: true)
            try Data().write(to: musc.scratch.appending(path: "results/it"))
        }
        try Data(
            """
            watch: {roots: [\(path("drop"))], settle_seconds: 0, min_images: 2, metrics_file: \(path("musc.prom"))}
            output: {threshold: \(expected.threshold), where: \(expected.isBlocked ? path("results") : "alongside")}
            hooks: {on_batch: [sh, -c, 'cat >> "$0"; echo >> "$0"', \(path("hook.out"))]}
            """.utf8
        ).write(to: musc.scratch.appending(path: "musc.yaml"))
        // Times for people are local, with their distance from UTC.
        let zone = ["TZ": "Asia/Kolkata"]
        let sweep = try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny, environment: zone)
        #expect(sweep.status == expected.exit, "\(sweep.errors)")
        let line = sweep.output.split(separator: "\n").first { $0.contains("drop/it  ") }
        #expect(expected.line.map { line?.contains($0) == true } ?? (line == nil), "\(sweep.output)")

        let hooked = try text("hook.out").split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }.first { ($0["folder"] as? String)?.hasSuffix("drop/it") == true }
        #expect(hooked?["outcome"] as? String == expected.outcome)
        #expect((hooked?["no_verdict"] != nil) == (expected.outcome == "no_verdict"))

        let page = try? text("drop/it/_musc/report.html")
        #expect(
            expected.heading.map { page?.contains("<h1 id=\"answer\" aria-live=\"polite\">\($0)</h1>") == true } ?? (page == nil))
        let rows = try text("\(shown)/batches.csv").split(separator: "\r\n")
        #expect(
            rows[0] == "batch,state,images,flagged,unreadable,finished,seconds,report,error,outcome,found_good,found_defective,spot_checks")
        let row = try #require(rows.first { $0.hasPrefix("it,") })
        #expect(row.hasPrefix("it,\(expected.row),") && row.hasSuffix(",\(expected.rowOutcome),0,0,0"), "\(row)")
        let index = try text("\(shown)/index.html")
        #expect(index.contains("\">\(expected.index)</span></td>"))
        #expect(index.contains(/next try \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+05:30:/) == (expected.index == "failed"))
        let done = expected.row.hasPrefix("done") ? expected : nil
        let metrics = try text("musc.prom").split(separator: "\n")
        #expect(metrics.contains("musc_images_total \(3 + (done.map { $0.images + $0.broken } ?? 0))"))
        #expect(metrics.contains("musc_unreadable_images_total \(done?.broken ?? 0)"))
        let status = try musc.run(["status", "--all"], environment: zone)
        let told = status.output.split(separator: "\n").first { $0.contains("drop/it  ") } ?? ""
        let parts = expected.statusEnd.split(separator: "…")
        #expect(told.hasPrefix(expected.status) && parts.allSatisfy { told.contains($0) }, "\(status.output)")
        // What has a verdict is listed on request alone.
        #expect(try musc.run("status").output.contains("drop/it  ") == (expected.rowOutcome.isEmpty || expected.outcome == "no_verdict"))
    }
}
