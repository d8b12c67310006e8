import Foundation
import Testing

/// Where the results of batches lie that are scored by hand: none takes another's place.
@Suite struct ResultsPlacesTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func run(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.score(arguments)
    }

    /// The batch whose results lie in a folder, by its record.
    func batch(_ results: String) throws -> String? {
        let data = try Data(contentsOf: musc.scratch.appending(path: "\(results)/_musc/run.json"))
        return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?["batch"] as? String
    }

    func isThere(_ path: String) -> Bool { musc.scratch.appending(path: path).exists }

    @Test("Two batches of one name keep their results apart under --out", arguments: [false, true])
    func sameName(recursive: Bool) throws {
        for folder in ["a/0900", "b/0900"] { try musc.makeBatch(recursive ? "\(folder)/shots" : folder, images: 2) }
        let result = try musc.run(["run", "a/0900", "b/0900", "--out", "R"] + (recursive ? ["--recursive"] : []) + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try batch("R/a/0900") == "a/0900" && batch("R/b/0900") == "b/0900")
        #expect(!isThere("R/0900"))
    }

    @Test("A batch does not take the place of another's results of an earlier run, and nothing is scored")
    func earlierRun() throws {
        for folder in ["a/0900", "b/0900", "c"] { try musc.makeBatch(folder, images: 2) }
        #expect(try run("a/0900", "--out", "R").status == 0)
        let refused = try run("c", "b/0900", "--out", "R")
        #expect(refused.status == 2 && refused.errors.contains("R/0900/_musc: holds what") && refused.errors.contains("another --out"))
        #expect(try batch("R/0900") == "a/0900" && !isThere("R/c"))
        #expect(try run("a/0900", "--out", "R").status == 0, "its own results are replaced as ever")
        #expect(try run("./a/../a/0900", "--out", "R").status == 0, "however it is named")
    }

    @Test("Names that differ by case or Unicode form alone are kept apart by their parents, or refused before scoring")
    func folded() throws {
        for folder in ["a/Part", "b/part", "a/part", "x/caf\u{E9}", "y/cafe\u{301}"] { try musc.makeBatch(folder, images: 2) }
        #expect(try run("a/Part", "b/part", "x/caf\u{E9}", "y/cafe\u{301}", "--out", "R").status == 0)
        #expect(try batch("R/a/Part") == "a/Part" && batch("R/b/part") == "b/part")
        #expect(try batch("R/x/caf\u{E9}") == "x/caf\u{E9}" && batch("R/y/cafe\u{301}") == "y/cafe\u{301}")
        let refused = try run("a/Part", "a/part", "--out", "S")
        #expect(refused.status == 2 && refused.errors.contains("differ by case or Unicode form alone"))
        #expect(!isThere("S"))
        // Beside the images there is nothing to keep apart.
        #expect(try run("a/Part", "a/part").status == 0)
    }

    @Test("A folder that is given twice is scored once, and it is said")
    func twice() throws {
        try musc.makeBatch("a/0900", images: 2)
        try FileManager.default.createSymbolicLink(
            at: musc.scratch.appending(path: "link"), withDestinationURL: musc.scratch.appending(path: "a/0900"))
        for out in [[], ["--out", "R"]] {
            let result = try musc.run(["run", "a/0900", "a/../a/0900/", "link"] + out + MuscCommand.tiny)
            #expect(result.status == 0 && result.output.split(separator: "\n").count == 1, "\(result.output)")
            #expect(result.errors.contains("link is the same folder as a/0900, and is scored once"))
        }
        #expect(isThere("R/0900/_musc/report.html"))
    }

    @Test("The folder that one works in has its own name under --out")
    func workingFolder() throws {
        try musc.makeBatch("a/0900", images: 2)
        try musc.makeBatch("b/1000", images: 2)
        let result = try run("a/../a/0900/.", "b/1000/.", "--out", "R")
        #expect(result.status == 0 && isThere("R/0900/_musc") && isThere("R/1000/_musc"), "\(result.errors)")
    }

    @Test("Copies of flagged images keep apart as results do")
    func copies() throws {
        for folder in ["a/0900", "b/0900"] {
            let batch = try musc.makeBatch(folder, images: 4)
            try musc.writeImage(batch.appending(path: "odd.png")) { x, _ in x > 20 && x < 40 ? 255 : 0 }
        }
        try Data("output: {copy_flagged_to: flagged}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let options = ["--config", "musc.yaml", "--threshold", "0"] + MuscCommand.tiny
        #expect(try musc.run(["run", "a/0900", "b/0900"] + options).status == 0)
        #expect(isThere("flagged/a/0900/odd.png") && isThere("flagged/b/0900/odd.png"))
        #expect(try musc.run(["run", "a/0900"] + options).status == 0)
        let refused = try musc.run(["run", "b/0900"] + options)
        #expect(refused.status == 2 && refused.errors.contains("flagged/0900: holds what"), "\(refused.errors)")
    }

    @Test("A batch of a drop folder has its results where the watcher looks for them")
    func dropFolder() throws {
        try musc.makeBatch("drop/line/0900", images: 8)
        try musc.makeBatch("elsewhere/0900", images: 2)
        try Data("watch: {roots: [drop], settle_seconds: 0}\noutput: {where: out}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        let options = ["--config", "musc.yaml"] + MuscCommand.tiny
        #expect(try musc.run(["run", "drop/line/0900", "elsewhere/0900"] + options).status == 0)
        #expect(isThere("out/line/0900/_musc/report.html") && isThere("out/elsewhere/0900/_musc/report.html"))
        let sweep = try musc.run(["sweep"] + options)
        #expect(sweep.status == 0 && sweep.output == "", "the watcher knows the results: \(sweep.output)")
    }

    @Test("A sweep does not take another batch's place under output.where, and says so")
    func sweep() throws {
        try musc.makeBatch("drop/0900", images: 8)
        try musc.makeBatch("elsewhere/0900", images: 2)
        try Data("watch: {settle_seconds: 0}\noutput: {where: out}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let options = ["--config", "musc.yaml"] + MuscCommand.tiny
        #expect(try musc.run(["run", "elsewhere/0900"] + options).status == 0)
        let sweep = try musc.run(["sweep", "drop"] + options)
        #expect(sweep.status == 1 && sweep.errors.contains("out/0900/_musc: holds what"), "\(sweep.errors)")
        #expect(try batch("out/0900") == "elsewhere/0900")
        #expect(try musc.run("status").output.contains("holds what"))
    }

    @Test("A plan is refused whose results would take another batch's place; merging writes where the plan says")
    func plan() throws {
        for folder in ["a/0900", "b/0900"] { try musc.makeBatch(folder, images: 6) }
        #expect(try run("a/0900", "--out", "R").status == 0)
        let shards = ["--shards", "1", "--judges", "3", "--work", "work"]
        let refused = try musc.run(["plan", "b/0900", "--out", "R"] + shards + MuscCommand.tiny)
        #expect(refused.status == 2 && refused.errors.contains("R/0900/_musc: holds what"))
        #expect(try musc.run(["plan", "b/0900", "--out", "S"] + shards + MuscCommand.tiny).status == 0)
        #expect(try musc.run("work", "--plan", "work/plan.json", "--shard", "0").status == 0)
        #expect(try musc.run("merge", "--plan", "work/plan.json").status == 0)
        #expect(try batch("S/0900")?.hasSuffix("b/0900") == true)
    }
}
