import Foundation
import Glibc
import Logging
import MuScWatching
import ServiceLifecycle
import SystemPackage
import WatchFixtures

/// A process that watches or sweeps with a scorer that only lists names, for tests that must kill, stop, starve or
/// confine a process of its own.
///
/// Usage: `WatchHarness watch|sweep|status ROOT LEDGER [KEY=VALUE…]`, with the keys `settle`, `min`, `retry`, `score` (seconds
/// that scoring takes), `wait` (the longest wait in seconds), `poll` (seconds, where events are not to be relied on), `level` (of a batch's folder), `die` (`published`: the process kills
/// itself between publishing and telling so), `settings` (a file with the settle time, read again on SIGHUP).
@main
struct WatchHarness {
    static func main() async {
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }

    static func run(_ arguments: [String]) async throws {
        // Not longer than the test that started it.
        let parent = getppid()
        Thread.detachNewThread {
            while getppid() == parent { sleep(1) }
            exit(3)
        }
        guard arguments.count >= 3 else { throw Errno.invalidArgument }
        let options = Dictionary(
            arguments.dropFirst(3).compactMap { argument -> (String, String)? in
                let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            }, uniquingKeysWith: { $1 })
        func number(_ key: String, _ fallback: Double) -> Double { options[key].flatMap(Double.init) ?? fallback }

        let makeConfiguration: @Sendable () throws -> WatchConfiguration = { [root = arguments[1], settings = options["settings"]] in
            var configuration = WatchConfiguration(roots: [FilePath(root)])
            configuration.settleSeconds = options["settle"].flatMap(Double.init) ?? 0.1
            if let settings {
                let text = try String(contentsOfFile: settings, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
                guard let value = Double(text) else {
                    throw ConfigurationError(key: "watch.settle_seconds", reason: "“\(text)” is no number")
                }
                configuration.settleSeconds = value
            }
            configuration.batchLevel = options["level"].flatMap(Int.init)
            configuration.minImages = options["min"].flatMap(Int.init) ?? 2
            configuration.retryDelaySeconds = options["retry"].flatMap(Double.init) ?? 0.1
            configuration.silentPollSeconds = options["poll"].flatMap(Double.init) ?? 30
            configuration.maxWaitSeconds = options["wait"].flatMap(Double.init) ?? 3600
            configuration.stopSeconds = options["stop"].flatMap(Double.init) ?? 20
            return try configuration.validated()
        }
        let seconds = number("score", 0)
        let dies = options["die"] == "published"
        let scorer = TableScorer(before: { batch in
            // Scoring computes: it holds its thread.
            usleep(UInt32(seconds * 1e6))
            if dies {
                try publishTable(of: batch)
                kill(getpid(), SIGKILL)
            }
        })
        let logger = Logger(label: "harness") { _ in
            var handler = StreamLogHandler.standardOutput(label: "harness")
            handler.logLevel = .debug
            return handler
        }
        let ledger = try Ledger(path: FilePath(arguments[2]), readOnly: arguments[0] == "status")
        switch arguments[0] {
        case "status":
            for root in try WatchStatus.read(ledger).roots { print("\(root.root): done \(root.counts["done"] ?? 0)") }
        case "watch":
            let watcher = Watcher(
                configuration: try makeConfiguration(), ledger: ledger, scoring: scorer.scoring, logger: logger, reload: makeConfiguration)
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [watcher], gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() }))
            try await group.run()
            exit(0)
        case "sweep":
            let summary = try await Sweep(configuration: makeConfiguration(), ledger: ledger, scoring: scorer.scoring, logger: logger).run()
            print("done \(summary.done) failed \(summary.failed) waiting \(summary.waiting) locked \(summary.locked.count)")
        default: throw Errno.invalidArgument
        }
    }
}
