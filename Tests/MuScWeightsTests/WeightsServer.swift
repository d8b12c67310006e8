import Foundation
import Goldens

/// A web server on the loopback interface that serves one file and misbehaves on request (`weights_server.py`).
final class WeightsServer: @unchecked Sendable {
    // Sendable: the process is only touched in init and deinit.
    private let process = Process()
    private let input = Pipe()
    let port: Int

    init(serving file: String) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "\(Goldens.fixtures)/weights_server.py", file]
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let byte = output.fileHandleForReading.readData(ofLength: 1)
            guard !byte.isEmpty else { throw CocoaError(.fileReadUnknown) }
            line += String(decoding: byte, as: UTF8.self)
        }
        port = Int(line.dropLast()) ?? 0
    }

    deinit {
        // A child of a test's thread may have signals blocked, all but this one.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }
}
