import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage
import UnixSignals

/// Watches drop folders and scores each batch once it has settled, until it is told to stop.
///
/// Three parts run side by side: a thread that empties the kernel's queue of events, an intake that looks into folders
/// and writes to the ledger which batches are ready, and one worker for each of ``WatchConfiguration/jobs`` that scores
/// them. All state that matters is in the ledger and in the folders; the process may be killed at any moment.
///
/// Whatever happens to the folders meanwhile, this holds:
/// - Every image of a settled folder is in exactly one published table, or in one reason that `musc status` lists.
/// - A table is of the folder that it lies in and of the files as they were opened (``BatchSeal``).
/// - A message about a result is put down once, and only of results that are in place.
/// - Nothing that a person made is changed.
/// - Whatever stops work is in the status.
package final class Watcher: Service {
    private let configuration: WatchConfiguration
    private let ledger: Ledger
    private let scoring: BatchScoring
    private let logger: Logger
    private let reload: (@Sendable () async throws -> WatchConfiguration)?
    private let notify: SystemdNotify

    /// - Parameters:
    ///   - configuration: As ``WatchConfiguration/validated()`` gives it.
    ///   - reload: Reads the configuration again on SIGHUP, and gives it as ``WatchConfiguration/validated()`` does.
    ///     What it throws is logged, and the former configuration stays in force. Scoring's own settings are its own
    ///     to replace.
    package init(
        configuration: WatchConfiguration, ledger: Ledger, scoring: BatchScoring, logger: Logger,
        notify: SystemdNotify = SystemdNotify(), reload: (@Sendable () async throws -> WatchConfiguration)? = nil
    ) {
        self.configuration = configuration
        self.ledger = ledger
        self.scoring = scoring
        self.logger = logger
        self.notify = notify
        self.reload = reload
    }

    /// Watches until the service group shuts down or the task is cancelled.
    ///
    /// A batch that is being scored then is given ``WatchConfiguration/stopSeconds`` to end; if it does not, it stays
    /// with the ledger to be scored again.
    ///
    /// A root that a sweep is at, or that cannot be locked for another reason, is taken once it can be; meanwhile the
    /// others are watched.
    ///
    /// - Throws: ``RootLockError`` where other watchers take care of every root.
    package func run() async throws {
        let executor = QueueExecutor()
        let loop = WatchLoop(
            configuration: configuration, ledger: ledger, scoring: scoring, logger: logger, notify: notify)
        // Not on the threads that Swift's tasks share: scoring computes for minutes on whatever thread it is given, and
        // neither events nor signals may wait for it.
        try await loop.open()
        let (signals, feed) = loop.makeFeed()
        let inotify = await loop.inotify
        inotify?.start({ feed.send(.events($0)) }, mountsChanged: { feed.send(.mounts) })

        let intake = Task(executorPreference: executor) { await loop.run(signals) }
        let ticker = Task(executorPreference: executor) {
            while !Task.isCancelled {
                feed.send(.tick)
                let settle = loop.inForce.withLock { $0.settleSeconds }
                try? await Task.sleep(for: .seconds(max(0.05, min(1, settle / 4))))
            }
        }
        let workers = Mutex<[Task<Void, Never>]>([])
        // A configuration that is read again may have more jobs.
        let employ: @Sendable (Int) -> Void = { jobs in
            workers.withLock { workers in
                for number in workers.count..<max(jobs, workers.count) {
                    workers.append(Task(executorPreference: executor) { await loop.work(feed, number: number) })
                }
            }
        }
        employ(configuration.jobs)
        let reloading = Task(executorPreference: executor) { [reload, logger] in
            guard let reload else { return }
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                do {
                    let configuration = try await reload()
                    feed.send(.reload(configuration))
                    employ(configuration.jobs)
                } catch {
                    logger.error("configuration_refused", metadata: ["reason": "\(escapedText(String(describing: error).utf8))"])
                }
            }
        }

        await untilToldToStop()

        notify.send("STOPPING=1")
        reloading.cancel()
        loop.stop()
        await settle(workers.withLock { $0 }, within: loop.inForce.withLock { $0.stopSeconds })
        ticker.cancel()
        feed.finish()
        await intake.value
        inotify?.stop()
        await loop.close()
        logger.info("watch_stopped")
    }

    private func untilToldToStop() async {
        let once = Once()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await once.wait()
            } onGracefulShutdown: {
                once.signal()
            }
        } onCancel: {
            once.signal()
        }
    }

    /// Waits for the workers, asks them to give up shortly before the time is over, and then leaves them to themselves.
    private func settle(_ workers: [Task<Void, Never>], within seconds: Double) async {
        let once = Once()
        Task {
            for worker in workers { await worker.value }
            once.signal()
        }
        let margin = min(5, seconds / 4)
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds - margin))
            for worker in workers { worker.cancel() }
            try await Task.sleep(for: .seconds(margin))
            once.signal()
        }
        await once.wait()
        deadline.cancel()
    }
}

/// Something that happens once, and whoever waits for it.
final class Once: Sendable {
    private struct State {
        var happened = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func signal() {
        let waiting = state.withLock { state in
            state.happened = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let happened = state.withLock { state in
                if !state.happened { state.waiting.append(continuation) }
                return state.happened
            }
            if happened { continuation.resume() }
        }
    }
}

/// Runs tasks on threads of its own, as many as there are tasks that compute.
final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "musc.watching", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
