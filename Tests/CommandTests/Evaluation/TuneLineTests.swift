import Foundation
import Testing

/// `musc tune --line`: the verdicts of a line as labels. Which setting is best is nothing that a tiny random network tells.
@Suite struct TuneLineTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try Data("watch: {settle_seconds: 0}\nmodel: {backbone: tiny.json, image_size: 84x84}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        try musc.makeBatch("drop/line/a", images: 10)
        try musc.makeBatch("drop/line/b", images: 10, first: 20)
        let result = try musc.run("sweep", "drop", "--config", "musc.yaml")
        #expect(result.status == 0, "\(result.errors)")
    }

    private func say(_ batch: String, good: [String], defect: [String]) throws {
        let flags = (good.isEmpty ? [] : ["--good"] + good) + (defect.isEmpty ? [] : ["--defect"] + defect)
        let result = try musc.run(["verdict", "drop/line/\(batch)"] + flags)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func tune(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.run(["tune", "--line", "drop/line", "--config", "musc.yaml", "--sizes", "70", "--out", "tuning"] + arguments)
    }

    /// Images of a batch, the most anomalous first, and which were drawn for spot checks.
    private func ranked(_ batch: String) throws -> (names: [String], drawn: [String]) {
        let folder = musc.scratch.appending(path: "drop/line/\(batch)/_musc")
        let record = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "run.json"))) as? [String: Any])
        let lines = try String(contentsOf: folder.appending(path: "scores.csv"), encoding: .utf8).split(separator: "\r\n")
        let place = try #require(lines[0].split(separator: ",", omittingEmptySubsequences: false).firstIndex(of: "image"))
        return (
            lines.dropFirst().map { String($0.split(separator: ",", omittingEmptySubsequences: false)[place]) },
            try #require(record["spot_checks"] as? [String])
        )
    }

    @Test("Every second batch is kept back, unlabelled images judge and are not counted, and what was computed is kept")
    func choosing() throws {
        for batch in ["a", "b"] { try say(batch, good: ["part_1.png", "part_7.png"], defect: ["part_4.png"]) }
        let result = try tune()
        #expect(result.status == 0, "\(result.errors)")
        for said in ["a: chooses", "b: kept back", "a, 70 px: computed"] { #expect(result.errors.contains(said)) }
        #expect(result.output.contains("model:\n  backbone: tiny\n"))
        // One defective and two good parts: AUROC is a half, or all or nothing.
        let paper = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("paper ") })
        let figures = paper.split(separator: " ").dropFirst().prefix(3).filter { $0 != "–" }
        #expect(!figures.isEmpty && figures.allSatisfy { ["0.000", "0.500", "1.000"].contains($0) }, "\(paper)")
        let again = try tune()
        #expect(again.output == result.output && again.errors.contains("b, 70 px: computed before, kept"))
    }

    @Test("Spot checks stand for the parts that nobody checked; without them it is said that the comparison is lopsided")
    func weights() throws {
        for batch in ["a", "b"] {
            let (names, drawn) = try ranked(batch)
            let others = names.filter { !drawn.contains($0) }
            try say(batch, good: [others[1]], defect: [others[0]])
        }
        #expect(try tune().errors.contains("each checked part counts once"))
        for batch in ["a", "b"] {
            let (_, drawn) = try ranked(batch)
            try say(batch, good: Array(drawn.dropFirst()), defect: [drawn[0]])
        }
        let result = try tune()
        #expect(result.status == 0 && !result.errors.contains("each checked part counts once"), "\(result.errors)")
    }

    @Test("Verdicts on photographs that are gone, or that others took the place of, are said and count for nothing")
    func gone() throws {
        for batch in ["a", "b"] { try say(batch, good: ["part_1.png", "part_7.png"], defect: ["part_4.png"]) }
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "drop/line/b/part_7.png"))
        let result = try tune()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("the verdict on part_7.png fits no image of the folder"), "\(result.errors)")
        // Another photograph under a checked part's name is another part.
        try musc.writeImage(musc.scratch.appending(path: "drop/line/b/part_1.png")) { x, y in UInt8(truncatingIfNeeded: x ^ y) }
        let none = try tune()
        #expect(none.status == 2 && none.errors.contains("a good and a defective part in two batches"), "\(none.errors)")
    }

    @Test("A line whose verdicts cannot be divided says what it takes; labelled folders beside a line are refused, and neither is too")
    func refused() throws {
        #expect(try tune().errors.contains("nobody has said anything of the parts of such a line"))
        try say("a", good: ["part_1.png"], defect: ["part_4.png"])
        let one = try tune()
        #expect(one.status == 2 && one.errors.contains("a good and a defective part in two batches"), "\(one.errors)")
        let both = try tune("--dataset", "folder")
        #expect(both.status == 2 && both.errors.contains("leave out --dataset"))
        let neither = try musc.run(["tune", "--backbone", "tiny.json"])
        #expect(neither.status == 2 && neither.errors.contains("or a line with --line"))
    }
}
