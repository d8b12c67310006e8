import ArgumentParser
import MuScHooks
import MuScSupport
import MuScWatching
import ServiceLifecycle
import Synchronization
import SystemPackage

/// `musc watch`: keeps watching, until SIGTERM or SIGINT.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch the drop folders and score each batch once it has settled, until told to stop.",
        discussion: """
            SIGTERM and SIGINT end it; the batch being scored then has watch.stop_seconds to finish, else it is scored \
            again at the next start. SIGHUP reads the configuration again.
            """)

    @Option(key: "watch.jobs")
    var jobs: GivenFlag?

    @Option(key: "watch.metrics_file")
    var metricsFile: GivenFlag?

    @Flag(help: "Print one JSON object a batch instead of a line.")
    var json = false

    @OptionGroup var watch: WatchOptions
    @OptionGroup var options: ScoringOptions

    func run() async throws {
        let configuration = try loaded()
        let logger = Log.logger
        let processor = LazyProcessor(configuration: configuration, fetching: options.fetchWeights)
        // A watcher that cannot score should say so when it starts, not when the first batch has settled.
        _ = try await processor.ready()
        let ledger = try watch.ledger.open()
        let deliverer = Deliverer(
            settings: configuration.hooks, ledger: ledger, logger: logger, userAgent: MuscVersion.userAgent)
        let current = Mutex(configuration)
        let watcher = Watcher(
            configuration: configuration.watch, ledger: ledger,
            scoring: BatchScoring(processor, ledger: ledger) { current.withLock { $0 } },
            logger: logger,
            reload: {
                let former = Terminal.current
                let configuration: Configuration
                do {
                    configuration = try loaded()
                    try await processor.replace(configuration)
                } catch {
                    Terminal.speak(former.level, former.format)
                    throw error
                }
                deliverer.replace(configuration.hooks)
                current.withLock { $0 = configuration }
                return configuration.watch
            })
        let group = ServiceGroup(
            configuration: .init(
                // Ended in the reverse order: what the last batch says is still delivered, if that takes no time.
                services: [.init(service: deliverer), .init(service: watcher)], logger: logger))
        do {
            try await StopSignal.asking({ await group.triggerGracefulShutdown() }, toEnd: { try await group.run() })
        } catch let error as RootLockError {
            // Not a fault of the configuration: whoever starts it again may have more luck.
            throw UserError("\(error)", exit: .batchFailed)
        }
    }

    private func loaded() throws -> Configuration {
        var configuration = try watch.watched(try options.configuration(and: [metricsFile, jobs]))
        configuration.printsJSON = json
        return configuration
    }
}
