import Foundation
import Testing

/// `musc evaluate --line`: the verdicts of a line as labels.
@Suite struct EvaluateLineTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try Data("watch: {settle_seconds: 0}\nmodel: {backbone: tiny.json, image_size: 84x84}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        try musc.makeBatch("drop/line/a", images: 12)
        try sweep()
    }

    private func sweep() throws {
        let result = try musc.run("sweep", "drop", "--config", "musc.yaml")
        #expect(result.status == 0, "\(result.errors)")
    }

    private func say(_ batch: String, good: [String], defect: [String]) throws {
        let flags = (good.isEmpty ? [] : ["--good"] + good) + (defect.isEmpty ? [] : ["--defect"] + defect)
        let result = try musc.run(["verdict", "drop/line/\(batch)"] + flags)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func evaluate(_ flags: String...) throws -> MuscCommand.Result {
        try musc.run(["evaluate", "--line", "drop/line", "--config", "musc.yaml"] + flags)
    }

    private func text(_ name: String) throws -> String { try String(contentsOf: musc.scratch.appending(path: name), encoding: .utf8) }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// A table's rows, by the names of its columns.
    private func table(_ text: String) -> [[String: String]] {
        let lines = text.split(separator: "\r\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        return lines.dropFirst().map { Dictionary(zip(lines[0], $0), uniquingKeysWith: { $1 }) }
    }

    /// Images of the batch `a`, the most anomalous first, and which were drawn for spot checks.
    private func ranked() throws -> (names: [String], drawn: Set<String>) {
        let record = try object(text("drop/line/a/_musc/run.json"))
        return (
            table(try text("drop/line/a/_musc/scores.csv")).compactMap { $0["image"] },
            Set(try #require(record["spot_checks"] as? [String]))
        )
    }

    @Test("The present scores are held against the verdicts, and what stands for what is said")
    func asScored() throws {
        let (names, drawn) = try ranked()
        // The two most anomalous and the two least, and the spot checks.
        let defect = [names[0], names[10]]
        let good = [names[1], names[11]] + drawn.filter { !defect.contains($0) && $0 != names[1] && $0 != names[11] }
        try say("a", good: good, defect: defect)
        let result = try evaluate("--json", "--out", "R")
        #expect(result.status == 0, "\(result.errors)")
        let found = try object(result.output)
        let parts = try #require(found["parts"] as? [String: Any])
        #expect(parts["good"] as? Int == good.count && parts["defective"] as? Int == 2 && (parts["left_out"] as? [Any])?.isEmpty == true)
        let origins = try #require(parts["origins"] as? [String: [String: Int]])
        #expect(origins.values.reduce(0) { $0 + ($1["good"] ?? 0) + ($1["defective"] ?? 0) } == good.count + 2)
        #expect(origins["spot check"].map { ($0["good"] ?? 0) + ($0["defective"] ?? 0) } == drawn.count)
        let rows = try #require(found["rows"] as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["row"] as? String == "as scored")
        // The first is above all good ones, the other above the last alone.
        let auroc = try #require((rows[0]["checked"] as? [String: Any])?["auroc"] as? Double)
        #expect(abs(auroc - 100 * Double(good.count + 1) / Double(2 * good.count)) < 1e-9)
        let settings = try #require((rows[0]["settings"] as? [[String: Any]])?.first?["settings"] as? [String: String])
        #expect(settings["model.backbone"] == "tiny" && settings["model.image_size"]?.hasPrefix("84") == true, "\(settings)")
        #expect(try object(text("R/results.json"))["line"] as? String == found["line"] as? String)
        #expect(try table(text("R/results.csv")).first?["over"] == "checked")
        #expect(try table(text("R/parts.csv")).count == good.count + 2)
        #expect(try text("R/results.md").contains("| all checked parts | AUROC |"))
        let shown = try evaluate().output
        #expect(shown.contains("as scored: tiny, 84") && shown.contains("spot check"), "\(shown)")
        #expect(shown.contains("were looked at because they score high") == (origins["top"] != nil))
    }

    @Test("Other settings are computed anew by the batch's own images, over the same parts; photographs that are gone are named")
    func anew() throws {
        let (names, _) = try ranked()
        try say("a", good: [names[1], names[5], names[11]], defect: [names[0], names[10]])
        let result = try evaluate("--image-size", "112x112", "--json", "--out", "R")
        #expect(result.status == 0, "\(result.errors)")
        let rows = try #require(try object(result.output)["rows"] as? [[String: Any]])
        #expect(rows.map { $0["row"] as? String } == ["as scored", "configured", "given"])
        #expect(rows.last?["flags"] as? [String] == ["--image-size 112x112"])
        // The line's first batch was judged by itself alone, with the settings that the configuration has.
        let parts = table(try text("R/parts.csv"))
        #expect(parts.count == 5 && parts.allSatisfy { $0["as_scored_score"] == $0["configured_score"] })
        // Verdicts bar nobody here, and all twelve images judge.
        try musc.makeBatch("hand", images: 12)
        #expect(try musc.run("run", "hand", "--config", "musc.yaml", "--image-size", "112x112").status == 0)
        let byHand = Dictionary(
            table(try text("hand/_musc/scores.csv")).map { ($0["image"] ?? "", Double($0["score"] ?? "")) }, uniquingKeysWith: { $1 })
        for part in parts {
            let (own, other) = (try #require(Double(part["given_score"] ?? "")), try #require(byHand[part["image"] ?? ""] ?? nil))
            #expect(abs(own - other) < 1e-5 * other, "\(part)")
        }
        #expect(parts.contains { $0["given_score"] != $0["configured_score"] })

        try FileManager.default.removeItem(at: musc.scratch.appending(path: "drop/line/a/\(names[5])"))
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "drop/line/a/\(names[6])"))
        let fewer = try evaluate("--region", "0,0,0.5,1", "--preset", "paper", "--image-size", "84")
        #expect(fewer.status == 0, "\(fewer.errors)")
        #expect(fewer.output.contains("4 checked parts with scores, 2 good and 2 defective"), "\(fewer.output)")
        #expect(fewer.output.contains("their photographs are gone") && fewer.output.contains("a/\(names[5])"))
        #expect(fewer.output.contains("1 photograph without a verdict is gone"))
        #expect(fewer.output.contains("--region 0,0,0.5,1") && fewer.output.contains("--preset paper"))
    }

    @Test("Scores that the line's past had a part in are told apart from those computed anew")
    func past() throws {
        let (names, _) = try ranked()
        try say("a", good: [names[11]], defect: [names[0]])
        try musc.makeBatch("drop/line/b", images: 9, first: 20)
        try sweep()
        let others = table(try text("drop/line/b/_musc/scores.csv")).compactMap { $0["image"] }
        try say("b", good: [others[8]], defect: [others[0]])
        let shown = try evaluate()
        #expect(
            shown.output.contains("Beside their batches' own images judged: ") && shown.output.contains("in 2 batches"), "\(shown.output)")
        let anew = try evaluate("--image-size", "70x70", "--no-progress")
        #expect(anew.status == 0 && anew.output.contains("hold --image-size 70x70 against configured"), "\(anew.errors)")
    }

    @Test("Too few verdicts give no figure and say what is needed; a line without any, and data sets beside a line, are refused")
    func tooFew() throws {
        let none = try evaluate()
        #expect(none.status == 2 && none.errors.contains("nobody has said anything of the parts of such a line"))
        let (names, _) = try ranked()
        try say("a", good: [names[3], names[4]], defect: [])
        let few = try evaluate("--image-size", "112x112")
        #expect(few.status == 0 && few.output.contains("no figures: it takes at least one part that was found defective"), "\(few.output)")
        #expect(few.errors.contains("nothing was computed anew") && !few.output.contains("AUROC"))
        let rows = try #require(try object(evaluate("--json").output)["rows"] as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["checked"] == nil)
        // Results that are gone leave nothing to hold against.
        try say("a", good: [], defect: [names[0]])
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "drop/line/a/_musc"))
        let gone = try evaluate()
        #expect(gone.status == 0 && gone.output.contains("3 checked parts are left out: there are no results with them any more"))
        let both = try evaluate("--dataset", "folder")
        #expect(both.status == 2 && both.errors.contains("leave out --dataset"))
    }
}
