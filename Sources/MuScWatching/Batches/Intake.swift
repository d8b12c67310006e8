import Logging
import SystemPackage

/// A drop folder that this process holds.
struct WatchedRoot: Hashable, Sendable {
    var path: FilePath
    /// Its number in the ledger.
    var id: Int64
}

/// Looks into folders and writes down which batches they hold and how these stand.
///
/// Sweep and watch share it, so that they agree: what it decides rests on listings alone, whatever led to them.
struct Intake {
    var configuration: WatchConfiguration {
        didSet {
            rules = NameRules(configuration)
            settling.rules = Settling.Rules(configuration)
        }
    }
    private(set) var rules: NameRules
    var settling: Settling
    var kinds = FileSystemKinds()
    let ledger: Ledger
    let logger: Logger
    /// Folders that could not be listed, with the reason, so that it is logged once.
    private(set) var unreadable: [FilePath: FolderError] = [:]
    /// Drop folders whose index says what is not so any more.
    private(set) var staleIndexes: Set<FilePath> = []
    /// Links to folders that were told of.
    private var links: Set<FilePath> = []
    /// Names of folders that are not entered because appliances keep their own things in them, by root.
    private var skipped: [FilePath: Set<FileName>] = [:]
    /// Roots of which it was told that many folders wait for more images.
    var scattered: Set<FilePath> = []
    /// Names in folders of active batches that are known to be no images.
    private(set) var others: [FilePath: Set<FileName>] = [:]

    init(configuration: WatchConfiguration, ledger: Ledger, logger: Logger) {
        self.configuration = configuration
        self.ledger = ledger
        self.logger = logger
        rules = NameRules(configuration)
        settling = Settling(rules: Settling.Rules(configuration))
    }

    /// What a scan came to.
    struct ScanSummary {
        var folders = 0
        var files = 0
        var ready = 0
    }

    /// Whether something in the roots cannot be watched: a folder that cannot be listed, or a link to one.
    var hasObstacles: Bool { !unreadable.isEmpty || !links.isEmpty }

    /// Scans a root, or one folder of it with all below.
    ///
    /// - Parameters:
    ///   - start: The folder; nil for the root.
    ///   - enter: Called before each folder is listed.
    ///   - progress: Called after batches became ready.
    @discardableResult
    mutating func scan(
        _ root: WatchedRoot, from start: FilePath? = nil, enter: (FilePath) -> Void = { _ in },
        progress: () -> Void = {}
    ) throws(LedgerError) -> ScanSummary {
        let start = start ?? root.path
        let known = try ledger.knownFolders(of: root.id)
        var unseen = Set(known.filter { !$0.value.isGone && $0.key.isInside(start) }.keys)
        var summary = ScanSummary()
        var looks: [Ledger.Look] = []
        var failure: LedgerError?
        var scan = Scan(root: root.path, rules: rules)
        var readable: [FilePath] = []
        var linked: [FilePath] = []
        var skippedNames: Set<FileName> = []
        var kinds = self.kinds
        scan.walk(from: start, kinds: &kinds, enter: enter) { listing in
            guard failure == nil else { return }
            summary.folders += 1
            summary.files += listing.files.count
            unseen.remove(listing.folder)
            skippedNames.formUnion(listing.skipped)
            linked += listing.linkedFolders.map { listing.folder.appending($0) }
            if unreadable.keys.contains(where: { isOfBatch($0, listing.folder, root) }) { readable.append(listing.folder) }
            let digest = digest(of: listing)
            let old = known[listing.folder]
            if let old, old.listing == digest, !old.isOpen, !old.isGone { return }
            if old == nil, listing.files.isEmpty { return }
            do throws(LedgerError) {
                looks.append(try examine(listing, digest: digest, root: root, folder: old))
                if looks.count >= 100 {
                    let ready = try write(looks)
                    summary.ready += ready
                    looks = []
                    if ready > 0 { progress() }
                }
            } catch {
                failure = error
            }
        }
        self.kinds = kinds
        if let failure { throw failure }
        let ready = try write(looks)
        summary.ready += ready
        if ready > 0 { progress() }
        for folder in readable { try report(readable: folder, root) }
        try report(links: linked, under: start, root)
        if start == root.path { try report(skipped: skippedNames, root) }
        // What lies in a folder that cannot be listed now is not known to be gone.
        let closed = scan.failures.filter { !$0.isGone }
        for error in closed { try report(error, root) }
        for folder in unseen where !closed.contains(where: { folder.isInside($0.folder) || $0.folder.isInside(folder) }) {
            tell(of: root)
            try remove(folder)
        }
        if start == root.path {
            try checkResults(root)
            try tellOfScattered(root)
        }
        return summary
    }

    /// Looks into one folder.
    ///
    /// - Returns: What it came to; nil where the folder is gone or cannot be listed.
    @discardableResult
    mutating func look(into folder: FilePath, root: WatchedRoot) throws(LedgerError) -> Ledger.LookResult? {
        let listing: FolderListing
        do throws(FolderError) {
            listing = try FolderListing.read(folder, root: root.path, rules: rules, kinds: &kinds)
        } catch {
            if error.isGone {
                tell(of: root)
                try remove(folder)
            } else {
                try report(error, root)
            }
            // The next scan tries again.
            settling.rest(folder)
            return nil
        }
        try report(readable: folder, root)
        let known = try ledger.knownFolder(folder)
        if known == nil, listing.files.isEmpty {
            settling.forget(folder)
            return .nothing
        }
        let look = try examine(listing, digest: digest(of: listing), root: root, folder: known)
        var result: Ledger.LookResult = .nothing
        try write([look]) { result = $0 }
        return result
    }

    /// Whether a folder that cannot be listed is a batch's, or one of those that are of the same batch.
    private func isOfBatch(_ closed: FilePath, _ folder: FilePath, _ root: WatchedRoot) -> Bool {
        closed == folder || rules.isWhole(folder, in: root.path) && closed.isInside(folder)
    }

    /// Notes that the index of a root is not true any more.
    mutating func tell(of root: WatchedRoot) { staleIndexes.insert(root.path) }

    /// Hands over the roots whose indexes are to be made anew.
    mutating func takeStaleIndexes() -> Set<FilePath> {
        defer { staleIndexes = [] }
        return staleIndexes
    }

    /// Takes in that a folder is gone, with all below.
    mutating func remove(_ folder: FilePath) throws(LedgerError) {
        for batch in try ledger.removeFolders(under: folder) {
            logger.info("batch_removed", metadata: ["folder": "\(batch.text)"])
        }
        for known in settling.entries.keys where known.isInside(folder) { settling.forget(known) }
        others = others.filter { !$0.key.isInside(folder) }
        unreadable = unreadable.filter { !$0.key.isInside(folder) }
        links = links.filter { !$0.isInside(folder) }
        // What a folder may not be told of, or listed, does not matter any more.
        try ledger.obstacles.clear(under: folder)
    }

    /// Identity of a listing and of what the decision on it depends on besides.
    private func digest(of listing: FolderListing) -> String {
        FileSetDigest(
            sorted: listing.files, maskMark: listing.maskMark,
            context: "\(configuration.onNewImages.rawValue) \(listing.readyMark ?? "-")", countsChanges: true
        ).description
    }

    private mutating func examine(
        _ listing: FolderListing, digest: String, root: WatchedRoot, folder: Ledger.KnownFolder?
    ) throws(LedgerError) -> Ledger.Look {
        let moment = Moment.now()
        var files: [FileName: FolderContents.KnownFile] = [:]
        if let folder { files = try ledger.knownFiles(of: folder.id) }
        return Ledger.Look(
            root: root.id, listing: listing, listingDigest: digest,
            contents: FolderContents(listing, known: files, scoredMask: folder?.scoredMask), moment: moment,
            hasResults: FolderID(configuration.resultsFolder(of: listing.folder, in: root.path)) != nil)
    }

    /// - Returns: How many batches became ready.
    @discardableResult
    private mutating func write(_ looks: [Ledger.Look], each: (Ledger.LookResult) -> Void = { _ in }) throws(LedgerError) -> Int {
        guard !looks.isEmpty else { return 0 }
        let results = try ledger.record(looks, policy: configuration.onNewImages, settling: &settling)
        var ready = 0
        for (look, result) in zip(looks, results) {
            each(result)
            let folder = look.listing.folder
            switch result {
            case .becameReady(let images):
                ready += 1
                others[folder] = nil
                logger.debug("batch_ready", metadata: ["folder": "\(folder.text)", "images": "\(images)"])
            case .becameOverdue(let images):
                ready += 1
                others[folder] = nil
                logger.notice(
                    "batch_unsettled",
                    metadata: [
                        "folder": "\(folder.text)", "images": "\(images)",
                        "reason":
                            "it has been changing for longer than watch.max_wait_seconds; it is scored as it is, and again when it has settled",
                    ])
            case .waiting(let images, let reason):
                others[folder] = look.contents.others
                logger.debug("batch_waiting", metadata: ["folder": "\(folder.text)", "images": "\(images)", "reason": "\(reason)"])
            case .nothing, .unchanged, .running:
                others[folder] = nil
            }
        }
        return ready
    }
}

/// What stands in the way is told once in the log, and kept for `musc status`.
extension Intake {
    private mutating func report(_ error: FolderError, _ root: WatchedRoot) throws(LedgerError) {
        guard unreadable[error.folder] != error else { return }
        unreadable[error.folder] = error
        logger.warning("folder_unreadable", metadata: ["folder": "\(error.folder.text)", "reason": "\(error)"])
        try ledger.obstacles.note(Obstacle(path: error.folder, kind: .unreadable, reason: error.description), root: root.id)
    }

    private mutating func report(readable folder: FilePath, _ root: WatchedRoot) throws(LedgerError) {
        for closed in unreadable.keys where isOfBatch(closed, folder, root) {
            unreadable[closed] = nil
            logger.info("folder_readable", metadata: ["folder": "\(closed.text)"])
            try ledger.obstacles.clear(.unreadable, at: closed, root: root.id)
        }
    }

    private mutating func report(links found: [FilePath], under start: FilePath, _ root: WatchedRoot) throws(LedgerError) {
        let now = Set(found)
        for path in now.subtracting(links) {
            let reason =
                "\(path.text) is a link to a folder, which is not followed: name the folder itself under watch.roots, or move it here"
            logger.warning("folder_link", metadata: ["folder": "\(path.text)", "reason": "\(reason)"])
            try ledger.obstacles.note(Obstacle(path: path, kind: .link, reason: reason), root: root.id)
        }
        for path in links.subtracting(now) where path.isInside(start) { try ledger.obstacles.clear(.link, at: path, root: root.id) }
        links = links.filter { !$0.isInside(start) }.union(now)
    }

    private mutating func report(skipped names: Set<FileName>, _ root: WatchedRoot) throws(LedgerError) {
        guard skipped[root.path, default: []] != names else { return }
        skipped[root.path] = names
        guard !names.isEmpty else { return try ledger.obstacles.clear(.skipped, at: root.path, root: root.id) }
        let reason = """
            folders called \(names.sorted().map(\.description).joined(separator: ", ")) are not entered: \
            appliances and systems keep their own things in them
            """
        logger.info("folders_skipped", metadata: ["root": "\(root.path.text)", "reason": "\(reason)"])
        try ledger.obstacles.note(Obstacle(path: root.path, kind: .skipped, reason: reason), root: root.id)
    }
}
