import Logging
import SystemPackage

/// Brings the roots' indexes up to date, at most every other second while batches follow one another.
actor IndexUpdates {
    private let ledger: Ledger
    private let scoring: BatchScoring
    private let logger: Logger
    private var roots: Set<FilePath> = []
    private var isBusy = false
    private var last = Moment(seconds: 0)

    init(ledger: Ledger, scoring: BatchScoring, logger: Logger) {
        self.ledger = ledger
        self.scoring = scoring
        self.logger = logger
    }

    /// Has the index of a root made anew by the next update.
    func note(_ root: FilePath) { roots.insert(root) }

    func mark(_ root: FilePath, _ configuration: WatchConfiguration) async {
        roots.insert(root)
        if Moment.now() - last >= 2 { await update(configuration) }
    }

    func update(_ configuration: WatchConfiguration) async {
        // One at a time: an index that was read earlier must not be written later.
        guard !isBusy else { return }
        isBusy = true
        defer { isBusy = false }
        while let root = roots.popFirst() {
            await updateIndex(of: root, configuration: configuration, ledger: ledger, scoring: scoring, logger: logger)
        }
        last = .now()
    }
}

/// Brings `batches.csv` and the index page of a root up to date; a failure is logged and holds nothing up.
func updateIndex(of root: FilePath, configuration: WatchConfiguration, ledger: Ledger, scoring: BatchScoring, logger: Logger) async {
    func warn(_ error: any Error) {
        ledger.complaints.log(
            .warning, "index_failed", ["root": "\(root.text)", "reason": "\(escapedText(String(describing: error).utf8))"], to: logger)
    }
    do {
        var index = try RootIndex(of: root, in: ledger, configuration: configuration)
        await scoring.addFoundParts(&index)
        // The one does not wait for the other.
        do { try index.writeCSV() } catch { warn(error) }
        try await scoring.updateIndex(index)
    } catch {
        warn(error)
    }
}
