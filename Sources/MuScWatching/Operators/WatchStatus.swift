import Foundation
import GRDB
import SystemPackage

/// What `musc status` shows: where every batch stands, and why.
package struct WatchStatus: Sendable, Codable, Equatable {
    package struct Root: Sendable, Codable, Equatable {
        /// As text, see ``escapedText(_:)``.
        package var root: String
        /// Whether the folder is there.
        package var present: Bool
        /// Who takes care of it at this moment.
        package var holder: RootLock.Holder?
        /// The file system it is on, as the kernel calls it.
        package var fileSystem: String?
        /// How many batches are in each state; states without batches included.
        package var counts: [String: Int]
        package var batches: [Batch]
        /// What keeps it, or a part of it, from being watched.
        package var obstacles: [Obstacle]
    }

    /// What keeps a root, or a part of it, from being watched.
    package struct Obstacle: Sendable, Codable, Equatable {
        package var path: String
        package var kind: MuScWatching.Obstacle.Kind
        /// What it is, and what to do.
        package var reason: String
        /// ISO 8601.
        package var since: String
    }

    package struct Batch: Sendable, Codable, Equatable {
        package var folder: String
        /// Greater than 1 for further batches in the same folder.
        package var sequence: Int
        package var state: BatchState
        /// What the state comes to for a person, with what goes on under ``answer``.
        package var standing = BatchStanding.arriving
        /// What goes on: the command, or why none is needed.
        package var answer = ""
        package var images: Int
        package var reason: String?
        package var attempts: Int
        /// All times are ISO 8601.
        package var firstSeen: String
        /// Since when it is in its state, or its results are gone.
        package var since: String?
        package var started: String?
        package var nextAttempt: String?
        /// Of the last results, like all below.
        package var finished: String?
        package var seconds: Double?
        package var flagged: Int?
        package var unreadable: Int?
        package var report: String?
        /// Since when its results are not where they were put; nil while they are.
        package var resultsGone: String?
    }

    package var roots: [Root]
    /// Receivers outside for which messages wait, or with which the last try failed.
    package var receivers: [Receiver] = []

    /// Reads the ledger, also while a watcher writes it.
    ///
    /// - Parameter roots: The roots to tell of; empty for all that the ledger knows.
    /// - Throws: ``LedgerError``.
    package static func read(_ ledger: Ledger, roots: [FilePath] = []) throws(LedgerError) -> WatchStatus {
        let known = try ledger.read { db in
            try Data.fetchAll(db, sql: "SELECT path FROM root ORDER BY path").map { FilePath(blob: $0) }
        }
        var status = WatchStatus(roots: [], receivers: try receivers(ledger))
        for root in roots.isEmpty ? known : roots.map({ $0.canonical() }) {
            let batches = try ledger.read { db in
                try Row.fetchAll(
                    db,
                    sql: """
                        SELECT folder.path AS folder_path, batch.* FROM batch
                        JOIN folder ON folder.id = batch.folder JOIN root ON root.id = folder.root
                        WHERE root.path = ? AND gone_since IS NULL ORDER BY first_seen, newest, folder.path, sequence
                        """, arguments: [root.blob]
                ).map { Batch(row: $0) }
            }
            var counts = Dictionary(uniqueKeysWithValues: BatchState.allCases.map { ($0.rawValue, 0) })
            for batch in batches { counts[batch.state.rawValue, default: 0] += 1 }
            let obstacles = try ledger.obstacles.list(of: root).map { obstacle, since in
                Obstacle(
                    path: obstacle.path.text, kind: obstacle.kind, reason: obstacle.reason,
                    since: Date(timeIntervalSince1970: since).formatted(.iso8601))
            }
            status.roots.append(
                Root(
                    root: root.text, present: FolderID(root) != nil, holder: RootLock.holder(of: root, ledger: ledger),
                    fileSystem: FileSystemKind.of(root)?.name, counts: counts, batches: batches, obstacles: obstacles))
        }
        return status
    }
}

extension WatchStatus.Batch {
    fileprivate init(row: Row) {
        func time(_ column: String) -> String? {
            (row[column] as Double?).flatMap { $0 > 0 ? Date(timeIntervalSince1970: $0).formatted(.iso8601) : nil }
        }
        state = BatchState(rawValue: row["state"]) ?? .waiting
        let path = FilePath(blob: row["folder_path"])
        folder = path.text
        sequence = row["sequence"]
        // Pages of a stack are images, which only the scoring has counted.
        images = row["scored"] ?? row["image_count"]
        reason = row["reason"]
        attempts = row["attempts"]
        firstSeen = time("first_seen") ?? ""
        started = state == .running ? time("started") : nil
        nextAttempt = state == .failed ? time("next_attempt") : nil
        finished = time("finished")
        seconds = row["seconds"]
        flagged = row["flagged"]
        unreadable = row["unreadable"]
        report = (row["report"] as Data?).map { FilePath(blob: $0).text }
        // A ledger that an older version wrote, and that is only read now, has no such columns yet.
        resultsGone = row.hasColumn("results_gone") ? time("results_gone") : nil
        if resultsGone != nil, state == .done { reason = WatchReason.resultsGone.text }
        since = resultsGone ?? (row.hasColumn("since") ? time("since") : nil)
        standing = BatchStanding(self)
        answer = standing.answer(path)
    }
}
