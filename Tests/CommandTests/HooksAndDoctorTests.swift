import Foundation
import Testing

/// What other programs get, and what `musc doctor` says, of the built command.
@Suite struct HooksAndDoctorTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func write(_ yaml: String) throws {
        try Data(yaml.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
    }

    func path(_ name: String) -> String { musc.scratch.appending(path: name).path(percentEncoded: false) }

    func object(_ text: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(String(text).utf8)) as? [String: Any])
    }

    func content(_ name: String) -> String {
        (try? String(contentsOf: musc.scratch.appending(path: name), encoding: .utf8)) ?? ""
    }

    /// A batch of alike images with one that differs, and a threshold that flags it.
    func makeOddBatch(_ name: String) throws {
        let folder = try musc.makeBatch(name, images: 0)
        for index in 0..<9 {
            try musc.writeImage(folder.appending(path: "part_\(index).png")) { x, y in
                index == 4 && x > 30 && y > 30 ? 255 : UInt8(truncatingIfNeeded: x + y + index)
            }
        }
    }

    @Test("What --json prints, the hook gets, and batch.json holds are the same object; it has the schema's keys")
    func sameObject() throws {
        try makeOddBatch("odd")
        try write(
            """
            output: {copy_flagged_to: \(path("copies"))}
            hooks:
              on_batch: [sh, -c, 'cat > "$0"', \(path("batch.out"))]
              on_flagged: [sh, -c, 'cat >> "$0"; echo >> "$0"', \(path("flagged.out"))]
            """)
        let result = try musc.run(["run", "odd", "--json", "--config", "musc.yaml", "--threshold", "0.001"] + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        let printed = try object(result.output)
        #expect(result.output == content("batch.out") + "\n")
        #expect(content("copies/odd/batch.json") == result.output)

        let schemaFile = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "watch-config/batch-result.schema.json")
        let schema = try object(try String(contentsOf: schemaFile, encoding: .utf8))
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        func check(_ object: [String: Any], _ name: String) throws {
            let definition = try #require(definitions[name])
            let known = Set(try #require(definition["properties"] as? [String: Any]).keys)
            let required = Set(try #require(definition["required"] as? [String]))
            #expect(required.isSubset(of: object.keys), "\(name) lacks \(required.subtracting(object.keys))")
            #expect(Set(object.keys).isSubset(of: known), "the schema lacks \(Set(object.keys).subtracting(known))")
        }
        try check(printed, "batch")
        let flagged = try #require(printed["flagged_images"] as? [[String: Any]])
        #expect(!flagged.isEmpty && flagged.count == printed["flagged"] as? Int)
        for image in flagged { try check(image, "image") }
        let lines = content("flagged.out").split(separator: "\n")
        #expect(lines.count == flagged.count)
        for line in lines { try check(try object(line), "flagged") }
    }

    @Test("Flagged photographs are copied whole, and a later scoring without flags takes the copies away")
    func copies() throws {
        try makeOddBatch("odd")
        try write("output: {copy_flagged_to: \(path("copies"))}\n")
        let arguments = ["run", "odd", "--config", "musc.yaml"] + MuscCommand.tiny
        #expect(try musc.run(arguments + ["--threshold", "0.001"]).status == 0)
        let copies = musc.scratch.appending(path: "copies/odd")
        let names = copies.names.filter { $0.hasSuffix(".png") }
        #expect(!names.isEmpty)
        for name in names {
            #expect(
                try Data(contentsOf: copies.appending(path: name))
                    == Data(contentsOf: musc.scratch.appending(path: "odd/\(name)")))
        }
        #expect(try musc.run(arguments + ["--threshold", "2"]).status == 0)
        #expect(!copies.exists)
        #expect(musc.scratch.appending(path: "copies").names.isEmpty)
    }

    @Test("A hook that fails does not fail the batch")
    func failingHook() throws {
        try makeOddBatch("odd")
        try write("hooks: {on_batch: [\"false\"]}\n")
        let result = try musc.run(["run", "odd", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(result.status == 0)
        #expect(result.errors.contains("hooks.on_batch: false ended with status 1"), "\(result.errors)")
    }

    @Test("A sweep runs the hooks, points the line's link at the newest batch, and copies by the drop folder's tree")
    func sweep() throws {
        try makeOddBatch("drop/line-a/one")
        try makeOddBatch("drop/line-a/two")
        try write(
            """
            watch: {settle_seconds: 0, min_images: 2, roots: [\(path("drop"))]}
            output: {copy_flagged_to: \(path("drop/flagged")), threshold: 0.001}
            hooks: {on_batch: [sh, -c, 'cat >> "$0"; echo >> "$0"', \(path("out"))]}
            """)
        let result = try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(result.status == 0, "\(result.errors)")
        let told = try content("out").split(separator: "\n").map { try object($0)["folder"] as? String ?? "" }
        #expect(told.map { $0.split(separator: "/").last ?? "" }.sorted() == ["one", "two"])
        let line = musc.scratch.appending(path: "drop/line-a")
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: line.appending(path: "latest").path(percentEncoded: false))
        #expect(["one/_musc", "two/_musc"].contains(target))
        #expect(line.appending(path: "latest/report.html").exists)
        #expect(musc.scratch.appending(path: "drop/flagged/drop/line-a/one/batch.json").exists)
        // Neither the link nor the copies are taken for batches.
        #expect(try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny).output.isEmpty)
        #expect(content("out").split(separator: "\n").count == 2)
    }

    @Test("doctor finds a sound setup sound, and says what is wrong with one that is not, with status 1")
    func doctor() throws {
        try FileManager.default.createDirectory(atPath: path("drop"), withIntermediateDirectories: true)
        try write("watch: {roots: [\(path("drop"))]}\n")
        let sound = try musc.run(["doctor", "--json", "--config", "musc.yaml", "--backbone", "tiny.json"])
        let checks = try #require(try object(sound.output)["checks"] as? [[String: Any]])
        #expect(sound.status == (checks.contains { $0["level"] as? String == "fail" } ? 1 : 0))
        let names = checks.compactMap { $0["name"] as? String }
        for name in ["configuration", "processor", "BLAS", "memory", "weights", "ledger", "temporary files", "inotify"] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(checks.first { $0["name"] as? String == "weights" }?["level"] as? String == "ok")

        try write("watch: {roots: [\(path("nowhere"))]}\nhooks: {on_batch: [no-such-program]}\n")
        let faulty = try musc.run("doctor", "--config", "musc.yaml")
        #expect(faulty.status == 1)
        #expect(faulty.output.contains("fail  weights: dinov2_vits14 is not in"))
        #expect(faulty.output.contains("does not exist"))
        #expect(faulty.output.contains("fail  hooks.on_batch: no-such-program is not there"))
        try write("watch: {rots: []}\n")
        #expect(try musc.run("doctor", "--config", "musc.yaml").output.contains("fail  configuration: musc.yaml:1: watch.rots"))
    }

    @Test("setup without a terminal asks for its flags, and with them writes a configuration that loads")
    func setup() throws {
        #expect(try musc.run("setup").status == 2)
        let file = path("config/musc.yaml")
        let result = try musc.run(
            "setup", "--yes", "--drop", path("my drop"), "--mode", "none", "--no-weights", "--config", file)
        #expect(result.output.contains("wrote \(file)"), "\(result.errors)")
        #expect(musc.scratch.appending(path: "my drop").exists)
        let status = try musc.run(["doctor", "--config", file, "--backbone", "tiny.json"])
        #expect(status.output.contains("folder \(path("my drop"))"), "\(status.output)")
        // A second time with other folders is refused rather than overwritten.
        #expect(try musc.run("setup", "--yes", "--drop", path("other"), "--mode", "none", "--no-weights", "--config", file).status == 2)
    }
}
