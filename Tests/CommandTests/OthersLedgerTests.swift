import Foundation
import SystemPackage
import Testing
import musc

/// Which ledger is read by who looks at what others score, and that results of others are told once.
@Suite struct OthersLedgerTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func path(_ name: String) -> String { musc.scratch.appending(path: name).path(percentEncoded: false) }

    func lines(_ name: String) -> [String] {
        ((try? String(contentsOf: musc.scratch.appending(path: name), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    func write(_ name: String, hook: String, copies: String) throws {
        try Data(
            """
            watch: {settle_seconds: 0, min_images: 2, roots: [\(path("drop"))]}
            output: {copy_flagged_to: \(path(copies)), threshold: 0.001}
            hooks: {on_batch: [sh, -c, 'cat >> "$0"; echo >> "$0"', \(path(hook))]}
            """.utf8
        ).write(to: musc.scratch.appending(path: name))
    }

    @Test("What was scored by hand a sweep tells of once and copies what is flagged; another account's sweep tells whom that did not tell")
    func found() throws {
        try musc.makeBatch("drop/line/by hand", images: 8)
        #expect(try musc.run(["run", "drop/line/by hand", "--threshold", "0.001"] + MuscCommand.tiny).status == 0)
        try write("first.yaml", hook: "first.out", copies: "first-copies")
        for _ in 0..<2 {
            let sweep = try musc.run(["sweep", "--config", "first.yaml"] + MuscCommand.tiny)
            #expect(sweep.status == 0, "\(sweep.errors)")
        }
        #expect(lines("first.out").count == 1)
        #expect(musc.scratch.appending(path: "first-copies/drop/line/by hand/batch.json").exists)

        // A batch that the first account's sweep scores itself.
        try musc.makeBatch("drop/line/swept", images: 8, first: 40)
        #expect(try musc.run(["sweep", "--config", "first.yaml"] + MuscCommand.tiny).status == 0)
        #expect(lines("first.out").count == 2)

        // Another account has a ledger of its own. Its receiver is another; then it is the same as the first's.
        try write("second.yaml", hook: "second.out", copies: "second-copies")
        let second = ["MUSC_STATE": path("second-state")]
        for _ in 0..<2 {
            let sweep = try musc.run(["sweep", "--config", "second.yaml"] + MuscCommand.tiny, environment: second)
            #expect(sweep.status == 0 && sweep.output.isEmpty, "\(sweep.errors)")
        }
        #expect(lines("second.out").count == 2)
        #expect(musc.scratch.appending(path: "second-copies/drop/line/swept/batch.json").exists)
        let third = ["MUSC_STATE": path("third-state")]
        #expect(try musc.run(["sweep", "--config", "first.yaml"] + MuscCommand.tiny, environment: third).status == 0)
        let told = lines("first.out").filter { $0.contains("swept") }
        #expect(told.count == 1, "whom the first account told of its results is not told again")
    }

    @Test("The ledger is one's own, else the service's; what a user may not read or write is said with the command that may")
    func places() throws {
        let service = musc.scratch.appending(path: "var/lib/musc")
        try FileManager.default.createDirectory(at: service, withIntermediateDirectories: true)
        let machine = FilePath(service.path(percentEncoded: false))
        let home = ["HOME": path("home")]
        func known(_ state: String? = nil, _ environment: [String: String] = [:]) throws -> LedgerPlace {
            try LedgerPlace.known(state: state, home.merging(environment) { $1 }, machine: machine)
        }
        #expect(try known().path.string == path("home/.local/state/musc/ledger.sqlite"), "there is neither")
        try Data().write(to: service.appending(path: "ledger.sqlite"))
        let found = try known()
        #expect(found.path.string == service.path(percentEncoded: false) + "/ledger.sqlite" && found.notes.count == 1)
        #expect(try known(path("named")).path.string == path("named/ledger.sqlite"))
        #expect(try known(nil, ["MUSC_STATE": path("v")]).path.string == path("v/ledger.sqlite"))
        try FileManager.default.createDirectory(atPath: path("home/.local/state/musc"), withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: path("home/.local/state/musc/ledger.sqlite")))
        let own = try known()
        #expect(
            own.path.string.hasPrefix(path("home")) && own.notes.first?.contains("--state \(service.path(percentEncoded: false))") == true)
    }

    @Test("retry, hooks and ledger make no ledger where there is none, and say so; status says what there is")
    func none() throws {
        for arguments in [["retry"], ["hooks"], ["hooks", "retry"], ["ledger", "backup", path("copy")]] {
            let result = try musc.run(arguments)
            #expect(result.status == 1 && result.errors.contains("no ledger at"), "\(arguments) \(result.errors)")
        }
        #expect(!musc.scratch.appending(path: "state").exists && !musc.scratch.appending(path: "copy").exists)
        #expect(try musc.run("status").output.contains("no ledger at"))
    }

    @Test("ledger backup writes a copy that status reads, and hooks lists, sends and gives up what a receiver refused")
    func commands() throws {
        try musc.makeBatch("drop/a", images: 8)
        try Data(
            """
            watch: {settle_seconds: 0, min_images: 2, roots: [\(path("drop"))]}
            hooks: {webhook: "http://127.0.0.1:9/secret-path?token=t0k3n"}
            """.utf8
        ).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0, "\(sweep.errors)")
        #expect(sweep.errors.contains("webhook_failed") && sweep.errors.contains("receiver=http://127.0.0.1:9 "))
        let copy = path("backup/ledger.sqlite")
        try FileManager.default.createDirectory(atPath: path("backup"), withIntermediateDirectories: true)
        #expect(try musc.run("ledger", "backup", copy).status == 0)
        #expect(try musc.run("status", "--all", "--state", path("backup")).output.contains("done  \(path("drop/a"))"))
        #expect(try musc.run("ledger", "path").output == path("state/ledger.sqlite") + "\n")

        let list = try musc.run("hooks")
        #expect(list.output.contains("http://127.0.0.1:9  waits"), "\(list.output)")
        let status = try musc.run("status").output
        #expect(status.contains("http://127.0.0.1:9: 1 waiting since") && status.contains("musc hooks retry"), "\(status)")
        for text in [list.output, status, sweep.errors] { #expect(!text.contains("t0k3n") && !text.contains("secret-path")) }
        #expect(try musc.run("hooks", "retry").status == 0)
        let number = String(list.output.prefix { $0 != " " })
        #expect(try musc.run("hooks", "drop").status == 2)
        #expect(try musc.run("hooks", "drop", number).errors.contains("gave up 1 message"))
        #expect(try musc.run("hooks", "list", "--json").output == "[\n\n]\n")
    }

    @Test("A link called latest that a camera made stays as it is, and that is said; ours follows batches that are renamed or deleted")
    func latest() async throws {
        try musc.makeBatch("drop/camera/shift", images: 8)
        try musc.makeBatch("drop/line/one", images: 8, first: 40)
        let camera = path("drop/camera/latest")
        try FileManager.default.createSymbolicLink(atPath: camera, withDestinationPath: "shift")
        try Data("watch: {settle_seconds: 0, min_images: 2, roots: [\(path("drop"))]}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = ["sweep", "--config", "musc.yaml"] + MuscCommand.tiny
        func target(_ link: String) -> String? { try? FileManager.default.destinationOfSymbolicLink(atPath: path(link)) }
        let first = try musc.run(sweep)
        #expect(first.status == 0, "\(first.errors)")
        #expect(target("drop/camera/latest") == "shift")
        #expect(first.errors.contains("drop/camera/latest: is not the link that musc makes, and is left as it is"))
        #expect(target("drop/line/latest") == "one/_musc")

        // Results keep the second in which they were made, by which a batch that is recognised is told from an older one.
        try await Task.sleep(for: .seconds(1.5))
        try musc.makeBatch("drop/line/two", images: 8, first: 80)
        #expect(try musc.run(sweep).status == 0)
        #expect(target("drop/line/latest") == "two/_musc")
        // An older batch that is renamed is not the newest for that.
        try FileManager.default.moveItem(atPath: path("drop/line/one"), toPath: path("drop/line/first"))
        #expect(try musc.run(sweep).status == 0)
        #expect(target("drop/line/latest") == "two/_musc")
        try FileManager.default.moveItem(atPath: path("drop/line/two"), toPath: path("drop/line/second"))
        #expect(try musc.run(sweep).status == 0)
        #expect(target("drop/line/latest") == "second/_musc")
        try FileManager.default.removeItem(atPath: path("drop/line/second/_musc"))
        #expect(try musc.run(sweep).status == 0)
        #expect(target("drop/line/latest") == "first/_musc")
        #expect(try musc.run("status").output.contains("no longer where they were put"))
        try FileManager.default.removeItem(atPath: path("drop/line/first/_musc"))
        #expect(try musc.run(sweep).status == 0)
        #expect(target("drop/line/latest") == nil)
        #expect(target("drop/camera/latest") == "shift")
    }
}
