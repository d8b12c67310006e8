import Foundation
import Glibc
import Testing

/// `musc plan`, `musc work` and `musc merge`, driven as a batch engine drives them.
@Suite struct ShardCommandTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func plan(_ folder: String, shards: Int = 3, _ flags: String...) throws -> MuscCommand.Result {
        try musc.run(
            ["plan", folder, "--shards", "\(shards)", "--judges", "5", "--work", "work"] + flags + MuscCommand.tiny)
    }

    func work(_ shard: Int, environment: [String: String] = [:]) throws -> MuscCommand.Result {
        try musc.run(["work", "--plan", "work/plan.json", "--shard", "\(shard)"], environment: environment)
    }

    func merge(_ flags: String...) throws -> MuscCommand.Result {
        try musc.run(["merge", "--plan", "work/plan.json"] + flags)
    }

    /// The rows of a table of scores.
    func table(_ results: String) throws -> [String] {
        try String(contentsOf: musc.scratch.appending(path: "\(results)/scores.csv"), encoding: .utf8)
            .split(whereSeparator: \.isNewline).map(String.init)
    }

    @Test("Three shards and a merge write what one run with the same judges writes")
    func same() throws {
        try musc.makeBatch("batch", images: 14)
        // All heat maps, not those alone that are flagged or worth a look.
        try Data("output: {overlays: all}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let planned = try plan("batch", "--config", "musc.yaml")
        #expect(planned.status == 0, "\(planned.errors)")
        #expect(planned.output.hasSuffix("work/plan.json  14 images  3 shards  5 judges\n"), "\(planned.output)")
        for (shard, variable) in [(2, "SLURM_ARRAY_TASK_ID"), (0, "JOB_COMPLETION_INDEX"), (1, "SLURM_ARRAY_TASK_ID")] {
            let result = try musc.run(
                ["work", "--plan", "work/plan.json"], environment: [variable: "\(shard)", "SLURM_CPUS_PER_TASK": "1"])
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.hasPrefix("shard \(shard)  \(shard == 0 ? 4 : 5) images  "), "\(result.output)")
        }
        let again = try work(1)
        #expect(again.output == "shard 1  5 images  was done\n")
        let merged = try merge()
        #expect(merged.status == 0, "\(merged.errors)")
        #expect(merged.output.contains("batch  14 images  "), "\(merged.output)")
        #expect(merged.output.contains("batch/_musc/report.html"))
        let single = try musc.run(["run", "batch", "--judges", "5", "--out", "one", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(single.status == 0, "\(single.errors)")
        #expect(try table("batch/_musc") == table("one/batch/_musc"))
        let (a, b) = ("batch/_musc/overlays", "one/batch/_musc/overlays")
        let names = musc.scratch.appending(path: a).names
        #expect(names == musc.scratch.appending(path: b).names && names.count { $0.hasSuffix(".png") } == 14)
        for name in names where name.hasSuffix(".png") {
            #expect(
                try Data(contentsOf: musc.scratch.appending(path: "\(a)/\(name)"))
                    == Data(contentsOf: musc.scratch.appending(path: "\(b)/\(name)")), "\(name)")
        }
    }

    @Test("What was said when the plan was made holds for workers and merge, whatever their own configuration says")
    func settled() throws {
        try musc.makeBatch("batch", images: 8)
        try Data("scoring:\n  r_list: [1, 3]\noutput:\n  overlays: none\n  where: results\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        #expect(try plan("batch", "--config", "musc.yaml", "--threshold", "0.25").status == 0)
        try FileManager.default.createDirectory(
            at: musc.scratch.appending(path: "elsewhere"), withIntermediateDirectories: true)
        for shard in 0..<3 {
            let result = try work(shard, environment: ["MUSC_R_LIST": "5", "MUSC_THRESHOLD": "1"])
            #expect(result.status == 0, "\(result.errors)")
        }
        let merged = try merge("--json")
        #expect(merged.status == 0, "\(merged.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(merged.output.utf8)) as? [String: Any]
        #expect(object?["threshold"] as? Double == 0.25)
        let record = try Data(contentsOf: musc.scratch.appending(path: "results/batch/_musc/run.json"))
        let settings = (try JSONSerialization.jsonObject(with: record) as? [String: Any])?["settings"] as? [String: Any]
        #expect(settings?["scoring.r_list"] as? String == "1,3")
        #expect(!musc.scratch.appending(path: "results/batch/_musc/overlays/part_0.png").exists)
    }

    @Test("Shards that are missing are named, and nothing is written")
    func missing() throws {
        let batch = try musc.makeBatch("batch", images: 6)
        _ = try plan("batch", shards: 5)
        for shard in [0, 3] { _ = try work(shard) }
        let result = try merge()
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.hasPrefix("musc: shards 1-2,4 of 5 are missing"), "\(result.errors)")
        #expect(!batch.appending(path: "_musc").exists)
    }

    @Test("Weights that differ on one machine are refused, with the shard")
    func weights() throws {
        try musc.makeBatch("batch", images: 6)
        _ = try plan("batch")
        let store = musc.scratch.appending(path: "weights")
        let file = try #require(store.names.first { $0.hasSuffix(".safetensors") })
        var content = try Data(contentsOf: store.appending(path: file))
        content[content.count - 1] ^= 1
        try content.write(to: store.appending(path: file))
        let result = try work(2)
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("musc: shard 2: this machine's weights are not those of the plan"), "\(result.errors)")
    }

    @Test("Wrong usage is told with status 2")
    func usage() throws {
        try musc.makeBatch("batch", images: 6)
        #expect(try plan("batch", "--subsets", "2").errors.contains("scoring.subsets"))
        let all = try musc.run(
            ["plan", "batch", "--shards", "2", "--judges", "all", "--work", "work"] + MuscCommand.tiny)
        #expect(all.status == 2 && all.errors.contains("take a number"))
        let mask = musc.scratch.appending(path: "batch/_region.png")
        try Data("of what counts".utf8).write(to: mask)
        let masked = try plan("batch")
        #expect(masked.status == 2 && masked.errors.contains("batch/_region.png: does not go with shards yet"))
        try FileManager.default.removeItem(at: mask)
        #expect(try plan("batch").status == 0)
        let without = try musc.run(["work", "--plan", "work/plan.json"])
        #expect(without.status == 2 && without.errors.contains("which shard?"))
        let beyond = try work(3)
        #expect(beyond.status == 2 && beyond.errors.contains("there is no shard 3"))
        let other = try plan("batch", shards: 4)
        #expect(other.status == 2 && other.errors.contains("holds another plan"))
        let plan = musc.scratch.appending(path: "work/plan.json")
        let text = try String(contentsOf: plan, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"part\" : 256", with: "\"part\" : 2").utf8).write(to: plan)
        let edited = try work(0)
        #expect(edited.status == 2 && edited.errors.contains("was changed after the plan was made"), "\(edited.errors)")
    }

    @Test("Workers that are killed at any moment leave nothing half-written, and the next ones end with the same result")
    func killed() throws {
        try musc.makeBatch("batch", images: 40)
        #expect(try plan("batch", shards: 2).status == 0)
        for delay in [0.0, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2] {
            let process = Process()
            process.executableURL = URL(filePath: MuscCommand.path)
            process.arguments = ["work", "--plan", "work/plan.json", "--shard", "0", "--threads", "1"]
            process.currentDirectoryURL = musc.scratch
            process.environment = [
                "HOME": musc.scratch.path(percentEncoded: false),
                "MUSC_WEIGHTS": musc.scratch.appending(path: "weights").path(percentEncoded: false),
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(delay * 1_000_000))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        for shard in 0..<2 {
            let result = try work(shard)
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(try merge().status == 0)
        _ = try musc.run(["run", "batch", "--judges", "5", "--out", "one"] + MuscCommand.tiny)
        #expect(try table("batch/_musc") == table("one/batch/_musc"))
        let left =
            FileManager.default.enumerator(atPath: musc.scratch.appending(path: "work").path(percentEncoded: false))?
            .compactMap { $0 as? String }.filter { $0.hasSuffix(".tmp") } ?? []
        #expect(left.isEmpty)
    }
}
