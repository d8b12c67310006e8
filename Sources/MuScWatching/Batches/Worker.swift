import Foundation
import Glibc
import Logging
import SystemPackage

/// Takes ready batches from the ledger, has them scored, and writes down what came of it.
struct Worker: Sendable {
    let configuration: WatchConfiguration
    let roots: [WatchedRoot]
    let ledger: Ledger
    let scoring: BatchScoring
    let logger: Logger

    /// What one turn came to.
    enum Turn: Sendable {
        /// Nothing is ready.
        case idle
        /// A batch was dealt with. The folder is to be looked into again: images may have come in the meantime.
        case dealtWith(ReadyBatch, BatchState?)
    }

    /// Decides about batches that a former process was scoring when it ended.
    ///
    /// Results that carry the digest of the set that was claimed were published just before the end; the batch is done.
    func recover() throws(LedgerError) {
        for root in roots {
            for batch in try ledger.interrupted(root: root.id, configuration: configuration) {
                if let published = scoring.published(batch), published.digest == batch.digest {
                    _ = try finish(batch, published.outcome(of: batch), wasScored: true, "batch_recovered")
                } else {
                    try ledger.putBack(batch, crashed: true, configuration: configuration)
                    logger.warning("batch_interrupted", metadata: ["folder": "\(batch.folder.text)"])
                }
            }
        }
    }

    /// Deals with the batch that has waited longest, if there is one.
    func turn() async throws(LedgerError) -> Turn {
        guard var batch = try ledger.claim(roots: roots.map(\.id), configuration: configuration) else { return .idle }
        guard let standing = try standing(of: batch) else {
            try drop(batch)
            return .dealtWith(batch, nil)
        }
        guard standing, let seal = BatchSeal(batch) else {
            try ledger.release(batch)
            return .dealtWith(batch, .waiting)
        }
        batch.seal = seal
        defer { seal.end() }
        if !batch.isForced {
            if let state = try await recognise(&batch) { return .dealtWith(batch, state) }
            if batch.isProvisional {
                try ledger.putOff(batch)
                return .dealtWith(batch, .waiting)
            }
            if let state = try postponed(batch) { return .dealtWith(batch, state) }
        }
        logger.debug("batch_running", metadata: ["folder": "\(batch.folder.text)", "images": "\(batch.files.count)"])
        let failure: ScoringFailure
        do {
            let outcome = try await scoring.score(batch)
            guard !seal.isElsewhere else {
                // Published into the folder that was here, and has taken its results along. There they are found.
                return .dealtWith(batch, try changed(batch, BatchChange(path: batch.folder, kind: .folder)))
            }
            let state = try await insist { () throws(LedgerError) in try finish(batch, outcome, wasScored: true, "batch_done") }
            return .dealtWith(batch, state)
        } catch let error as LedgerError {
            throw error
        } catch is CancellationError {
            try await insist { () throws(LedgerError) in try ledger.putBack(batch, crashed: false, configuration: configuration) }
            logger.info("batch_abandoned", metadata: ["folder": "\(batch.folder.text)"])
            return .dealtWith(batch, .ready)
        } catch {
            failure = ScoringFailure(describing: error)
        }
        // Whatever went wrong: a batch that is not what it was has to settle anew.
        do throws(BatchChange) {
            try seal.confirm()
        } catch {
            return .dealtWith(batch, try changed(batch, error))
        }
        return .dealtWith(batch, try await fail(batch, failure))
    }

    /// Finds out whether the results in place are of a batch's images.
    ///
    /// - Returns: nil where they are not, and it is to be scored.
    private func recognise(_ batch: inout ReadyBatch) async throws(LedgerError) -> BatchState? {
        for sequence in (1...batch.sequence).reversed() {
            var earlier = batch
            earlier.results = configuration.resultsFolder(of: batch.folder, in: batch.root, sequence: sequence)
            guard let published = scoring.published(earlier) else { continue }
            guard published.cover(batch) else {
                // Files, not images: a file may hold several.
                let files = published.contents?.digests.keys.filter { $0 != NameRules.mask }.count ?? 0
                if sequence == batch.sequence, files > batch.files.count { batch.replaced = files }
                continue
            }
            guard sequence == batch.sequence else {
                try ledger.absorb(batch)
                logger.info("batch_recognised", metadata: ["folder": "\(batch.folder.text)", "results": "\(earlier.results.text)"])
                return .done
            }
            let state = try finish(batch, published.outcome, wasScored: false, "batch_recognised", remark: published.remark)
            await scoring.adopt(batch)
            return state
        }
        return nil
    }

    /// Puts a batch off again whose results are in place, but for images that still cannot be read.
    private func postponed(_ batch: ReadyBatch) throws(LedgerError) -> BatchState? {
        let unread = try ledger.unread(batch)
        guard !unread.isEmpty, unread.allSatisfy({ !FileContents.isReadable(batch.folder.appending($0)) }) else { return nil }
        return try ledger.fail(
            batch, ScoringFailure(.unreadable, WatchReason.unread(unread.count).text, unread: unread), configuration: configuration
        ).state
    }

    private func finish(
        _ batch: ReadyBatch, _ outcome: BatchOutcome, wasScored: Bool, _ event: Logger.Message, remark: String? = nil
    ) throws(LedgerError) -> BatchState {
        let (state, delay) = try ledger.finish(batch, outcome, wasScored: wasScored, configuration: configuration)
        var metadata: Logger.Metadata = [
            "folder": "\(batch.folder.text)", "images": "\(outcome.images)", "flagged": "\(outcome.flagged)",
            "seconds": "\((outcome.seconds * 100).rounded() / 100)",
        ]
        if let reason = outcome.noVerdict { metadata["no_verdict"] = "\(reason)" }
        if outcome.unreadable > 0 { metadata["unreadable"] = "\(outcome.unreadable)" }
        if outcome.ignored > 0 { metadata["ignored"] = "\(outcome.ignored)" }
        if let report = outcome.report { metadata["report"] = "\(report.text)" }
        if let replaced = batch.replaced { metadata["replaced"] = "results of \(replaced) images" }
        if let remark { metadata["remark"] = "\(escapedText(remark.utf8))" }
        logger.info(event, metadata: metadata)
        if state != .done {
            logger.warning(
                "images_unread",
                metadata: [
                    "folder": "\(batch.folder.text)", "images": "\(outcome.unread.count)", "retry_seconds": "\(Int(delay.rounded(.up)))",
                    "reason": "\(WatchReason.unread(outcome.unread.count).text)",
                ])
        }
        return state
    }

    private func changed(_ batch: ReadyBatch, _ change: BatchChange) throws(LedgerError) -> BatchState? {
        guard FolderID(batch.folder) != nil else {
            try drop(batch)
            return nil
        }
        try ledger.release(batch)
        logger.warning("batch_changed", metadata: ["folder": "\(batch.folder.text)", "reason": "\(change)"])
        return .waiting
    }

    private func drop(_ batch: ReadyBatch) throws(LedgerError) {
        try ledger.drop(batch)
        logger.info("batch_removed", metadata: ["folder": "\(batch.folder.text)"])
    }

    private func fail(_ batch: ReadyBatch, _ failure: ScoringFailure) async throws(LedgerError) -> BatchState {
        let (state, delay) = try await insist { () throws(LedgerError) in
            try ledger.fail(batch, failure, configuration: configuration)
        }
        var metadata: Logger.Metadata = [
            "folder": "\(batch.folder.text)", "attempt": "\(batch.attempt)", "error": "\(escapedText(failure.description.utf8))",
        ]
        if state == .held {
            metadata["answer"] = "musc retry \(batch.folder.text)"
            logger.error("batch_held", metadata: metadata)
        } else {
            metadata["retry_seconds"] = "\(Int(delay.rounded(.up)))"
            logger.warning("batch_failed", metadata: metadata)
        }
        return state
    }

    /// Writes to the ledger what must not be lost while this process lives: until then the batch counts as running.
    ///
    /// Tries again with growing pauses, for a disk that is full for instance, until the task is cancelled.
    private func insist<T>(_ body: () throws(LedgerError) -> T) async throws(LedgerError) -> T {
        var pause = 1.0
        while true {
            do throws(LedgerError) {
                return try body()
            } catch {
                guard !Task.isCancelled else { throw error }
                ledger.complain(error, to: logger)
                try? await Task.sleep(for: .seconds(pause))
                pause = min(60, 2 * pause)
            }
        }
    }

    /// Whether a folder still holds the set of images that was claimed; nil where the folder is gone.
    private func standing(of batch: ReadyBatch) throws(LedgerError) -> Bool? {
        var kinds = FileSystemKinds()
        let listing: FolderListing
        do throws(FolderError) {
            listing = try FolderListing.read(batch.folder, root: batch.root, rules: NameRules(configuration), kinds: &kinds)
        } catch {
            return error.isGone ? nil : true
        }
        guard let folder = try ledger.knownFolder(batch.folder) else { return nil }
        let contents = FolderContents(listing, known: try ledger.knownFiles(of: folder.id), scoredMask: folder.scoredMask)
        return [contents.images, contents.fresh].contains {
            FileSetDigest(sorted: $0, maskMark: contents.maskMark) == batch.digest
        }
    }
}

extension ScoringFailure {
    /// Makes of any error what it means for trying again: a full disk is known by its number.
    init(describing error: any Error) {
        if let failure = error as? ScoringFailure {
            self = failure
            return
        }
        let code: Int32? =
            switch error {
            case let error as Errno: error.rawValue
            case let error as POSIXError: error.code.rawValue
            case let error as FileWriteError: error.code
            default: nil
            }
        self.init(
            code.map { [ENOSPC, EDQUOT, EROFS, EACCES, EPERM].contains($0) } == true ? .noSpace : .passing, String(describing: error))
    }
}
