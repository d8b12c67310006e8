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
                if let published = scoring.published(batch.results), published.digest == batch.digest {
                    try ledger.finish(batch, published.outcome, wasScored: true)
                    log(done: batch, published.outcome, "batch_recovered")
                } else {
                    try ledger.putBack(batch, crashed: true, configuration: configuration)
                    logger.warning("batch_interrupted", metadata: ["folder": "\(batch.folder.text)"])
                }
            }
        }
    }

    /// Scores the batch that has waited longest, if there is one.
    func turn() async throws(LedgerError) -> Turn {
        guard let batch = try ledger.claim(roots: roots.map(\.id), configuration: configuration) else { return .idle }
        switch Self.standing(of: batch, ledger: ledger, configuration: configuration) {
        case .gone:
            try ledger.drop(batch)
            logger.info("batch_removed", metadata: ["folder": "\(batch.folder.text)"])
            return .dealtWith(batch, nil)
        case .changed:
            try ledger.release(batch)
            return .dealtWith(batch, .waiting)
        case .asClaimed: break
        }
        if !batch.isForced, let published = scoring.published(batch.results), published.digest == batch.digest {
            try ledger.finish(batch, published.outcome, wasScored: false)
            log(done: batch, published.outcome, "batch_recognised")
            return .dealtWith(batch, .done)
        }
        logger.debug("batch_running", metadata: ["folder": "\(batch.folder.text)", "images": "\(batch.files.count)"])
        let failure: ScoringFailure
        do {
            let outcome = try await scoring.score(batch)
            try await insist { () throws(LedgerError) in try ledger.finish(batch, outcome, wasScored: true) }
            log(done: batch, outcome, "batch_done")
            return .dealtWith(batch, .done)
        } catch let error as LedgerError {
            throw error
        } catch is CancellationError {
            try await insist { () throws(LedgerError) in try ledger.putBack(batch, crashed: false, configuration: configuration) }
            logger.info("batch_abandoned", metadata: ["folder": "\(batch.folder.text)"])
            return .dealtWith(batch, .ready)
        } catch {
            failure = ScoringFailure(describing: error)
        }
        if FolderID(batch.folder) == nil {
            try ledger.drop(batch)
            logger.info("batch_removed", metadata: ["folder": "\(batch.folder.text)"])
            return .dealtWith(batch, nil)
        }
        let (state, delay) = try await insist { () throws(LedgerError) in
            try ledger.fail(batch, failure, configuration: configuration)
        }
        var metadata: Logger.Metadata = [
            "folder": "\(batch.folder.text)", "attempt": "\(batch.attempt)", "error": "\(escapedText(failure.description.utf8))",
        ]
        if state == .held {
            logger.error("batch_held", metadata: metadata)
        } else {
            metadata["retry_seconds"] = "\(Int(delay.rounded(.up)))"
            logger.warning("batch_failed", metadata: metadata)
        }
        return .dealtWith(batch, state)
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
                logger.error("ledger_failed", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(pause))
                pause = min(60, 2 * pause)
            }
        }
    }

    private enum Standing { case asClaimed, changed, gone }

    /// Whether a folder still holds the set of images that was claimed.
    private static func standing(of batch: ReadyBatch, ledger: Ledger, configuration: WatchConfiguration) -> Standing {
        var kinds = FileSystemKinds()
        do {
            let rules = NameRules(configuration)
            let listing = try FolderListing.read(batch.folder, root: batch.root, rules: rules, kinds: &kinds)
            guard let folder = try ledger.knownFolder(batch.folder) else { return .gone }
            let contents = FolderContents(listing, known: try ledger.knownFiles(of: folder.id), scoredMask: folder.scoredMask)
            let isThere = [contents.images, contents.fresh].contains {
                FileSetDigest(sorted: $0, maskMark: contents.maskMark) == batch.digest
            }
            return isThere ? .asClaimed : .changed
        } catch let error as FolderError {
            return error.isGone ? .gone : .asClaimed
        } catch {
            return .asClaimed
        }
    }

    private func log(done batch: ReadyBatch, _ outcome: BatchOutcome, _ event: Logger.Message) {
        var metadata: Logger.Metadata = [
            "folder": "\(batch.folder.text)", "images": "\(outcome.images)", "flagged": "\(outcome.flagged)",
            "seconds": "\((outcome.seconds * 100).rounded() / 100)",
        ]
        if let reason = outcome.noVerdict { metadata["no_verdict"] = "\(reason)" }
        if outcome.unreadable > 0 { metadata["unreadable"] = "\(outcome.unreadable)" }
        if let report = outcome.report { metadata["report"] = "\(report.text)" }
        logger.info(event, metadata: metadata)
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
        self.init(code == ENOSPC || code == EDQUOT ? .noSpace : .passing, String(describing: error))
    }
}
