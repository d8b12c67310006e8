import Foundation
import Glibc
import Testing

/// The watcher is killed again and again while it scores and delivers.
@Suite struct WebhookKillTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func path(_ name: String) -> String { musc.scratch.appending(path: name).path(percentEncoded: false) }

    func startWatcher() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: MuscCommand.path)
        process.arguments = ["watch", "--config", "musc.yaml"] + MuscCommand.tiny
        process.currentDirectoryURL = musc.scratch
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": path(""), "MUSC_WEIGHTS": path("weights"),
            "MUSC_STATE": path("state"),
        ]
        let log = musc.scratch.appending(path: "log")
        if !log.exists { try Data().write(to: log) }
        let handle = try FileHandle(forWritingTo: log)
        try handle.seekToEnd()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = handle
        try process.run()
        return process
    }

    func kill(_ process: Process) {
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func wait(seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date.now + seconds
        while Date.now < deadline {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.2)
        }
        return false
    }

    @Test("Whenever the watcher is killed, every batch reaches the receiver, under one key; a receiver that hangs holds up no batch")
    func killed() throws {
        let receiver = try ReceiverProcess(log: musc.scratch.appending(path: "received"))
        defer { receiver.stop() }
        try FileManager.default.createDirectory(atPath: path("drop"), withIntermediateDirectories: true)
        let yaml = """
            watch: {settle_seconds: 0.3, min_images: 2, roots: [\(path("drop"))]}
            hooks: {webhook: "http://127.0.0.1:\(receiver.port)/", webhook_timeout_seconds: 3}
            """
        try Data(yaml.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))

        try receiver.behave("hang")
        var watcher = try startWatcher()
        for index in 0..<2 {
            try musc.makeBatch("drop/line/batch-\(index)", images: 3)
            let report = musc.scratch.appending(path: "drop/line/batch-\(index)/_musc/report.html")
            #expect(wait(seconds: 60) { report.exists }, "the hanging receiver holds scoring up")
        }
        try receiver.behave("die")
        for index in 2..<8 {
            try musc.makeBatch("drop/line/batch-\(index)", images: 3)
            Thread.sleep(forTimeInterval: .random(in: 0.1...2))
            kill(watcher)
            watcher = try startWatcher()
            if index == 5 { try receiver.behave("ok") }
        }
        let all = Set((0..<8).map { path("drop/line/batch-\($0)") })
        func delivered() throws -> [(folder: String, key: String)] {
            try receiver.requests().filter { $0["behaviour"] as? String == "ok" }.map { request in
                let body = try JSONSerialization.jsonObject(with: Data((request["body"] as? String ?? "").utf8)) as? [String: Any]
                let headers = request["headers"] as? [String: String]
                #expect(headers?["idempotency-key"] == body?["id"] as? String)
                return (body?["folder"] as? String ?? "", headers?["idempotency-key"] ?? "")
            }
        }
        #expect(try wait(seconds: 180) { Set(try delivered().map(\.folder)) == all })
        let last = try delivered()
        for folder in all {
            #expect(Set(last.filter { $0.folder == folder }.map(\.key)).count == 1, "\(folder)")
        }
        _ = try wait(seconds: 10) { !(try musc.run("status").output.contains("waiting")) }
        #expect(try musc.run("status").output.contains("8 done"))
        kill(watcher)
    }
}

/// The receiver of the webhooks' tests in a process of its own.
private final class ReceiverProcess {
    let port: Int
    private let process = Process()
    private let input = Pipe()
    private let log: URL

    init(log: URL) throws {
        self.log = log
        try Data().write(to: log)
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "MuScHooksTests/UnreliableServer.py")
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path(percentEncoded: false)]
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: log)
        try process.run()
        var text = ""
        while !text.contains("\n"), process.isRunning {
            Thread.sleep(forTimeInterval: 0.05)
            text = try String(contentsOf: log, encoding: .utf8)
        }
        port = Int(text.prefix { $0 != "\n" }) ?? 0
    }

    func behave(_ how: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((how + "\n").utf8)) }

    func requests() throws -> [[String: Any]] {
        try String(contentsOf: log, encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
