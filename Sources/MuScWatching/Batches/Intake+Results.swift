import Logging
import SystemPackage

/// Results that a person moved or deleted, and folders that may be parts of one batch.
extension Intake {
    /// Looks whether the published results of a root, or of one folder of it, are where they were put.
    ///
    /// Nothing is scored again for it: whoever takes results away to keep them elsewhere would have them made without end.
    mutating func checkResults(_ root: WatchedRoot, of folder: FilePath? = nil) throws(LedgerError) {
        for found in try ledger.checkResults(root: root.id, of: folder) {
            tell(of: root)
            let metadata: Logger.Metadata = ["folder": "\(found.folder.text)", "results": "\(found.results.text)"]
            guard found.isGone else {
                logger.info("results_back", metadata: metadata)
                continue
            }
            logger.warning(
                "results_gone",
                metadata: metadata.merging(["answer": "\(BatchStanding.resultsGone.answer(found.folder))"]) { $1 })
        }
    }

    /// Says where many folders of one level wait for more images.
    mutating func tellOfScattered(_ root: WatchedRoot) throws(LedgerError) {
        let folders = configuration.batchLevel == nil ? try ledger.scattered(root: root.id, enough: configuration.minImages) : []
        let levels = Dictionary(grouping: folders) { $0.relative(to: root.path)?.components.count ?? 0 }
        guard let (level, many) = levels.max(by: { $0.value.count < $1.value.count }), level > 0, many.count >= Self.manyFolders else {
            guard scattered.remove(root.path) != nil else { return }
            return try ledger.obstacles.clear(.scattered, at: root.path, root: root.id)
        }
        let reason = """
            \(many.count) folders hold fewer than \(configuration.minImages) images each and wait for more: where a folder above \
            them is one batch, set watch.batch_level: \(level - 1); where they are whole, lower watch.min_images
            """
        if scattered.insert(root.path).inserted {
            logger.notice("folders_scattered", metadata: ["root": "\(root.path.text)", "reason": "\(reason)"])
        }
        try ledger.obstacles.note(Obstacle(path: root.path, kind: .scattered, reason: reason), root: root.id)
    }

    /// How many folders that wait for more images are many.
    private static let manyFolders = 10
}
