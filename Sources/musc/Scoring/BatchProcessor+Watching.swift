import FoundationEssentials
import MuScBatch
import MuScHooks
import MuScImages
import MuScResults
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
            do throws(UserError) {
                let files = batch.files.map { batch.folder.appending($0.name) }
                var listing = try? ImageListing(batch.folder, rules: configuration.fileRules, root: batch.root)
                listing?.keep(only: files)
                let outcome = try process(
                    files, folder: batch.folder, results: batch.results,
                    root: batch.root, fileSet: batch.digest.description, ignored: listing?.ignored ?? [:],
                    copies: configuration.flaggedFolder.map { place in
                        FlaggedCopies(
                            place: place.string, batchFolder: batch.folder, root: batch.root, sequence: batch.sequence)
                    },
                    progress: { _ in !isCancelled.load(ordering: .relaxed) })
                Terminal.printResult(configuration.printsJSON ? outcome.result.json : outcome.line)
                LatestLink.point(at: batch, in: configuration.watch)
                return BatchOutcome(
                    images: outcome.result.images, flagged: outcome.result.flagged, unreadable: outcome.result.unreadable,
                    noVerdict: outcome.outcome.absence?.explanation, seconds: outcome.seconds, report: batch.results.appending("report.html"),
                    deliveries: configuration.hooks.deliveries(of: outcome.result))
            } catch {
                if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
                throw ScoringFailure(error.failureKind, error.description)
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
    }
}

extension PublishedResults {
    /// Reads whose results lie in a folder, and clears away what a killed run left beside them.
    ///
    /// - Parameter hooks: Who is to be told of results that a former process published just before it was killed.
    init?(_ results: FilePath, hooks: HookSettings) {
        let folder = ResultsFolder(at: results)
        folder.removeLeftovers()
        guard let run = try? RunRecord(at: results), let fileSet = run.fileSet else { return nil }
        let deliveries = hooks.isEmpty
            ? [] : (try? BatchResult(resultsFolder: folder.path)).map { hooks.deliveries(of: $0) } ?? []
        self.init(
            digest: FileSetDigest(text: fileSet),
            outcome: BatchOutcome(
                images: run.images, flagged: run.flagged, unreadable: run.unreadable,
                noVerdict: FlagOutcome(flagged: run.flagged, threshold: run.threshold).absence?.explanation, seconds: run.seconds, report: results.appending("report.html"), deliveries: deliveries))
    }
}

extension HookSettings {
    /// The messages that these settings make of a result.
    func deliveries(of result: BatchResult) -> [Delivery] {
        guard !isEmpty else { return [] }
        return deliveries(
            key: result.id, batch: result.json, flagged: onFlagged == nil ? [] : result.flaggedResults.map(\.json))
    }
}
