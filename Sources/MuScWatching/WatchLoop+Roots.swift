import Glibc
import Logging
import SystemPackage

/// The roots: taken as soon as they can be, and looked after while they come and go.
extension WatchLoop {
    private func add(_ path: FilePath) throws {
        let lock = try RootLock(root: path, ledger: ledger, command: RootLock.Holder.watcher)
        let root = WatchedRoot(path: path, id: try ledger.rootID(path))
        try ledger.obstacles.clear(root: root.id)
        try worker([root]).recover()
        roots.append(RootState(root: root, lock: lock, id: nil, nextScan: Moment(seconds: 0)))
        if FolderID(path) == nil { logger.warning("root_missing", metadata: ["root": "\(path.text)"]) }
    }

    /// Takes a root, or writes down why it cannot be taken now.
    ///
    /// - Returns: What stands in the way; nil where it was taken.
    @discardableResult
    func take(_ path: FilePath) -> (any Error)? {
        do {
            try add(path)
            if blocked.removeValue(forKey: path) != nil { logger.notice("root_taken", metadata: ["root": "\(path.text)"]) }
            return nil
        } catch {
            let reason = String(describing: error)
            if blocked[path]?.reason != reason {
                logger.warning(
                    "root_waits",
                    metadata: ["root": "\(path.text)", "reason": "\(reason)", "answer": "it is tried again until it can be taken"])
                if let id = try? ledger.rootID(path) {
                    try? ledger.obstacles.note(Obstacle(path: path, kind: .lock, reason: reason), root: id)
                }
            }
            blocked[path] = (reason, Moment.now() + 2)
            return error
        }
    }

    /// Looks whether each root is there, is the one it was, and is due for a scan.
    func checkRoots() throws(LedgerError) {
        let now = Moment.now()
        nextRootCheck = now + 1
        for (path, block) in blocked where block.nextTry <= now { take(path) }
        for position in roots.indices {
            let state = roots[position]
            let id = FolderID(state.root.path)
            if looksAtMounts || id != state.id { try lookAtMount(position) }
            if id != state.id {
                // Unmounted, mounted, deleted or replaced: the watches are on what was there before.
                tree.remove(state.root.path)
                intake.kinds.forget()
                roots[position].id = id
                if id == nil {
                    logger.warning("root_missing", metadata: ["root": "\(state.root.path.text)"])
                    continue
                }
                try lookForLink(state.root)
                if state.nextScan.seconds > 0 { logger.notice("root_back", metadata: ["root": "\(state.root.path.text)"]) }
            } else if id == nil || now < state.nextScan && intake.unreadable[state.root.path] == nil {
                continue
            }
            tree.forgetFailures()
            try scan(state.root)
            roots[position].nextScan = Moment.now() + scanInterval(of: state.root)
        }
        looksAtMounts = false
        figures.watched = tree.count
        figures.unwatched = tree.unwatched
    }

    /// Seconds until a root is scanned again, and a word on why that is needed.
    private func scanInterval(of root: WatchedRoot) -> Double {
        let configuration = intake.configuration
        let silent = Set(intake.kinds.silent)
        for kind in silent.subtracting(toldSilent) {
            logger.notice("poll_only", metadata: ["root": "\(root.path.text)", "reason": "\(kind.explanation)"])
        }
        toldSilent = silent
        if let limit = tree.limit, limit != toldLimit {
            logger.error(
                "watch_limit",
                metadata: [
                    "root": "\(root.path.text)", "watched": "\(tree.count)", "unwatched": "\(tree.unwatched)", "reason": "\(limit)",
                    "answer": "what is not watched is scanned at intervals",
                ])
        }
        toldLimit = tree.limit
        if configuration.pollSeconds > 0 { return configuration.pollSeconds }
        return silent.isEmpty && tree.limit == nil ? configuration.safetyScanSeconds : configuration.silentPollSeconds
    }

    func apply(_ configuration: WatchConfiguration) throws(LedgerError) {
        for state in roots where !configuration.roots.contains(state.root.path) { tree.remove(state.root.path) }
        roots.removeAll { !configuration.roots.contains($0.root.path) }
        blocked = blocked.filter { configuration.roots.contains($0.key) }
        intake.configuration = configuration
        inForce.withLock { $0 = configuration }
        for path in configuration.roots where !roots.contains(where: { $0.root.path == path }) { take(path) }
        logger.notice("configuration_reloaded", metadata: ["roots": "\(roots.map(\.root.path.text).joined(separator: " "))"])
        // Other rules make other batches of the same files.
        for position in roots.indices { roots[position].nextScan = Moment(seconds: 0) }
        try checkRoots()
    }

    /// A root that is a link when the watcher starts is followed; one that becomes a link later cannot be.
    private func lookForLink(_ root: WatchedRoot) throws(LedgerError) {
        guard let real = root.path.resolved(), real != root.path else {
            return try ledger.obstacles.clear(.link, at: root.path, root: root.id)
        }
        let reason = """
            \(root.path.text) has become a link to \(real.text), which is not followed: \
            start musc again, or name \(real.text) under watch.roots
            """
        logger.error("root_link", metadata: ["root": "\(root.path.text)", "reason": "\(reason)"])
        try ledger.obstacles.note(Obstacle(path: root.path, kind: .link, reason: reason), root: root.id)
    }

    /// Takes in how the file system of a root is mounted now.
    private func lookAtMount(_ position: Int) throws(LedgerError) {
        let mount = FileSystemKind.mount(holding: roots[position].root.path)
        guard !mount.isEmpty, mount != roots[position].mount else { return }
        // Rights may be others, and a share may be there again: what failed is tried at once.
        if !roots[position].mount.isEmpty { try ledger.hasten(root: roots[position].root.id) }
        roots[position].mount = mount
    }
}
