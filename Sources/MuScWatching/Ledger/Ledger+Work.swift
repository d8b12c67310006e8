import Foundation
import GRDB
import SystemPackage

/// What the worker writes: batches from ready to done, failed or held.
extension Ledger {
    /// Takes the batch that has waited longest, of those that are ready or due for another try, and marks it as running.
    ///
    /// - Parameter roots: The roots' numbers.
    func claim(roots: [Int64], configuration: WatchConfiguration) throws(LedgerError) -> ReadyBatch? {
        try write { db in
            let now = wallClock()
            let list = roots.map(String.init).joined(separator: ",")
            while true {
                // A try that lies further ahead than any delay was set before the clock was set back.
                guard
                    let row = try Row.fetchOne(
                        db,
                        sql: """
                            SELECT batch.id, folder.id, folder.path, root.path FROM batch
                            JOIN folder ON folder.id = batch.folder JOIN root ON root.id = folder.root
                            WHERE state IN ('ready', 'failed') AND root.id IN (\(list)) AND gone_since IS NULL
                                AND (next_attempt <= ? OR next_attempt > ?)
                            ORDER BY first_seen, newest, folder.path LIMIT 1
                            """, arguments: [now, now + 7200]),
                    let batch = try BatchRow.fetchOne(db, sql: "SELECT * FROM batch WHERE id = ?", arguments: [row[0] as Int64])
                else { return nil }
                let folderID: Int64 = row[1]
                guard let files = try Self.images(of: folderID, digest: batch.digest, db) else {
                    // The folder was looked into again since; the next look decides.
                    try db.run("UPDATE batch SET state = 'waiting' WHERE id = ?", [batch.id])
                    continue
                }
                for file in files {
                    try db.run("UPDATE file SET claimed = 1 WHERE folder = ? AND name = ?", [folderID, Data(file.name.bytes)])
                }
                try db.run("UPDATE folder SET mask_claimed = mask WHERE id = ?", [folderID])
                try db.run(
                    "UPDATE batch SET state = 'running', reason = NULL, started = ?, attempts = attempts + 1 WHERE id = ?", [now, batch.id])
                return try Self.readyBatch(batch, folder: row[2], root: row[3], files: files, configuration, db)
            }
        }
    }

    /// The images whose set has the digest: all that are present, or those without results.
    private static func images(of folder: Int64, digest: String, _ db: Database) throws -> [ImageFile]? {
        let images = try presentImages(of: folder, db)
        let all = images.map(\.file)
        let mask = try maskMark(of: folder, db)
        if FileSetDigest(sorted: all, maskMark: mask).description == digest { return all }
        let fresh = images.filter { !$0.isScored }.map(\.file)
        return FileSetDigest(sorted: fresh, maskMark: mask).description == digest ? fresh : nil
    }

    private static func maskMark(of folder: Int64, _ db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT mask FROM folder WHERE id = ?", arguments: [folder])
    }

    /// - Parameter condition: Which of them, as SQL.
    private static func presentImages(
        of folder: Int64, only condition: String = "absent_since IS NULL", _ db: Database
    ) throws -> [(file: ImageFile, isScored: Bool)] {
        // Blobs are ordered byte by byte, as names are.
        try Row.fetchAll(
            db,
            sql: """
                SELECT name, size, modified, inode, scored, coalesce(changed, 0), coalesce(links, 0) FROM file
                WHERE folder = ? AND image AND \(condition) ORDER BY name
                """, arguments: [folder]
        ).map { row in
            let name = FileName(bytes: [UInt8](row[0] as Data))
            return (
                ImageFile(
                    name: name, size: row[1], modified: row[2], inode: UInt64(bitPattern: row[3]), changed: row[5], links: row[6]),
                row[4]
            )
        }
    }

    private static func readyBatch(
        _ batch: BatchRow, folder: Data, root: Data, files: [ImageFile], _ configuration: WatchConfiguration, _ db: Database
    ) throws -> ReadyBatch {
        let folder = FilePath(blob: folder)
        let root = FilePath(blob: root)
        return ReadyBatch(
            root: root, folder: folder, files: files, digest: FileSetDigest(text: batch.digest),
            stamp: FileSetDigest(sorted: files, maskMark: try maskMark(of: batch.folder, db), countsChanges: true).description,
            results: configuration.resultsFolder(of: folder, in: root, sequence: batch.sequence), sequence: batch.sequence,
            attempt: batch.attempts + 1, isForced: batch.forced, isProvisional: batch.provisional,
            ledger: try String.fetchOne(db, sql: "SELECT id FROM identity") ?? "", ledgerID: batch.id)
    }

    /// The batches of a root that a former process was scoring when it ended.
    ///
    /// To be called by who holds the root's lock, before it scores anything.
    func interrupted(root: Int64, configuration: WatchConfiguration) throws(LedgerError) -> [ReadyBatch] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT batch.id, folder.path, root.path FROM batch
                    JOIN folder ON folder.id = batch.folder JOIN root ON root.id = folder.root
                    WHERE state = 'running' AND root.id = ?
                    """, arguments: [root]
            ).compactMap { row in
                let batch = try BatchRow.fetchOne(db, sql: "SELECT * FROM batch WHERE id = ?", arguments: [row[0] as Int64])
                return try batch.map { batch in
                    let files = try Self.presentImages(of: batch.folder, only: "claimed", db).map(\.file)
                    return try Self.readyBatch(batch, folder: row[1], root: row[2], files: files, configuration, db)
                }
            }
        }
    }

    /// Writes down that a batch's results are published, and that they include the images it was claimed with.
    ///
    /// A batch without a verdict has no count of flagged images, but the reason why. Where some images could not be read
    /// for a reason that may pass, the batch is due for another try.
    ///
    /// - Parameter wasScored: false where the results were found to be there already.
    /// - Returns: The state that it is in now, and the seconds until the next try, if there is one.
    @discardableResult
    func finish(
        _ batch: ReadyBatch, _ outcome: BatchOutcome, wasScored: Bool, configuration: WatchConfiguration
    ) throws(LedgerError) -> (state: BatchState, delay: Double) {
        // Images that were not read are the next batch's where new images are a batch of their own.
        let isDue = !outcome.unread.isEmpty && configuration.onNewImages != .newBatch
        let delay = isDue ? backoff(configuration.retryDelaySeconds, factor: 4, tries: batch.attempt) : 0
        try write { db in
            try db.run(
                "UPDATE file SET scored = 1, claimed = 0, unread = 0 WHERE claimed AND folder = (SELECT folder FROM batch WHERE id = ?)",
                [batch.ledgerID])
            try Self.mark(unread: outcome.unread, of: batch, isScored: isDue, db)
            try db.run(
                "UPDATE folder SET mask_scored = mask_claimed WHERE id = (SELECT folder FROM batch WHERE id = ?)",
                [batch.ledgerID])
            try db.run(
                """
                UPDATE batch SET state = ?, reason = ?, finished = ?, seconds = ?, scored = ?, flagged = ?, unreadable = ?,
                    results = ?, report = ?, interruptions = 0, next_attempt = ?, forced = 0, results_gone = NULL
                WHERE id = ?
                """,
                [
                    isDue ? "failed" : "done", isDue ? WatchReason.unread(outcome.unread.count).text : outcome.noVerdict,
                    outcome.finished ?? wallClock(), outcome.seconds, outcome.images, outcome.noVerdict == nil ? outcome.flagged : nil,
                    outcome.unreadable,
                    batch.results.blob, outcome.report?.blob, isDue ? wallClock() + delay : 0, batch.ledgerID,
                ])
            try Deliveries.enqueue(outcome.deliveries, db)
            guard wasScored else { return }
            try Self.add(
                [
                    "batches": 1, "images": Double(outcome.images),
                    "flagged": Double(outcome.flagged), "unreadable": Double(outcome.unreadable), "seconds": outcome.seconds,
                ], db)
        }
        return (isDue ? .failed : .done, delay)
    }

    /// Writes down that a batch's images are covered by results of an earlier batch of its folder, so that it is none.
    func absorb(_ batch: ReadyBatch) throws(LedgerError) {
        try write { db in
            try db.run(
                "UPDATE file SET scored = 1, claimed = 0 WHERE claimed AND folder = (SELECT folder FROM batch WHERE id = ?)",
                [batch.ledgerID])
            try Self.forget(batch, db)
        }
    }

    /// Writes down which of a batch's files could not be read, so that what happens to them makes it due.
    private static func mark(unread: [FileName], of batch: ReadyBatch, isScored: Bool, _ db: Database) throws {
        for name in unread {
            try db.run(
                "UPDATE file SET unread = 1, scored = ? WHERE folder = (SELECT folder FROM batch WHERE id = ?) AND name = ?",
                [isScored, batch.ledgerID, Data(name.bytes)])
        }
    }

    /// The files of a batch's folder that could not be read when it was scored.
    func unread(_ batch: ReadyBatch) throws(LedgerError) -> [FileName] {
        try read { db in
            try Data.fetchAll(
                db,
                sql: "SELECT name FROM file WHERE unread AND absent_since IS NULL AND folder = (SELECT folder FROM batch WHERE id = ?)",
                arguments: [batch.ledgerID]
            ).map { FileName(bytes: [UInt8]($0)) }
        }
    }

    /// Writes down that scoring a batch failed, and when it is to be tried again.
    ///
    /// - Returns: The state that it is in now, and the seconds until the next try.
    func fail(_ batch: ReadyBatch, _ failure: ScoringFailure, configuration: WatchConfiguration) throws(LedgerError) -> (
        state: BatchState, delay: Double
    ) {
        let isLast = failure.kind == .lasting || (failure.kind == .passing && batch.attempt >= configuration.retryLimit)
        let delay =
            switch failure.kind {
            case .noSpace: min(configuration.retryDelaySeconds, 60)
            case .passing, .unreadable: backoff(configuration.retryDelaySeconds, factor: 4, tries: batch.attempt)
            case .lasting: 0.0
            }
        try write { db in
            try Self.unclaim(batch, db)
            try Self.mark(unread: failure.unread, of: batch, isScored: false, db)
            // A full disk, or one that may not be written, is no fault of the batch, and does not use up its tries.
            try db.run(
                "UPDATE batch SET state = ?, reason = ?, next_attempt = ?, attempts = attempts - ?, interruptions = 0 WHERE id = ?",
                [
                    isLast ? "held" : "failed", failure.description, wallClock() + delay, failure.kind == .noSpace ? 1 : 0,
                    batch.ledgerID,
                ])
            try Self.add(["failures": 1], db)
        }
        return (isLast ? .held : .failed, delay)
    }

    /// Puts a batch back that was not scored to its end, through no fault of its own.
    ///
    /// - Parameter crashed: Whether the program ended without being told to. A batch with which that happens again and
    ///   again, for want of memory perhaps, lets others go first, and is held in the end.
    func putBack(_ batch: ReadyBatch, crashed: Bool, configuration: WatchConfiguration) throws(LedgerError) {
        try write { db in
            try Self.unclaim(batch, db)
            let row = try BatchRow.fetchOne(db, sql: "SELECT * FROM batch WHERE id = ?", arguments: [batch.ledgerID])
            let interruptions = (row?.interruptions ?? 0) + (crashed ? 1 : 0)
            let isLast = interruptions >= 20
            let delay = interruptions < 3 ? 0 : backoff(configuration.retryDelaySeconds, factor: 2, tries: interruptions - 2)
            try db.run(
                "UPDATE batch SET state = ?, reason = ?, attempts = max(0, attempts - 1), interruptions = ?, next_attempt = ? WHERE id = ?",
                [
                    isLast ? "held" : "ready",
                    isLast ? WatchReason.interrupted(interruptions).text : nil,
                    interruptions, crashed ? wallClock() + delay : 0, batch.ledgerID,
                ])
        }
    }

    /// Hands a batch back to the intake, because its folder is not as it was when it became ready: it has to settle anew.
    func release(_ batch: ReadyBatch) throws(LedgerError) {
        try write { db in
            try Self.unclaim(batch, db)
            try db.run(
                "UPDATE batch SET state = 'waiting', reason = ?, boot = '', first_seen = ?, attempts = max(0, attempts - 1) WHERE id = ?",
                [WatchReason.changed.text, wallClock(), batch.ledgerID])
        }
    }

    /// Hands a batch back that became ready only because the results in place might have been of its images: they are
    /// not, and it waits for more.
    func putOff(_ batch: ReadyBatch) throws(LedgerError) {
        try write { db in
            try Self.unclaim(batch, db)
            try db.run(
                "UPDATE batch SET state = 'waiting', checked = digest, attempts = max(0, attempts - 1) WHERE id = ?", [batch.ledgerID])
        }
    }

    private static func unclaim(_ batch: ReadyBatch, _ db: Database) throws {
        try db.run(
            "UPDATE file SET claimed = 0 WHERE claimed AND folder = (SELECT folder FROM batch WHERE id = ?)", [batch.ledgerID])
    }

    private static func add(_ amounts: [String: Double], _ db: Database) throws {
        for (name, amount) in amounts {
            try db.run(
                "INSERT INTO total (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
                [name, amount])
        }
    }

    /// When the next failed batch is due, by the wall clock.
    func nextAttempt(roots: [Int64]) throws(LedgerError) -> Double? {
        try read { db in
            try Double.fetchOne(
                db,
                sql: """
                    SELECT min(next_attempt) FROM batch JOIN folder ON folder.id = batch.folder
                    WHERE state IN ('ready', 'failed') AND gone_since IS NULL
                        AND folder.root IN (\(roots.map(String.init).joined(separator: ",")))
                    """)
        }
    }

    /// Makes the failed batches of a root due at once.
    func hasten(root: Int64) throws(LedgerError) {
        try write { db in
            try db.run(
                "UPDATE batch SET next_attempt = 0 WHERE state = 'failed' AND folder IN (SELECT id FROM folder WHERE root = ?)", [root])
        }
    }

    /// Forgets a batch whose folder has vanished while it was being scored.
    func drop(_ batch: ReadyBatch) throws(LedgerError) {
        try write { db in
            try Self.unclaim(batch, db)
            try Self.forget(batch, db)
        }
    }

    private static func forget(_ batch: ReadyBatch, _ db: Database) throws {
        try db.run("DELETE FROM batch WHERE id = ? AND finished IS NULL", [batch.ledgerID])
        try db.run("UPDATE batch SET state = 'done', reason = NULL, forced = 0 WHERE id = ?", [batch.ledgerID])
    }

    /// Makes batches ready again: held and failed ones are tried at once, done ones are scored anew with the images that
    /// their folders hold now.
    ///
    /// - Parameter folder: A batch's folder; nil for all that failed or are held.
    /// - Returns: The folders of the batches concerned: none where the folder is not known, is waiting for images, or is
    ///   being scored.
    @discardableResult
    package func retry(_ folder: FilePath?) throws(LedgerError) -> [FilePath] {
        try write { db in
            let which =
                folder == nil
                ? "state IN ('failed', 'held')"
                : "folder.path = ? AND (state IN ('ready', 'failed', 'held') OR (state = 'done' AND sequence = 1))"
            let arguments: StatementArguments = folder.map { [$0.canonical().blob] } ?? []
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT batch.id, folder.path, folder.id, state FROM batch JOIN folder ON folder.id = batch.folder
                    WHERE gone_since IS NULL AND \(which)
                    """, arguments: arguments)
            for row in rows {
                let id: Int64 = row[0]
                if row[3] as String == "done" {
                    let images = try Self.presentImages(of: row[2], db).map(\.file)
                    try db.run(
                        "UPDATE batch SET forced = 1, digest = ?, image_count = ? WHERE id = ?",
                        [
                            FileSetDigest(sorted: images, maskMark: try Self.maskMark(of: row[2], db)).description,
                            images.count, id,
                        ])
                }
                try db.run(
                    """
                    UPDATE batch SET state = 'ready', reason = NULL, attempts = 0, interruptions = 0, next_attempt = 0, first_seen = ?,
                        provisional = 0
                    WHERE id = ?
                    """, [wallClock(), id])
            }
            return rows.map { FilePath(blob: $0[1]) }
        }
    }
}

/// Seconds until the next try: `delay` after the first, `factor` times as much after each further one, an hour at most.
private func backoff(_ delay: Double, factor: Double, tries: Int) -> Double {
    var seconds = delay
    for _ in 1..<max(tries, 1) where seconds < 3600 { seconds *= factor }
    return min(seconds, 3600)
}
