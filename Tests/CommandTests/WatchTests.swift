import Foundation
import Glibc
import Testing

@Suite struct WatchTests {
    @Test("A watcher ends on a signal with the signal's exit status", arguments: [("TERM", 143), ("INT", 130)])
    func signals(name: String, status: Int32) throws {
        let musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("drop/batch", images: 0)
        let result = try musc.run(
            ["watch", "drop"] + MuscCommand.tiny,
            through: ["/usr/bin/timeout", "--preserve-status", "--signal=\(name)", "--kill-after=60", "5"])
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains("watch_started") && result.errors.contains("watch_stopped"))
    }

    @Test("SIGHUP takes over the level of the log, the number of jobs and the file of figures, and keeps them where the file is wrong")
    func reload() async throws {
        let musc = try MuscCommand.withTinyWeights()
        let figures = musc.scratch.appending(path: "musc.prom")
        try musc.makeBatch("drop/first", images: 0)
        try Data("watch: {settle_seconds: 1, min_images: 2, roots: [drop]}\nlog: {level: error}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        let process = Process()
        process.executableURL = URL(filePath: MuscCommand.path)
        process.arguments = ["watch", "--config", "musc.yaml"] + MuscCommand.tiny
        process.currentDirectoryURL = musc.scratch
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": musc.scratch.path(percentEncoded: false),
            "MUSC_WEIGHTS": musc.scratch.appending(path: "weights").path(percentEncoded: false),
            "MUSC_STATE": musc.scratch.appending(path: "state").path(percentEncoded: false),
        ]
        let log = musc.scratch.appending(path: "log")
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        defer { kill(process.processIdentifier, SIGKILL) }
        func said(_ part: String) async throws -> Bool {
            for _ in 0..<300 {
                if try String(contentsOf: log, encoding: .utf8).contains(part) { return true }
                try await Task.sleep(for: .milliseconds(100))
            }
            return false
        }
        // It says nothing below an error, so that its lock tells that it is there.
        for _ in 0..<300 where try !musc.run("status").output.contains("musc watch (process") {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try Data(contentsOf: log).isEmpty)
        try Data(
            "watch: {settle_seconds: 1, min_images: 2, roots: [drop], jobs: 2, metrics_file: musc.prom}\nlog: {level: debug, format: json}\n"
                .utf8
        ).write(to: musc.scratch.appending(path: "musc.yaml"))
        kill(process.processIdentifier, SIGHUP)
        #expect(try await said("\"event\":\"configuration_reloaded\""))
        for name in ["a", "b"] { try musc.makeBatch("drop/\(name)", images: 8, first: name == "a" ? 0 : 40) }
        #expect(try await said("\"level\":\"debug\""))
        for _ in 0..<300 where !figures.exists { try await Task.sleep(for: .milliseconds(100)) }
        #expect(figures.exists)
        try Data("watch: {roots: [nowhere, nowhere/inner]}\nlog: {level: error, format: text}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        kill(process.processIdentifier, SIGHUP)
        #expect(try await said("\"event\":\"configuration_refused\""))
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(try await said("\"event\":\"watch_stopped\""), "the level and the format are as before")
    }

    @Test("A folder that was scored by hand is recognised by a sweep, and not scored again")
    func scoredByHand() throws {
        let musc = try MuscCommand.withTinyWeights()
        let batch = try musc.makeBatch("drop/batch", images: 8)
        #expect(try musc.run(["run", "drop/batch"] + MuscCommand.tiny).status == 0)
        let record = batch.appending(path: "_musc/run.json")
        let before = try Data(contentsOf: record)
        try Data("watch:\n  settle_seconds: 0\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0, "\(sweep.errors)")
        #expect(sweep.errors.contains("batch_recognised"), "\(sweep.errors)")
        #expect(try Data(contentsOf: record) == before)
    }
}
