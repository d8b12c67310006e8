import FoundationEssentials
import MuScResults
import MuScWatching
import SystemPackage

extension RootIndex {
    /// Writes the root's page of all batches, `index.html`, beside `batches.csv`.
    ///
    /// - Throws: ``ResultsError``.
    func writePage() throws(ResultsError) {
        let folder = place.string
        let page = IndexPage(
            root: root.string, folder: folder, batches: batches.map { BatchSummary($0, seenFrom: folder) },
            time: Date.now.ISO8601Format())
        try page.write()
    }

    /// The root's page as a URL seen from a batch's results.
    static func pageURL(from results: FilePath, place: FilePath) -> String {
        relativeURL(from: results.string, to: place.appending("index.html"))
    }
}

extension BatchSummary {
    /// What the ledger knows of a batch, with the spread of its scores out of its results.
    init(_ entry: RootIndex.Entry, seenFrom folder: String) {
        let run = entry.state == .done ? entry.results.flatMap { try? RunRecord(resultsFolder: $0.string) } : nil
        var reason = entry.reason
        if reason == nil, let unreadable = entry.unreadable, unreadable > 0 {
            reason = "\(unreadable) \(unreadable == 1 ? "image" : "images") could not be read"
        }
        self.init(
            folder: entry.name, state: State(rawValue: entry.state.rawValue) ?? .waiting,
            time: entry.finished.map { Date(timeIntervalSince1970: $0).ISO8601Format() } ?? "", images: entry.images,
            flagged: entry.flagged ?? 0, seconds: entry.seconds, scores: run?.scores, reason: reason,
            report: entry.report.map { relativeURL(from: folder, to: $0) })
    }
}
