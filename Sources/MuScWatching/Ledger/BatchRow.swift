import Foundation
import GRDB
import SystemPackage

/// A batch as the ledger holds it.
struct BatchRow: FetchableRecord {
    var id: Int64
    var folder: Int64
    var sequence: Int
    var state: BatchState
    var reason: String?
    var digest: String
    var images: Int
    var boot: String
    var stableSince: Double
    var waitingSince: Double
    var firstSeen: Double
    var readyMark: String?
    var attempts: Int
    var interruptions: Int
    var forced: Bool
    var provisional: Bool
    var finished: Double?
    /// The set that the results in place were found not to be of.
    var checked: String?

    init(row: Row) throws {
        id = row["id"]
        folder = row["folder"]
        sequence = row["sequence"]
        // A state of a later version would have been refused when the ledger was opened.
        state = BatchState(rawValue: row["state"]) ?? .waiting
        reason = row["reason"]
        digest = row["digest"]
        images = row["image_count"]
        boot = row["boot"]
        stableSince = row["stable_since"]
        waitingSince = row["waiting_since"]
        firstSeen = row["first_seen"]
        readyMark = row["ready_mark"]
        attempts = row["attempts"]
        interruptions = row["interruptions"]
        forced = row["forced"]
        provisional = row["provisional"]
        finished = row["finished"]
        checked = row["checked"]
    }

    /// The batches of a folder in ascending order of sequence.
    static func all(of folder: Int64, _ db: Database) throws -> [BatchRow] {
        try BatchRow.fetchAll(db, cachedSQL: "SELECT * FROM batch WHERE folder = ? ORDER BY sequence", [folder])
    }

    /// The moments that a former look came to, if the machine was not started anew since.
    var moments: (stableSince: Moment, waitingSince: Moment)? {
        guard boot == Moment.boot, !boot.isEmpty else { return nil }
        return (Moment(seconds: stableSince), Moment(seconds: waitingSince))
    }

    /// Since when the batch waits: by the moment, or after a restart of the machine by the wall clock.
    func waitingSince(now: Moment) -> Moment {
        moments?.waitingSince ?? Moment(seconds: now.seconds - max(0, wallClock() - firstSeen))
    }
}

extension FetchableRecord {
    static func fetchAll(_ db: Database, cachedSQL sql: String, _ arguments: StatementArguments) throws -> [Self] {
        try fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }
}

extension Database {
    /// Runs a statement that is prepared once.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension FilePath {
    /// For blobs of the ledger.
    var blob: Data { Data(bytes) }

    /// In the order of bytes, everything below a folder lies between "folder/" and "folder0".
    var blobsOfInner: (below: Data, beyond: Data) { (Data(bytes + [UInt8(ascii: "/")]), Data(bytes + [UInt8(ascii: "0")])) }

    init(blob: Data) { self.init(bytes: blob) }
}
