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
        var kinds = self.kinds
        scan.walk(from: start, kinds: &kinds, enter: enter) { listing in
            guard failure == nil else { return }
            summary.folders += 1
            summary.files += listing.files.count
            unseen.remove(listing.folder)
            if unreadable[listing.folder] != nil { readable.append(listing.folder) }
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
        for folder in readable { report(readable: folder) }
        // What lies in a folder that cannot be listed now is not known to be gone.
        let closed = scan.failures.filter { !$0.isGone }
        for error in closed { report(error) }
        for folder in unseen where !closed.contains(where: { folder.isInside($0.folder) }) {
            try remove(folder)
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
            if error.isGone { try remove(folder) } else { report(error) }
            // The next scan tries again.
            settling.rest(folder)
            return nil
        }
        report(readable: folder)
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

    /// Takes in that a folder is gone, with all below.
    mutating func remove(_ folder: FilePath) throws(LedgerError) {
        for batch in try ledger.removeFolders(under: folder) {
            logger.info("batch_removed", metadata: ["folder": "\(batch.text)"])
        }
        for known in settling.entries.keys where known.isInside(folder) { settling.forget(known) }
        others = others.filter { !$0.key.isInside(folder) }
        unreadable = unreadable.filter { !$0.key.isInside(folder) }
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
            case .waiting(let images, let reason):
                others[folder] = look.contents.others
                logger.debug("batch_waiting", metadata: ["folder": "\(folder.text)", "images": "\(images)", "reason": "\(reason)"])
            case .nothing, .unchanged, .running:
                others[folder] = nil
            }
        }
        return ready
    }

    private mutating func report(_ error: FolderError) {
        guard unreadable[error.folder] != error else { return }
        unreadable[error.folder] = error
        logger.warning("folder_unreadable", metadata: ["folder": "\(error.folder.text)", "reason": "\(error)"])
    }

    private mutating func report(readable folder: FilePath) {
        guard unreadable.removeValue(forKey: folder) != nil else { return }
        logger.info("folder_readable", metadata: ["folder": "\(folder.text)"])
    }
}
