import FoundationEssentials
import MuSc
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
                let outcome = try process(
                    batch.files.map { batch.folder.appending($0.name) }, folder: batch.folder, results: batch.results,
                    fileSet: batch.digest.description,
                    indexURL: RootIndex.pageURL(
                        from: batch.results, place: configuration.watch.resultsRoot(of: batch.root)),
                    progress: { _ in !isCancelled.load(ordering: .relaxed) })
                Terminal.printResult(outcome.line)
                return BatchOutcome(
                    images: outcome.images - outcome.unreadable, flagged: outcome.flagged, unreadable: outcome.unreadable,
                    seconds: outcome.seconds, report: FilePath(outcome.report))
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
    init?(_ results: FilePath) {
        let folder = ResultsFolder(path: results.string)
        folder.removeLeftovers()
        guard let run = try? RunRecord(resultsFolder: folder.path), let fileSet = run.fileSet else { return nil }
        self.init(
            digest: FileSetDigest(text: fileSet),
            outcome: BatchOutcome(
                images: run.images - run.unreadable, flagged: run.flagged, unreadable: run.unreadable,
                seconds: run.seconds, report: results.appending("report.html")))
    }
}
