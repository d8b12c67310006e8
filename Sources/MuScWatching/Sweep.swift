import Logging
import SystemPackage

/// One pass over the drop folders: scores every batch that is ready, then ends.
///
/// A batch that has images which were not observed before is given the settle time within the pass, once; if it still
/// changes then, it is left to the next sweep.
package struct Sweep: Sendable {
    package var configuration: WatchConfiguration
    package var ledger: Ledger
    package var scoring: BatchScoring
    package var logger: Logger

    /// - Parameter configuration: As ``WatchConfiguration/validated()`` gives it.
    package init(configuration: WatchConfiguration, ledger: Ledger, scoring: BatchScoring, logger: Logger) {
        self.configuration = configuration
        self.ledger = ledger
        self.scoring = scoring
        self.logger = logger
    }

    /// What a sweep came to.
    package struct Summary: Sendable {
        package var folders = 0
        package var files = 0
        /// Batches whose results were published or recognised.
        package var done = 0
        /// Batches that failed or are held by this sweep.
        package var failed = 0
        /// Batches whose images are still arriving, or too few.
        package var waiting = 0
        /// Roots left out because another process takes care of them.
        package var locked: [RootLockError] = []
        /// Roots left out because their lock cannot be taken.
        package var blocked: [RootLockError] = []
        /// Roots that are not there.
        package var missing: [FilePath] = []
        /// Whether a folder could not be listed, or is reached by a link that is not followed.
        package var hasObstacles = false
    }

    /// Runs the pass.
    ///
    /// Ends early, with whole results and a ledger that knows what is left, when its task is cancelled.
    ///
    /// - Throws: ``LedgerError``.
    package func run() async throws -> Summary {
        var summary = Summary()
        for path in configuration.roots {
            let lock: RootLock
            do throws(RootLockError) {
                lock = try RootLock(root: path, ledger: ledger, command: "musc sweep")
            } catch {
                // The caller has it to tell in one line.
                logger.debug("root_locked", metadata: ["root": "\(path.text)", "reason": "\(error)"])
                guard case .held = error.reason else {
                    summary.blocked.append(error)
                    continue
                }
                summary.locked.append(error)
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            guard FolderID(path) != nil else {
                summary.missing.append(path)
                logger.warning("root_missing", metadata: ["root": "\(path.text)"])
                continue
            }
            let root = WatchedRoot(path: path, id: try ledger.rootID(path))
            try ledger.obstacles.clear(root: root.id)
            try await sweep(root, into: &summary)
        }
        return summary
    }

    private func sweep(_ root: WatchedRoot, into summary: inout Summary) async throws {
        let worker = Worker(configuration: configuration, roots: [root], ledger: ledger, scoring: scoring, logger: logger)
        try worker.recover()
        var intake = Intake(configuration: configuration, ledger: ledger, logger: logger)
        let start = Moment.now()
        let scan = try intake.scan(root)
        summary.folders += scan.folders
        summary.files += scan.files
        try await score(root, worker, &intake, &summary)

        // Batches met for the first time are given their settle time, counted from the scan.
        let patience = start + configuration.settleSeconds + 1
        while let next = intake.settling.nextLook, next <= patience, !Task.isCancelled {
            let now = Moment.now()
            if next > now { try? await Task.sleep(for: .seconds(next - now)) }
            for folder in intake.settling.due(at: .now()) { try intake.look(into: folder, root: root) }
            try await score(root, worker, &intake, &summary)
        }
        summary.hasObstacles = summary.hasObstacles || intake.hasObstacles
        summary.waiting += intake.settling.entries.count
        if !intake.takeStaleIndexes().isEmpty {
            await updateIndex(of: root.path, configuration: configuration, ledger: ledger, scoring: scoring, logger: logger)
        }
        try ledger.prune()
        try ledger.checkpoint(isLast: true)
    }

    private func score(_ root: WatchedRoot, _ worker: Worker, _ intake: inout Intake, _ summary: inout Summary) async throws {
        var hasNews = false
        while !Task.isCancelled {
            guard case .dealtWith(let batch, let state) = try await worker.turn() else { break }
            switch state {
            case .done: summary.done += 1
            case .failed, .held: summary.failed += 1
            default: break
            }
            hasNews = true
            try intake.look(into: batch.folder, root: root)
        }
        if hasNews { await updateIndex(of: root.path, configuration: configuration, ledger: ledger, scoring: scoring, logger: logger) }
    }
}
