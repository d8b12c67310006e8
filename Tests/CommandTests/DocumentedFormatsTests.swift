import Foundation
import MuScBatch
import MuScTensors
import Testing

/// The article "Formats" is what other programs are written against; it must hold what the command writes.
@Suite struct DocumentedFormatsTests {
    /// The article's sections by their headings.
    static let sections: [String: String] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/MuSc/MuSc.docc/Formats.md")
        let parts = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").components(separatedBy: "\n## ").dropFirst()
        return Dictionary(
            parts.map { part in
                let heading = String(part.prefix { $0 != "\n" })
                return (heading, String(part.dropFirst(heading.count)))
            }, uniquingKeysWith: { first, _ in first })
    }()

    /// What a section names between backquotes; paths such as `roots[].counts` by their parts.
    private func names(_ section: String) throws -> Set<String> {
        let text = try #require(Self.sections[section], "the article has no section “\(section)”")
        return Set(text.matches(of: /`([^`\n]+)`/).flatMap { $0.output.1.split { ".[]".contains($0) }.map(String.init) })
    }

    /// The first cells of a section's tables, in order.
    private func columns(_ section: String) throws -> [String] {
        let text = try #require(Self.sections[section])
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .flatMap { $0.split(separator: "|")[0].matches(of: /`([^`]+)`/).map { String($0.output.1) } }
    }

    private func object(_ text: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// All keys of an object and of what lies in it, but not the names that counts and settings are told by.
    private func keys(_ value: Any) -> Set<String> {
        if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys($1)) } }
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: Set(object.keys)) { all, entry in
            if !["settings", "counts", "ignored"].contains(entry.key) { all.formUnion(keys(entry.value)) }
        }
    }

    @Test("Every column, key and tensor that a sweep with known good images leaves stands in the article Formats")
    func everyName() throws {
        let musc = try MuscCommand.withTinyWeights()
        let batch = try musc.makeBatch("drop/batch", images: 9)
        try Data("no image".utf8).write(to: batch.appending(path: "broken.png"))
        let good = try musc.makeBatch("good", images: 0)
        for index in 0..<20 {
            try musc.writeImage(good.appending(path: "good_\(index).png")) { x, y in UInt8(truncatingIfNeeded: x &* y &+ index) }
        }
        try Data("watch: {settle_seconds: 0}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let options = ["--config", "musc.yaml", "--known-good", "good", "--false-alarm-rate", "0.5"] + MuscCommand.tiny
        let sweep = try musc.run(["sweep", "drop"] + options)
        #expect(sweep.status == 0, "\(sweep.errors)")
        func text(_ path: String) throws -> String {
            try String(contentsOf: musc.scratch.appending(path: path), encoding: .utf8)
        }
        func header(_ path: String) throws -> [String] {
            try text(path).prefix { !$0.isNewline }.split(separator: ",").map(String.init)
        }
        #expect(try header("drop/batch/_musc/scores.csv") == columns("scores.csv"))
        #expect(try header("drop/batch/_musc/regions.csv") == columns("regions.csv"))
        #expect(try header("drop/batches.csv") == columns("batches.csv"))

        let mark = try JSONEncoder().encode(RecurringMark(parts: [.init(image: 0, name: "", x: 0, y: 0)]))
        let run = try keys(object(text("drop/batch/_musc/run.json"))).union(keys(object(String(decoding: mark, as: UTF8.self))))
        #expect(try run.subtracting(names("run.json")) == [])
        let archive = try TensorArchive(
            path: musc.scratch.appending(path: "drop/batch/_musc/scores.safetensors").path(percentEncoded: false))
        #expect(try Set(archive.names + archive.metadata.keys).subtracting(names("scores.safetensors")) == [])
        let status = try keys(object(musc.run(["status", "--json"]).output))
        #expect(try status.subtracting(names("musc status --json")) == [])
        let earlier = try keys(object(musc.run(["status", "--json", "--schema", "1"]).output))
        #expect(earlier.contains("firstSeen") && status.contains("first_seen"))
        let others = try [["line", "show", "drop"], ["hooks", "list"], ["doctor", "drop"]].reduce(into: Set<String>()) { all, command in
            all.formUnion(keys(try JSONSerialization.jsonObject(with: Data(musc.run(command + ["--json"]).output.utf8))))
        }
        #expect(others.isSuperset(of: ["images", "weights_sha256", "checks"]))
        #expect(try others.subtracting(names("musc line, hooks and doctor --json")) == [])
        #expect(status.union(others).allSatisfy { $0 == $0.lowercased() })
        let printed = try keys(object(musc.run(["run", "drop/batch", "--json"] + options).output))
        #expect(printed.contains("p_value"))
        #expect(try printed.subtracting(names("The JSON object of a batch")) == [])
    }

    @Test("The schema of the JSON object and the article Formats have the same keys")
    func schema() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "watch-config/batch-result.schema.json")
        let schema = try object(String(contentsOf: file, encoding: .utf8))
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        let documented = try names("The JSON object of a batch")
        for (name, definition) in definitions {
            let properties = try #require(definition["properties"] as? [String: Any])
            #expect(Set(properties.keys).subtracting(documented) == [], "\(name)")
        }
    }
}
