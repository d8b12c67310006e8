import MuScBatch
import MuScHooks
import MuScResults
import MuScWatching
import SystemPackage

/// What is known of a batch besides its photographs: it is stored with the results, so that they are known again.
struct BatchOrigin: Sendable {
    /// The identity of the set of files, by which a watcher recognises the results.
    var fileSet: String?
    /// The same with the files' times of change.
    var fileStamp: String?
    /// What folder and files were when the work began; nil where nobody will ask.
    var seal: BatchSeal?
    /// The ledger that tells of the results; nil by hand.
    var ledger: String?
    /// How many images the results are of that these take the place of, where they are more.
    var replaced: Int?

    init(fileSet: String? = nil) {
        self.fileSet = fileSet
    }

    init(_ batch: ReadyBatch) {
        fileSet = batch.digest.description
        fileStamp = batch.stamp
        seal = batch.seal
        ledger = batch.ledger
        replaced = batch.replaced
    }

    /// Of files that are scored by hand.
    ///
    /// - Parameter folder: Where all of them lie.
    init(filesAt paths: [FilePath], in folder: FilePath) {
        fileSet = FileSetDigest(filesAt: paths, in: folder)?.description
        seal = BatchSeal(folder: folder, names: paths.compactMap(\.lastName))
    }

    /// Writes into a record what the results are of, and who is told of them.
    ///
    /// - Parameter unread: The files that could not be read for a reason that may pass.
    func complete(_ record: inout RunRecord, unread: [FileName], hooks: HookSettings, threads: Int) {
        record.fileSet = fileSet
        record.fileStamp = fileStamp
        record.fileContents = seal?.contents(without: unread, threads: threads).lines
        record.ledger = ledger
        record.told = hooks.isEmpty ? nil : hooks.receivers.map(\.fingerprint)
        if let replaced {
            record.notes.append(
                "These results took the place of results of \(replaced) images: some of those are no longer in the folder.")
        }
    }

    /// Makes sure that nothing was moved or changed since the work began.
    ///
    /// - Throws: ``UserError``; then nothing may be published.
    func confirm() throws(UserError) {
        do {
            try seal?.confirm()
        } catch {
            throw UserError("\(error)", exit: .batchFailed)
        }
    }
}
