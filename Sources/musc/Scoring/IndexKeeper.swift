import FoundationEssentials
import MuScResults
import MuScWatching
import SystemPackage

/// Keeps `index.html` of each drop folder up to date, and the links to its lines' newest results; `batches.csv` beside it
/// is the watcher's own.
///
/// How a batch's scores are spread is read from its `run.json`, once for each of its results.
actor IndexKeeper {
    private struct Known {
        var finished: Double?
        var spread: BatchSummary.ScoreSpread?
        var method: String?
    }

    private var known: [FilePath: Known] = [:]
    /// The lines of each drop folder, with results of one of its batches.
    private var lines: [FilePath: [FilePath: FilePath]] = [:]
    /// Lines of which it was told that their link is not ours.
    private var toldOf: Set<FilePath> = []

    /// Writes the index of one root.
    ///
    /// - Throws: ``ResultsError``; what was there before stays.
    func update(_ index: RootIndex) throws {
        let (found, others) = LatestLink.follow(index, former: lines[index.root] ?? [:])
        lines[index.root] = found
        for line in others where toldOf.insert(line).inserted { LatestLink.tell(of: line) }
        let batches = index.batches.map { batch in
            let known = known(of: batch)
            return BatchSummary(
                folder: batch.name, state: .init(batch.state),
                time: batch.finished.map { Date(timeIntervalSince1970: $0).ISO8601Format() } ?? "",
                images: batch.images, flagged: batch.flagged ?? 0,
                noVerdict: batch.outcome == "no_verdict" ? batch.reason ?? "" : nil, seconds: batch.seconds,
                scores: known?.spread, method: known?.method, reason: batch.reason,
                report: batch.report.map { report in report.relative(to: index.place) ?? report })
        }
        _ = try IndexPage(root: index.root.string, folder: index.place.string, batches: batches, time: Date.now.ISO8601Format()).write()
    }

    private func known(of batch: RootIndex.Entry) -> Known? {
        guard let results = batch.results else { return nil }
        if let known = known[results], known.finished == batch.finished { return known }
        let run = try? RunRecord(resultsFolder: results.string)
        let found = Known(finished: batch.finished, spread: run?.scoreSpread, method: run?.method)
        known[results] = found
        return found
    }
}

extension BatchSummary.State {
    fileprivate init(_ state: BatchState) {
        self =
            switch state {
            case .waiting, .ready: .waiting
            case .running: .running
            case .done: .done
            case .failed: .failed
            case .held: .heldBack
            }
    }
}
