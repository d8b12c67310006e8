import Foundation
import Glibc
import ScratchFolders

/// A receiver of webhooks in a process of its own that misbehaves as told.
final class UnreliableReceiver {
    /// A request that arrived whole.
    struct Request: Decodable {
        /// What the receiver did with it: `ok`, `error`, `hang`, `die`.
        var behaviour: String
        var headers: [String: String]
        var body: String

        var key: String { headers["idempotency-key"] ?? "" }
    }

    let port: Int
    private let process = Process()
    private let input = Pipe()
    private let scratch: ScratchFolder
    private let output: URL

    /// Starts it on a free port, or on the one given.
    init(port: Int = 0) throws {
        scratch = try ScratchFolder()
        output = scratch.folder.appending(path: "requests")
        try Data().write(to: output)
        process.executableURL = URL(filePath: "/usr/bin/env")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "UnreliableServer.py")
        process.arguments = ["python3", script.path(percentEncoded: false), "\(port)"]
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        let deadline = Date.now + 30
        while !((try? String(contentsOf: output, encoding: .utf8)) ?? "").contains("\n") {
            guard Date.now < deadline, process.isRunning else { throw CocoaError(.fileReadUnknown) }
            Thread.sleep(forTimeInterval: 0.02)
        }
        let first = try String(contentsOf: output, encoding: .utf8).prefix { $0 != "\n" }
        self.port = Int(first) ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)/results?token=secret" }

    /// Changes how it behaves from now on.
    func behave(_ how: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((how + "\n").utf8))
        Thread.sleep(forTimeInterval: 0.2)
    }

    /// All requests so far, in the order of their arrival.
    var requests: [Request] {
        let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").dropFirst().compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    /// Ends it: from then on connections are refused.
    ///
    /// By a signal that cannot be blocked: children inherit what the thread that starts them blocks.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
        while process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
