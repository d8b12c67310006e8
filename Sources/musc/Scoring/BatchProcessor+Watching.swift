import FoundationEssentials
import Glibc
import MuScBatch
import MuScHooks
import MuScImages
import MuScResults
import MuScSupport
import MuScVerdicts
import MuScWatching
import Synchronization
import SystemPackage

extension BatchProcessor {
    /// Scores a batch of the watcher's, and gives up soon where its task is cancelled.
    ///
    /// - Throws: ``ScoringFailure`` that says whether trying again may help.
    func score(_ batch: ReadyBatch) async throws -> BatchOutcome {
        let isCancelled = Atomic<Bool>(false)
        return try await withTaskCancellationHandler {
            // Where the other batch is gone, this is the same under another path: its results are replaced as ever.
            if let other = BatchOfResults.otherThan(batch.folder, in: batch.results), other.isThere {
                throw ScoringFailure(
                    .lasting, "\(batch.results): holds what \(other) came to: move it away, or set output.where to another folder")
            }
            do throws(UserError) {
                let files = batch.files.map { batch.folder.appending($0.name) }
                var listing = try? ImageListing(
                    batch.folder, recursive: batch.files.contains { $0.name.isPath }, excluding: [configuration.resultsFolderName],
                    rules: configuration.fileRules, root: batch.root)
                listing?.keep(only: files)
                let outcome = try process(
                    files, folder: batch.folder, results: batch.results,
                    root: batch.root, origin: BatchOrigin(batch), ignored: listing?.ignored ?? [:],
                    copies: batch.copies(configuration),
                    progress: { _ in !isCancelled.load(ordering: .relaxed) })
                Terminal.printResult(configuration.printsJSON ? outcome.result.json : outcome.line)
                LatestLink.point(at: batch, in: configuration.watch)
                return BatchOutcome(
                    images: outcome.result.images, flagged: outcome.result.flagged, unreadable: outcome.result.unreadable,
                    ignored: outcome.ignored,
                    noVerdict: outcome.outcome.absence?.explanation, seconds: outcome.seconds,
                    report: batch.results.appending("report.html"), deliveries: configuration.hooks.deliveries(of: outcome.result),
                    unread: outcome.unread)
            } catch {
                if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
                throw ScoringFailure(error.failureKind, error.description, unread: error.unread)
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
    }
}

extension ReadyBatch {
    /// Where copies of its flagged photographs go; nil where none are asked for.
    fileprivate func copies(_ configuration: Configuration) -> FlaggedCopies? {
        configuration.flaggedFolder.map { place in
            FlaggedCopies(place: place.string, batchFolder: folder, root: root, sequence: sequence)
        }
    }

    /// Makes what goes with results for those that were found in place: copies of flagged photographs.
    func adopt(_ configuration: Configuration) {
        do {
            try copies(configuration)?.write(resultsFolder: results, batchFolder: folder, root: root)
        } catch {
            Terminal.printError("\(error)")
        }
    }
}

extension RunRecord {
    /// When the results were published, in seconds of the wall clock since 1970; nil where they do not say.
    fileprivate var finished: Double? {
        (try? Date(started, strategy: .iso8601)).map { $0.timeIntervalSince1970 + seconds }
    }
}

extension FilePath {
    fileprivate var isThere: Bool { withPlatformString { access($0, F_OK) } == 0 }
}

extension PublishedResults {
    /// Reads whose results lie in a batch's results' folder, and clears away what a killed run left beside them.
    ///
    /// - Parameter configuration: Says who is to be told of results that somebody else published, or that this program
    ///   published just before it was killed.
    init?(of batch: ReadyBatch, _ configuration: Configuration) {
        let folder = ResultsFolder(at: batch.results)
        folder.removeLeftovers()
        guard let run = try? RunRecord(at: batch.results), let fileSet = run.fileSet else { return nil }
        self.init(
            digest: FileSetDigest(text: fileSet), stamp: run.fileStamp, contents: run.fileContents.map { FileContents(lines: $0) },
            outcome: BatchOutcome(
                images: run.images, flagged: run.flagged, unreadable: run.unreadable,
                ignored: (run.ignored ?? [:]).values.reduce(0, +),
                noVerdict: FlagOutcome(flagged: run.flagged, threshold: run.threshold).absence?.explanation,
                seconds: run.seconds, finished: run.finished, report: batch.results.appending("report.html"),
                deliveries: Self.deliveries(of: batch, run, configuration.hooks)),
            remark: run.differences(from: configuration))
    }

    /// The messages to those who were not told of results. Of what this ledger has told it keeps account itself.
    private static func deliveries(of batch: ReadyBatch, _ run: RunRecord, _ hooks: HookSettings) -> [Delivery] {
        guard !hooks.isEmpty, var result = try? BatchResult(resultsFolder: batch.results.string) else { return [] }
        result.folder = batch.folder.string
        let told = run.ledger == batch.ledger ? [] : Set(run.told ?? [])
        let receivers = Set(hooks.receivers.filter { !told.contains($0.fingerprint) }.map(\.name))
        return hooks.deliveries(of: result).filter { receivers.contains($0.receiver) }
    }
}

extension RunRecord {
    /// What was set otherwise when these results were made; nil where nothing was that the configuration names.
    func differences(from configuration: Configuration) -> String? {
        let differences = ["model.backbone", "scoring.preset", "scoring.rscin", "output.threshold"].compactMap { name -> String? in
            guard let key = Configuration.key(named: name), let found = settings[name] else { return nil }
            let wanted = key.get(configuration)
            // A description in a file has another name than the file, and what is not set may have come to anything.
            guard wanted != key.unset, wanted != .text("auto"), !wanted.flat.hasSuffix(".json"), found != wanted.flat else { return nil }
            return "\(name) \(found) instead of \(wanted.flat)"
        }
        guard !differences.isEmpty else { return nil }
        return "results of other settings are kept (\(differences.joined(separator: ", "))); musc retry scores the batch anew"
    }
}

extension HookSettings {
    /// The messages that these settings make of a verdict.
    ///
    /// - Parameter folder: The batch's.
    func deliveries(of verdict: PartVerdict, in folder: FilePath) -> [Delivery] {
        guard !isEmpty else { return [] }
        let result = VerdictResult(verdict, folder: folder.string, version: MuscVersion.current)
        return deliveries(key: result.id, verdict: result.json)
    }

    /// The messages that these settings make of a result.
    func deliveries(of result: BatchResult) -> [Delivery] {
        guard !isEmpty else { return [] }
        return deliveries(
            key: result.id, batch: result.json, flagged: onFlagged == nil ? [] : result.flaggedResults.map(\.json))
    }
}
