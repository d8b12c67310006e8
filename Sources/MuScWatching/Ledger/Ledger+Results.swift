import Foundation
import GRDB
import Glibc
import SystemPackage

/// What is known of results that were published, and of batches that wait.
extension Ledger {
    /// Results that are gone from where they were put, or are back there.
    struct ChangedResults {
        var folder: FilePath
        var results: FilePath
        var isGone: Bool
    }

    /// Looks whether the published results of a root are in their place, and writes down where that has changed.
    ///
    /// - Parameter folder: The batch's folder; nil for all of the root.
    func checkResults(root: Int64, of folder: FilePath? = nil) throws(LedgerError) -> [ChangedResults] {
        struct Known {
            var id: Int64
            var changed: ChangedResults
        }
        let known = try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT batch.id, folder.path, results, results_gone IS NOT NULL FROM batch
                    JOIN folder ON folder.id = batch.folder
                    WHERE folder.root = ? AND gone_since IS NULL AND state != 'running' AND results IS NOT NULL
                        AND (? IS NULL OR folder.path = ?)
                    """, arguments: [root, folder?.blob, folder?.blob]
            ).map {
                Known(
                    id: $0[0],
                    changed: ChangedResults(folder: FilePath(blob: $0[1]), results: FilePath(blob: $0[2]), isGone: $0[3]))
            }
        }
        let changed = known.compactMap { known -> Known? in
            guard let isGone = Self.isGone(known.changed.results), isGone != known.changed.isGone else { return nil }
            var known = known
            known.changed.isGone = isGone
            return known
        }
        guard !changed.isEmpty else { return [] }
        try write { db in
            for known in changed {
                try db.run(
                    "UPDATE batch SET results_gone = ? WHERE id = ? AND state != 'running'",
                    [known.changed.isGone ? wallClock() : nil, known.id])
            }
        }
        return changed.map(\.changed)
    }

    /// - Returns: nil where that cannot be told now.
    private static func isGone(_ path: FilePath) -> Bool? {
        var status = stat()
        if path.withPlatformString({ lstat($0, &status) }) == 0 { return false }
        return errno == ENOENT || errno == ENOTDIR ? true : nil
    }

    /// The folders whose batches wait because they hold fewer images than are enough.
    func scattered(root: Int64, enough: Int) throws(LedgerError) -> [FilePath] {
        try read { db in
            try Data.fetchAll(
                db,
                sql: """
                    SELECT folder.path FROM batch JOIN folder ON folder.id = batch.folder
                    WHERE folder.root = ? AND gone_since IS NULL AND state = 'waiting' AND image_count < ?
                    """, arguments: [root, enough]
            ).map { FilePath(blob: $0) }
        }
    }
}
