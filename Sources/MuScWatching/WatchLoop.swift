import CLinux
import Glibc
import Logging
import Synchronization
import SystemPackage

/// The watcher's intake: takes in events and time, looks into folders, and keeps workers busy.
actor WatchLoop {
    enum Signal: Sendable {
        case events([Inotify.Event])
        /// Something was mounted, unmounted, or mounted with other rights.
        case mounts
        case tick
        /// A batch was dealt with, and its folder is to be looked into again.
        case finished(ReadyBatch)
        case reload(WatchConfiguration)
    }

    /// A root and what was found at its path last.
    struct RootState {
        let root: WatchedRoot
        let lock: RootLock
        /// nil while the root is not there.
        var id: FolderID?
        /// How the file system that holds it was mounted.
        var mount = ""
        var nextScan: Moment
    }

    let ledger: Ledger
    private let scoring: BatchScoring
    let logger: Logger
    private let notify: SystemdNotify
    private let index: IndexUpdates

    var intake: Intake
    var roots: [RootState] = []
    /// Roots that could not be taken yet, with the reason that was told and the moment of the next try.
    var blocked: [FilePath: (reason: String, nextTry: Moment)] = [:]
    private(set) var inotify: Inotify?
    var tree: WatchTree
    /// Folders in which something happened, and the moment for the next look.
    private var dirty: [FilePath: Moment] = [:]
    /// Folders that take long to list, and the earliest moment for the next look, so that a folder of ten thousand
    /// images is not listed for each of them.
    private var pauses: [FilePath: Moment] = [:]
    var figures = MetricsFile.Watching()
    var nextRootCheck = Moment(seconds: 0)
    private var nextReport = Moment(seconds: 0)
    /// Whether something was mounted since the roots were looked at.
    var looksAtMounts = true
    private var nextPrune = Moment(seconds: 0)
    private var nextCheckpoint = Moment.now() + 60
    /// Folders whose results were moved, deleted or put back, as far as events tell.
    private var movedResults: Set<FilePath> = []
    var toldLimit: WatchLimit?
    var toldSilent: Set<FileSystemKind> = []

    /// What the other parts have to tell the intake.
    struct Feed: Sendable {
        fileprivate let continuation: AsyncStream<Signal>.Continuation
        fileprivate let loop: WatchLoop

        /// Tells the intake, or has it scan everything where it cannot keep up.
        func send(_ signal: Signal) {
            if case .dropped = continuation.yield(signal) { loop.overflowed.store(true, ordering: .relaxed) }
        }

        /// Ends the intake once it has taken in what was sent.
        func finish() { continuation.finish() }
    }

    /// Set where signals were lost on our side of the kernel's queue.
    private nonisolated let overflowed = Atomic<Bool>(false)
    /// The configuration, for those who cannot wait until the intake is free.
    nonisolated let inForce: Mutex<WatchConfiguration>
    private nonisolated let isStopping = Atomic<Bool>(false)
    private nonisolated let nudges = Mutex<[AsyncStream<Void>.Continuation]>([])

    init(
        configuration: WatchConfiguration, ledger: Ledger, scoring: BatchScoring, logger: Logger, notify: SystemdNotify
    ) {
        inForce = Mutex(configuration)
        self.ledger = ledger
        self.scoring = scoring
        self.logger = logger
        self.notify = notify
        intake = Intake(configuration: configuration, ledger: ledger, logger: logger)
        index = IndexUpdates(ledger: ledger, scoring: scoring, logger: logger)
        tree = WatchTree(nil)
    }

    // MARK: Beginning and end

    /// Takes the roots' locks, decides about what a former process left, and opens inotify.
    ///
    /// A root that cannot be taken now, because a sweep is at it, or its lock or the ledger cannot be written, is taken
    /// later, and keeps nobody from the others.
    ///
    /// - Throws: ``RootLockError`` where other watchers take care of every root.
    func open() throws(RootLockError) {
        var watchers: [RootLockError] = []
        for path in intake.configuration.roots {
            guard let error = take(path) as? RootLockError, case .held(let holder?) = error.reason, holder.isWatcher else { continue }
            watchers.append(error)
        }
        if let error = watchers.first, watchers.count == intake.configuration.roots.count { throw error }
        do throws(WatchLimit) {
            let inotify = try Inotify()
            self.inotify = inotify
            tree = WatchTree(inotify)
        } catch {
            tree = WatchTree(nil, limit: error)
        }
    }

    /// Lets workers end after the batch that they are at.
    nonisolated func stop() {
        isStopping.store(true, ordering: .relaxed)
        for nudge in nudges.withLock({ $0 }) { nudge.finish() }
    }

    func close() async {
        await index.update(intake.configuration)
        writeMetrics()
        attempt { () throws(LedgerError) in try ledger.checkpoint(isLast: true) }
        roots = []
    }

    /// Signals, and the way to send them.
    nonisolated func makeFeed() -> (AsyncStream<Signal>, Feed) {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingOldest(4096))
        return (stream, Feed(continuation: continuation, loop: self))
    }

    /// Takes in signals until there are no more.
    func run(_ signals: AsyncStream<Signal>) async {
        attempt { () throws(LedgerError) in
            try checkRoots()
            logger.info(
                "watch_started",
                metadata: ["roots": "\(roots.map(\.root.path.text).joined(separator: " "))", "folders": "\(tree.count)"])
        }
        notify.send("READY=1")
        for await signal in signals {
            attempt { () throws(LedgerError) in try take(signal) }
            // A worker that has nothing else to do writes them.
            for root in intake.takeStaleIndexes() { await index.note(root) }
        }
    }

    private func take(_ signal: Signal) throws(LedgerError) {
        switch signal {
        case .events(let events): for event in events { try take(event) }
        case .mounts:
            looksAtMounts = true
            nextRootCheck = Moment(seconds: 0)
        case .tick: try tick()
        case .finished(let batch):
            if let root = root(of: batch.folder) { try look(into: batch.folder, root) }
        case .reload(let configuration): try apply(configuration)
        }
        let now = Moment.now()
        for (folder, earliest) in dirty where earliest <= now {
            if let root = root(of: folder) { try look(into: folder, root) } else { dirty[folder] = nil }
        }
    }

    /// Does what needs the ledger; if that cannot be used now, everything is looked at again later.
    private func attempt(_ body: () throws(LedgerError) -> Void) {
        do throws(LedgerError) {
            try body()
        } catch {
            ledger.complain(error, to: logger)
            let later = Moment.now() + 5
            for position in roots.indices { roots[position].nextScan = later }
        }
    }

    private func root(of folder: FilePath) -> WatchedRoot? {
        roots.first { folder.isInside($0.root.path) }?.root
    }

    // MARK: Events

    private func take(_ event: Inotify.Event) throws(LedgerError) {
        if event.isOverflow {
            try rescanAfterOverflow()
            return
        }
        guard let folder = tree.folder(of: event.watch) else { return }
        if event.has(IN_UNMOUNT) {
            // What lies under a disk that was mounted in a root comes to light.
            for position in roots.indices where folder.isInside(roots[position].root.path) { roots[position].nextScan = .now() }
        }
        if event.has(IN_IGNORED) { tree.dropped(event.watch) }
        guard let name = event.name else {
            // The folder itself: that is for its parent's watch to tell, but a root has none.
            if roots.contains(where: { $0.root.path == folder }) { nextRootCheck = Moment(seconds: 0) }
            return
        }
        guard let root = root(of: folder) else { return }
        let path = folder.appending(name)
        let batch = intake.rules.batchFolder(of: folder, in: root.path)
        if event.isFolder {
            if intake.rules.isResults(name), event.has(IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM) { movedResults.insert(batch) }
            guard intake.rules.admitsFolder(name), intake.rules.admitsFolder(at: path) else { return }
            if event.has(IN_CREATE | IN_MOVED_TO) {
                // A scan of the folder above may have come first: then what was there is listed, and the rest is seen.
                if event.has(IN_MOVED_TO) || !tree.isWatched(path) {
                    try scan(root, from: intake.rules.batchFolder(of: path, in: root.path))
                }
            } else if event.has(IN_DELETE | IN_MOVED_FROM) {
                // A folder of the same name may be there again by now.
                tree.remove(path)
                let inner = intake.rules.batchFolder(of: path, in: root.path)
                if inner == path, FolderID(path) == nil {
                    intake.tell(of: root)
                    try intake.remove(path)
                } else {
                    try scan(root, from: inner)
                }
            } else if intake.unreadable[path] != nil {
                try scan(root, from: intake.rules.batchFolder(of: path, in: root.path))
            }
            return
        }
        guard let name = (folder == batch ? name : path.relative(to: batch).map { FileName(bytes: $0.bytes) }),
            folder == batch || intake.rules.admitsFile(path.lastName ?? name)
        else { return }
        try take(event, name, in: batch)
    }

    /// Takes in what happened to a file of a folder.
    ///
    /// - Parameter folder: The batch's, or that which would be one.
    private func take(_ event: Inotify.Event, _ name: FileName, in folder: FilePath) throws(LedgerError) {
        guard name.isPath || intake.rules.admitsFile(name) || name == intake.rules.readyFile || name == NameRules.mask else { return }
        let now = Moment.now()
        // A file that is known to be no image, such as a log that is written to all the time, holds nothing up.
        if intake.others[folder]?.contains(name) == true {
            if !event.has(IN_CREATE) { intake.settling.closedOther(name, in: folder) }
        } else if name != intake.rules.readyFile {
            if event.has(IN_CREATE) {
                intake.settling.created(name, in: folder, at: now)
            } else if event.has(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) {
                intake.settling.closed(name, in: folder, at: now)
            }
        }
        if dirty[folder] == nil { dirty[folder] = max(now, pauses[folder] ?? now) }
    }

    private func rescanAfterOverflow() throws(LedgerError) {
        figures.overflows += 1
        logger.warning(
            "queue_overflow",
            metadata: [
                "limit": "\(WatchLimit.setting("max_queued_events").map(String.init) ?? "?")", "answer": "all roots are scanned again",
            ])
        tree.forgetFailures()
        for state in roots where state.id != nil { try scan(state.root) }
    }

    private func look(into folder: FilePath, _ root: WatchedRoot) throws(LedgerError) {
        let start = Moment.now()
        dirty[folder] = nil
        let result = try intake.look(into: folder, root: root)
        switch result {
        case .becameReady?, .becameOverdue?: nudge()
        default: break
        }
        let now = Moment.now()
        pauses[folder] = now - start > 0.01 ? now + 10 * (now - start) : nil
    }

    func scan(_ root: WatchedRoot, from start: FilePath? = nil) throws(LedgerError) {
        var tree = tree
        defer { self.tree = tree }
        try intake.scan(root, from: start, enter: { tree.watch($0) }, progress: { nudge() })
    }

    // MARK: Time

    private func tick() throws(LedgerError) {
        let now = Moment.now()
        if overflowed.exchange(false, ordering: .relaxed) { try rescanAfterOverflow() }
        if now >= nextRootCheck { try checkRoots() }
        for folder in intake.settling.due(at: now) {
            if let root = root(of: folder) { try look(into: folder, root) }
        }
        for folder in movedResults {
            if let root = root(of: folder) { try intake.checkResults(root, of: folder) }
        }
        movedResults = []
        if !pauses.isEmpty { pauses = pauses.filter { $0.value > now } }
        nudge()
        if now >= nextReport {
            nextReport = now + min(5, (notify.watchdogSeconds ?? 10) / 2)
            notify.send("WATCHDOG=1")
            writeMetrics()
        }
        if now >= nextPrune {
            nextPrune = now + 86_400
            try ledger.prune()
        }
        if now >= nextCheckpoint {
            nextCheckpoint = now + 60
            try ledger.checkpoint(isLast: false)
        }
    }

    private func writeMetrics() {
        guard let file = intake.configuration.metricsFile else { return }
        do {
            try MetricsFile(path: file).write(ledger, watching: figures)
        } catch {
            ledger.complaints.log(.warning, "metrics_failed", ["reason": "\(escapedText(String(describing: error).utf8))"], to: logger)
        }
    }

    // MARK: Work

    func worker(_ roots: [WatchedRoot]) -> Worker {
        Worker(configuration: intake.configuration, roots: roots, ledger: ledger, scoring: scoring, logger: logger)
    }

    private func currentWorker() -> Worker { worker(roots.filter { $0.id != nil }.map(\.root)) }

    private nonisolated func nudge() {
        for nudge in nudges.withLock({ $0 }) { nudge.yield() }
    }

    /// Scores batches as they become ready, until ``stop()``.
    ///
    /// - Parameter number: From 0; of more workers than the configuration has, the last ones rest.
    nonisolated func work(_ feed: Feed, number: Int) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        nudges.withLock { $0.append(continuation) }
        var pause = 1.0
        for await _ in stream {
            var hasWorked = false
            while !isStopping.load(ordering: .relaxed), !Task.isCancelled {
                let worker = await currentWorker()
                guard number < worker.configuration.jobs else { break }
                do throws(LedgerError) {
                    guard case .dealtWith(let batch, let state) = try await worker.turn() else { break }
                    (pause, hasWorked) = (1, true)
                    feed.send(.finished(batch))
                    if state != .waiting { await index.mark(batch.root, worker.configuration) }
                } catch {
                    ledger.complain(error, to: logger)
                    try? await Task.sleep(for: .seconds(pause))
                    pause = min(60, 2 * pause)
                    break
                }
            }
            await index.update(await currentWorker().configuration)
            // Until the next batch comes, which may be tomorrow, others can use the memory that this one needed.
            if hasWorked { musc_release_memory() }
        }
    }
}
