import Foundation
import Glibc
import GRDB
import MuScSupport
import SystemPackage

/// All batches of a root: what `index.html` and `batches.csv` are made of.
package struct RootIndex: Sendable {
    package struct Entry: Sendable, Equatable {
        /// The batch's folder.
        package var folder: FilePath
        /// The folder as text below the root, `.` for the root itself.
        package var name: String
        package var state: BatchState
        /// Why it failed, waits, or has no verdict, for people.
        package var reason: String?
        /// When it is tried again, in seconds since 1970; nil where that is not due.
        package var nextAttempt: Double?
        /// Images in the set that was scored last, or that is to be scored first.
        package var images: Int
        /// nil where there are no results yet, and where they have no verdict: see ``outcome``.
        package var flagged: Int?
        package var unreadable: Int?
        /// Seconds since 1970; nil where no results were published yet.
        package var finished: Double?
        package var seconds: Double?
        /// The results' folder.
        package var results: FilePath?
        /// Whether the results are not where they were put.
        package var isGone = false
        package var report: FilePath?
        /// What people found of its parts.
        package var found = FoundParts()

        /// What the flags of its results come to: `flagged`, `none_flagged`, `no_verdict`; empty where it is not done.
        package var outcome: String {
            guard state == .done else { return "" }
            return flagged.map { $0 > 0 ? "flagged" : "none_flagged" } ?? "no_verdict"
        }
    }

    /// How many parts of a batch people found good or defective.
    package struct FoundParts: Sendable, Equatable {
        package var good = 0
        package var defective = 0
        /// Those among them that were drawn at random from parts that were not flagged.
        package var spotChecks = 0

        package init(good: Int = 0, defective: Int = 0, spotChecks: Int = 0) {
            (self.good, self.defective, self.spotChecks) = (good, defective, spotChecks)
        }
    }

    /// A batch that was scored once, whether or not its folder is still there.
    package struct ScoredBatch: Sendable, Equatable {
        package var folder: FilePath
        package var images: Int
        /// Seconds since 1970.
        package var finished: Double
        /// The results' folder, whether or not it is there.
        package var results: FilePath?
    }

    package var root: FilePath
    /// The folder that the index belongs in.
    package var place: FilePath
    /// Newest first: those without results yet, then by the time at which they were finished.
    package var batches: [Entry]
    /// All batches of the ledger that were scored, those that are gone included, the earliest first.
    package var scored: [ScoredBatch] = []
}

extension RootIndex {
    /// What is known of the batches of a root whose folders are there.
    ///
    /// - Throws: ``LedgerError``.
    package init(of root: FilePath, in ledger: Ledger, configuration: WatchConfiguration) throws(LedgerError) {
        let entries = try ledger.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT folder.path, state, reason, image_count, scored, flagged, unreadable, finished, seconds, results, report,
                        results_gone IS NOT NULL, CASE WHEN state = 'failed' AND next_attempt > 0 THEN next_attempt END
                    FROM batch JOIN folder ON folder.id = batch.folder JOIN root ON root.id = folder.root
                    WHERE root.path = ? AND gone_since IS NULL
                    ORDER BY finished IS NULL DESC, finished DESC, first_seen DESC, folder.path, sequence
                    """, arguments: [root.blob]
            ).map { row in
                let folder = FilePath(blob: row[0])
                let name = folder.relative(to: root)?.text ?? folder.text
                let state = BatchState(rawValue: row[1]) ?? .waiting
                // Nothing may lead to a page that is gone.
                let isGone: Bool = row[11]
                let reason: String? = row[2]
                return Entry(
                    folder: folder, name: name.isEmpty ? "." : name, state: state,
                    reason: isGone && state == .done
                        ? "\(WatchReason.resultsGone.text); \(BatchStanding.resultsGone.answer(folder))" : reason,
                    nextAttempt: row[12], images: row[4] ?? row[3], flagged: row[5], unreadable: row[6], finished: row[7], seconds: row[8],
                    results: (row[9] as Data?).map { FilePath(blob: $0) }, isGone: isGone,
                    report: isGone ? nil : (row[10] as Data?).map { FilePath(blob: $0) })
            }
        }
        self.init(
            root: root, place: configuration.resultsRoot(of: root), batches: entries, scored: try [ScoredBatch](in: ledger))
    }
}

extension [RootIndex.ScoredBatch] {
    /// The batches that were scored, of all roots, those whose folders are gone included, the earliest first.
    ///
    /// - Throws: ``LedgerError``.
    package init(in ledger: Ledger) throws(LedgerError) {
        self = try ledger.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT folder.path, scored, finished, results FROM batch JOIN folder ON folder.id = batch.folder
                    WHERE scored IS NOT NULL AND finished IS NOT NULL ORDER BY finished, folder.path
                    """
            ).map {
                RootIndex.ScoredBatch(
                    folder: FilePath(blob: $0[0]), images: $0[1], finished: $0[2], results: ($0[3] as Data?).map { FilePath(blob: $0) })
            }
        }
    }

    /// Those of a line: of its subfolders, and of itself.
    package func ofLine(_ line: FilePath) -> [RootIndex.ScoredBatch] {
        filter { $0.folder == line || $0.folder.removingLastComponent() == line }
    }
}

extension RootIndex {
    static let fileName: FileName = "batches.csv"
    /// The first columns, which every version writes.
    private static let header = "batch,state,images,flagged,unreadable,finished,seconds,report,error"

    /// `batches.csv`: RFC 4180, a header and one row a batch, newest first.
    package var csv: String {
        var text = Self.header + ",outcome,found_good,found_defective,spot_checks\r\n"
        for batch in batches {
            let report = batch.report.map { $0.relative(to: place)?.text ?? $0.text }
            let fields: [String] = [
                batch.name, batch.state.rawValue, String(batch.images), batch.flagged.map { String($0) } ?? "",
                batch.unreadable.map { String($0) } ?? "",
                batch.finished.map { Date(timeIntervalSince1970: $0).formatted(.iso8601) } ?? "",
                batch.seconds.map { String(($0 * 1000).rounded() / 1000) } ?? "", report ?? "",
                escapedText((batch.reason ?? "").utf8), batch.outcome, String(batch.found.good), String(batch.found.defective),
                String(batch.found.spotChecks),
            ]
            text += fields.map(CSVCell.text).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// Writes `batches.csv` in one step, unless a file of that name is there that this program did not write.
    ///
    /// - Throws: ``FileWriteError``, of code `EEXIST` where such a file is there.
    package func writeCSV() throws(FileWriteError) {
        let path = place.appending(Self.fileName)
        // What somebody made is never overwritten. Ours is known by its first line, and is no link.
        let isOurs = FilePath.isFile(path) && readWhole(path).starts(with: Self.header.utf8)
        guard FilePath.isFree(path) || isOurs else { throw FileWriteError(path: path, code: EEXIST) }
        try writeWhole(Array(csv.utf8), to: path)
    }
}
