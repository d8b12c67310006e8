import Foundation
import GRDB
import SystemPackage

/// Something that keeps a root, or a part of it, from being watched.
package struct Obstacle: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// The root's lock cannot be taken.
        case lock
        /// A folder cannot be listed.
        case unreadable
        /// A link to a folder is not followed.
        case link
        /// A folder that appliances keep their own things in is not entered.
        case skipped
        /// Many folders hold too few images each, and may be one batch together.
        case scattered
    }

    package var path: FilePath
    package var kind: Kind
    /// What it is, and what to do.
    package var reason: String

    package init(path: FilePath, kind: Kind, reason: String) {
        self.path = path
        self.kind = kind
        self.reason = reason
    }
}

/// What stands in the way is kept in the ledger, so that `musc status` can tell of it.
struct Obstacles: Sendable {
    let ledger: Ledger

    /// Writes down what stands in the way; what was there before keeps its time.
    func note(_ obstacle: Obstacle, root: Int64) throws(LedgerError) {
        try ledger.write { db in
            try db.run(
                """
                INSERT INTO obstacle (root, path, kind, reason, since) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (root, path, kind) DO UPDATE SET reason = excluded.reason
                """, [root, obstacle.path.blob, obstacle.kind.rawValue, obstacle.reason, wallClock()])
        }
    }

    /// Writes down that something stands in the way no longer.
    func clear(_ kind: Obstacle.Kind, at path: FilePath, root: Int64) throws(LedgerError) {
        try ledger.write { db in
            try db.run("DELETE FROM obstacle WHERE root = ? AND path = ? AND kind = ?", [root, path.blob, kind.rawValue])
        }
    }

    /// Forgets what stood in the way of a folder, and of those in it.
    func clear(under folder: FilePath) throws(LedgerError) {
        let (below, beyond) = folder.blobsOfInner
        try ledger.write { db in
            try db.run("DELETE FROM obstacle WHERE path = ? OR (path > ? AND path < ?)", [folder.blob, below, beyond])
        }
    }

    /// Forgets what stood in the way of a root, before it is looked at anew.
    func clear(root: Int64) throws(LedgerError) {
        try ledger.write { db in try db.run("DELETE FROM obstacle WHERE root = ?", [root]) }
    }

    /// What stands in the way of a root, with the time at which it was met, in the order of paths.
    func list(of root: FilePath) throws(LedgerError) -> [(obstacle: Obstacle, since: Double)] {
        try ledger.read { db in
            // A ledger that an older version wrote, and that is only read now, has no such table yet.
            guard try db.tableExists("obstacle") else { return [] }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT obstacle.path, kind, reason, since FROM obstacle JOIN root ON root.id = obstacle.root
                    WHERE root.path = ? ORDER BY obstacle.path, kind
                    """, arguments: [root.blob]
            ).compactMap { row in
                Obstacle.Kind(rawValue: row[1]).map {
                    (Obstacle(path: FilePath(blob: row[0]), kind: $0, reason: row[2]), row[3])
                }
            }
        }
    }
}
