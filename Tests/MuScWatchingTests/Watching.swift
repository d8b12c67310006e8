import Foundation
import Glibc
import Logging
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Waits until something is so, looking every 10 ms.
///
/// - Returns: Whether it came to be within `seconds`.
func eventually(within seconds: Double = 15, _ condition: () throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return try condition()
}

/// Runs what takes long, and waits for nothing, on a thread that no other test needs.
func inBackground(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}

/// Runs a watcher over a drop folder while `body` runs, and stops it as a cancelled task does.
///
/// - Parameter batch: A batch of three images that is dropped and scored before; nil for none.
func watching(
    _ drop: DropFolder, _ scorer: TableScorer, settle: Double = 0.3, log: EventLog = EventLog(), scored batch: String? = nil,
    change: (inout WatchConfiguration) -> Void = { _ in }, body: () async throws -> Void
) async throws {
    var configuration = try drop.configuration(settle: settle)
    change(&configuration)
    let watcher = Watcher(
        configuration: try configuration.validated(), ledger: try drop.ledger(), scoring: scorer.scoring, logger: log.logger)
    let task = Task { try await watcher.run() }
    let started = await eventually { log.events.contains("watch_started") }
    #expect(started, "the watcher starts")
    do {
        if let batch {
            try drop.drop(3, in: batch)
            #expect(await eventually { scorer.batches.count == 1 })
        }
        try await body()
    } catch {
        task.cancel()
        _ = await task.result
        throw error
    }
    task.cancel()
    try await task.value
}

/// Remembers the names of logged events.
final class EventLog: Sendable {
    private let log = Mutex<[(event: String, text: String)]>([])

    var events: [String] { log.withLock { $0.map(\.event) } }
    var lines: [String] { log.withLock { $0.map(\.text) } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: EventLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            log.log.withLock { $0.append((event.message.description, "\(event.message) \(fields)")) }
        }
    }
}

/// A process of its own that watches or sweeps; see the sources of `WatchHarness`.
final class Harness: Sendable {
    private let process: Process
    private let output: FilePath

    static var executable: String {
        // Beside the bundle of tests, wherever that is built.
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
        let candidates = [
            bundle.deletingLastPathComponent(), Bundle.main.bundleURL,
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
        ]
        return candidates.map { $0.appendingPathComponent("WatchHarness").path }.first { access($0, X_OK) == 0 } ?? "WatchHarness"
    }

    /// - Parameter wrapper: A program that runs the rest of its arguments, such as `setpriv`.
    init(_ command: String, _ drop: DropFolder, _ options: [String] = [], wrapper: [String] = []) throws {
        output = drop.base.appending("output-\(UInt32.random(in: 0 ... .max)).txt")
        try write([], to: output)
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = wrapper + [Self.executable, command, drop.root.string, drop.ledgerPath.string] + options
        let file = FileHandle(forWritingAtPath: output.string)
        process.standardOutput = file
        process.standardError = file
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var text: String { (try? String(contentsOfFile: output.string, encoding: .utf8)) ?? "" }
    var id: Int32 { process.processIdentifier }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// - Returns: The exit status, or the negative number of the signal that ended it.
    func end() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func said(_ part: String, within seconds: Double = 15) async -> Bool {
        await eventually(within: seconds) { text.contains(part) }
    }
}
