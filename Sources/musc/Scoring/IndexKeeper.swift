import FoundationEssentials
import MuScBatch
import MuScResults
import MuScSupport
import MuScWatching
import SystemPackage

/// Keeps `index.html` of each drop folder up to date, and the links to its lines' newest results; `batches.csv` beside it
/// is the watcher's own. Lines of whose parts people found something have a page of their own, `line.html`.
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
    /// What people found of the lines of each drop folder.
    private var found: [FilePath: [FilePath: [LineVerdicts.Part]]] = [:]

    /// Adds to an index what people found of its batches' parts, and keeps it for the pages.
    ///
    /// - Parameter memories: The folder of the lines' memories, with the registers of verdicts; nil where none is kept.
    func addingFoundParts(to index: RootIndex, memories: FilePath?) -> RootIndex {
        var index = index
        var lines: [FilePath: [LineVerdicts.Part]] = [:]
        for line in Set(index.batches.map { Self.line(of: $0.folder, in: index.root) }) {
            let parts = LineVerdicts(of: line, memories: memories).parts
            if !parts.isEmpty { lines[line] = parts }
        }
        let ofBatch = Dictionary(grouping: lines.values.joined(), by: \.batch).mapValues { VerdictCounts($0.map(\.verdict)) }
        for place in index.batches.indices {
            guard let counts = ofBatch[index.batches[place].folder.string] else { continue }
            index.batches[place].found = RootIndex.FoundParts(
                good: counts.good, defective: counts.defective, spotChecks: counts.spotChecks)
        }
        found[index.root] = lines
        return index
    }

    private static func line(of batch: FilePath, in root: FilePath) -> FilePath {
        batch == root ? root : batch.removingLastComponent()
    }

    /// Writes the pages of the lines of whose parts people found something, and those that were written before.
    ///
    /// - Returns: What the drop folder's own page says of them.
    private func writeLinePages(_ index: RootIndex, time: String) throws -> [IndexPage.CheckedLine] {
        var reports: [FilePath: FilePath] = [:]
        for batch in index.batches where reports[batch.folder] == nil { reports[batch.folder] = batch.report }
        return try (found[index.root] ?? [:]).sorted { $0.key.string < $1.key.string }.map { line, parts in
            let name = line.relative(to: index.root) ?? ""
            let place = index.place.pushing(name)
            let batches = index.scored.ofLine(line).map { batch in
                LinePage.Batch(
                    folder: batch.folder, images: batch.images, time: Date(timeIntervalSince1970: batch.finished).ISO8601Format(),
                    report: reports[batch.folder])
            }
            let page = LinePage(line: line, folder: place, parts: parts, batches: batches, time: time)
            try page.write()
            return IndexPage.CheckedLine(
                line: name.isEmpty ? "." : name.string,
                statistics: LineStatistics(parts, scored: batches.map { ($0.folder, $0.images) }),
                page: name.appending(LinePage.fileName))
        }
    }

    /// Writes the index of one root.
    ///
    /// - Throws: ``ResultsError``; what was there before stays.
    func update(_ index: RootIndex) throws {
        let (found, others) = LatestLink.follow(index, former: lines[index.root] ?? [:])
        lines[index.root] = found
        for line in others where toldOf.insert(line).inserted { LatestLink.tell(of: line) }
        let batches = index.batches.map { batch -> BatchSummary in
            let known = known(of: batch)
            var summary = BatchSummary(
                folder: batch.name, state: .init(batch.state),
                time: batch.finished.map { Date(timeIntervalSince1970: $0).ISO8601Format() } ?? "",
                images: batch.images, flagged: batch.flagged ?? 0,
                noVerdict: batch.outcome == "no_verdict" ? batch.reason ?? "" : nil, seconds: batch.seconds,
                scores: known?.spread, method: known?.method, reason: Self.remark(on: batch),
                report: batch.report.map { report in report.relative(to: index.place) ?? report })
            summary.areResultsGone = batch.isGone && batch.state == .done
            return summary
        }
        let time = Date.now.ISO8601Format()
        var page = IndexPage(root: index.root.string, folder: index.place.string, batches: batches, time: time)
        var fault: (any Error)?
        // The one page does not wait for the others.
        do { page.checked = try writeLinePages(index, time: time) } catch { fault = error }
        _ = try page.write()
        if let fault { throw fault }
    }

    /// Why a batch is where it stands, and when it is tried again: a time of the clock, since the page may lie for long.
    private static func remark(on batch: RootIndex.Entry) -> String? {
        guard let next = batch.nextAttempt else { return batch.reason }
        let time = LocalTime.text(Date(timeIntervalSince1970: next))
        return batch.reason.map { "next try \(time): \($0)" } ?? "next try \(time)"
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
