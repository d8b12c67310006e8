import ArgumentParser
import MuScHooks
import MuScSupport
import MuScWatching

/// `musc sweep`: one pass over the drop folders, for cron and timers.
struct SweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Score every batch of the drop folders that is ready, then exit.",
        discussion: """
            Made for cron and systemd timers: a sweep that finds nothing new opens no image, and one that finds another \
            at work on the same folders says so in one line and exits with status 0.
            """)

    @Flag(help: "Print one JSON object a batch instead of a line.")
    var json = false

    @OptionGroup var watch: WatchOptions
    @OptionGroup var options: ScoringOptions

    func run() async throws {
        let configuration = try loaded()
        let logger = Log.logger
        let ledger = try watch.ledger.open()
        // The network is loaded only where a batch is ready: most sweeps find nothing.
        let processor = LazyProcessor(configuration: configuration, fetching: options.fetchWeights)
        let sweep = Sweep(
            configuration: configuration.watch, ledger: ledger, scoring: BatchScoring(processor, ledger: ledger) { configuration },
            logger: logger)
        let task = Task { try await sweep.run() }
        let summary = try await StopSignal.cancelling(task)
        let deliverer = Deliverer(
            settings: configuration.hooks, ledger: ledger, logger: logger, userAgent: MuscVersion.userAgent)
        try await StopSignal.cancelling(Task<Void, any Error> { await deliverer.deliverDue() })
        if let file = configuration.watch.metricsFile { try? MetricsFile(path: file).write(ledger) }
        for locked in summary.locked { Terminal.note("\(locked)", .notice) }
        for blocked in summary.blocked { Terminal.printError("\(blocked)") }
        if summary.failed > 0 || !summary.missing.isEmpty || !summary.blocked.isEmpty || summary.hasObstacles { throw ExitCode.batchFailed }
    }

    private func loaded() throws -> Configuration {
        var configuration = try watch.watched(try options.configuration())
        configuration.printsJSON = json
        return configuration
    }
}
