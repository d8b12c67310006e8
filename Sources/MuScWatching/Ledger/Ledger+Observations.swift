import Foundation
import GRDB
import MuScImages
import MuScSupport
import SystemPackage

/// What the intake writes: folders, their files, and batches until they are ready.
extension Ledger {
    /// A folder that was met before.
    struct KnownFolder {
        var id: Int64
        /// Digest of the listing that the rest was made from.
        var listing: String
        var isGone: Bool
        /// Whether something is to happen to a batch of it.
        var isOpen: Bool
        /// The identity of the mask of what counts that published results are of; nil for none.
        var scoredMask: String?
    }

    /// The number by which a root is known, given to it where it has none.
    func rootID(_ root: FilePath) throws(LedgerError) -> Int64 {
        try write { db in
            try db.run("INSERT INTO root (path) VALUES (?) ON CONFLICT DO NOTHING", [root.blob])
            return try Int64.fetchOne(db, sql: "SELECT id FROM root WHERE path = ?", arguments: [root.blob]) ?? 0
        }
    }

    /// The folders of a root by their paths.
    func knownFolders(of root: Int64) throws(LedgerError) -> [FilePath: KnownFolder] {
        try read { db in
            let open = try Set(
                Int64.fetchAll(
                    db, sql: "SELECT folder FROM batch WHERE state IN ('waiting', 'ready', 'running', 'failed')"))
            let rows = try Row.fetchCursor(
                db, sql: "SELECT path, id, listing, gone_since IS NOT NULL, mask_scored FROM folder WHERE root = ?",
                arguments: [root])
            var folders: [FilePath: KnownFolder] = [:]
            while let row = try rows.next() {
                let id: Int64 = row[1]
                folders[FilePath(blob: row[0])] = KnownFolder(
                    id: id, listing: row[2], isGone: row[3], isOpen: open.contains(id), scoredMask: row[4])
            }
            return folders
        }
    }

    func knownFolder(_ path: FilePath) throws(LedgerError) -> KnownFolder? {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT id, listing, gone_since IS NOT NULL, mask_scored FROM folder WHERE path = ?",
                    arguments: [path.blob])
            else { return nil }
            let id: Int64 = row[0]
            let open = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM batch WHERE folder = ? AND state IN ('waiting', 'ready', 'running', 'failed'))",
                arguments: [id])
            return KnownFolder(id: id, listing: row[1], isGone: row[2], isOpen: open ?? false, scoredMask: row[3])
        }
    }

    /// The files of a folder by their names.
    func knownFiles(of folder: Int64) throws(LedgerError) -> [FileName: FolderContents.KnownFile] {
        try read { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(
                    sql: """
                        SELECT name, size, modified, inode, image, claimed, scored, absent_since IS NOT NULL,
                            coalesce(changed, 0), coalesce(links, 0), unread FROM file WHERE folder = ?
                        """),
                arguments: [folder])
            var files: [FileName: FolderContents.KnownFile] = [:]
            while let row = try rows.next() {
                let name = FileName(bytes: [UInt8](row[0] as Data))
                files[name] = FolderContents.KnownFile(
                    file: ImageFile(
                        name: name, size: row[1], modified: row[2], inode: UInt64(bitPattern: row[3]), changed: row[8], links: row[9]),
                    isImage: row[4], isClaimed: row[5], isScored: row[6], isAbsent: row[7], isUnread: row[10])
            }
            return files
        }
    }

    /// A look into a folder that is to be written down.
    struct Look {
        var root: Int64
        var listing: FolderListing
        var listingDigest: String
        var contents: FolderContents
        var moment: Moment
        /// Whether something lies where the results of the folder's batch belong.
        var hasResults: Bool
    }

    /// What became of a look.
    enum LookResult: Equatable {
        /// Nothing in the folder is to be scored.
        case nothing
        case waiting(images: Int, reason: String)
        /// The batch became ready by this look.
        case becameReady(images: Int)
        /// The same, though it has not settled.
        case becameOverdue(images: Int)
        /// The batch is ready, failed or held, as before.
        case unchanged(BatchState)
        /// A batch of the folder is being scored; the rest waits until it is done.
        case running
    }

    /// Writes down looks into folders, and where their batches stand by now. All of them or none.
    func record(_ looks: [Look], policy: NewImagesPolicy, settling: inout Settling) throws(LedgerError) -> [LookResult] {
        var after = settling
        let results = try write { db in
            try looks.map { try Self.record($0, policy: policy, settling: &after, db) }
        }
        settling = after
        return results
    }

    private static func record(_ look: Look, policy: NewImagesPolicy, settling: inout Settling, _ db: Database) throws -> LookResult {
        let folder = look.listing.folder
        let now = look.moment
        guard let folderID = try upsertFolder(look, db) else {
            settling.forget(folder)
            return .nothing
        }
        try upsertFiles(look, folderID: folderID, db)

        let rows = try BatchRow.all(of: folderID, db)
        settling.neverWritten(look.listing.linked, in: folder)
        if rows.contains(where: { $0.state == .running }) {
            settling.rest(folder)
            return .running
        }
        let active = rows.last { $0.state != .done }
        let pending = look.contents.pending(policy, hasResults: rows.contains { $0.finished != nil })
        guard !pending.isEmpty else {
            if let active, active.state == .failed, active.finished != nil, look.contents.hasUnread {
                // Its results are there, but for images that could not be read.
                settling.forget(folder)
                return .unchanged(.failed)
            }
            // The images that a batch was waiting for were taken away again.
            if let active {
                // Somebody asked for a batch to be scored once more.
                if active.forced, active.state != .waiting { return .unchanged(active.state) }
                if active.finished != nil {
                    try db.run("UPDATE batch SET state = 'done', reason = NULL WHERE id = ?", [active.id])
                } else {
                    try db.run("DELETE FROM batch WHERE id = ?", [active.id])
                }
            }
            settling.forget(folder)
            return .nothing
        }

        let digest = FileSetDigest(sorted: pending, maskMark: look.contents.maskMark)
        let isSameSet = active?.digest == digest.description
        if let active, isSameSet, [.ready, .failed, .held].contains(active.state) {
            settling.forget(folder)
            guard active.state == .failed, look.contents.isAnyReadAgain else { return .unchanged(active.state) }
            // What kept an image from being read may have passed.
            try db.run("UPDATE batch SET next_attempt = 0 WHERE id = ?", [active.id])
            return .becameReady(images: pending.count)
        }
        var earlier: (stableSince: Moment, waitingSince: Moment)?
        if let active {
            let stable = isSameSet ? active.moments?.stableSince : nil
            earlier = (stable ?? now, active.waitingSince(now: now))
        }
        var observation = Settling.Observation(
            digest: digest, images: Self.images(pending, in: folder, enough: settling.rules.minImages),
            readyMark: look.listing.readyMark, spentReadyMark: rows.last?.readyMark,
            mayBeScored: look.hasResults && active?.checked != digest.description)
        observation.changedAfterReady = look.listing.isChangedAfterReady
        let verdict = settling.observe(folder, observation, at: now, earlier: earlier)
        let reason = verdict.reason(minImages: settling.rules.minImages, now: now)
        let moments = settling.moments(of: folder) ?? (now, now)
        let target = active ?? (policy == .newBatch ? nil : rows.first)
        if let target {
            let isAnew = target.state == .done
            try db.run(
                """
                UPDATE batch SET state = ?, reason = ?, digest = ?, image_count = ?, newest = ?, boot = ?, stable_since = ?,
                    waiting_since = ?, ready_mark = coalesce(?, ready_mark), first_seen = iif(?, ?, first_seen), provisional = ?
                WHERE id = ?
                """,
                [
                    verdict.isReady ? "ready" : "waiting", reason, digest.description, pending.count,
                    pending.map(\.modified).max(), Moment.boot, moments.stableSince.seconds, moments.waitingSince.seconds,
                    verdict == .ready ? look.listing.readyMark : nil, isAnew, wallClock(), verdict == .recognisable, target.id,
                ])
            if isAnew || !isSameSet {
                // Another set of images is another batch, which has failed at nothing yet.
                try db.run("UPDATE batch SET attempts = 0, interruptions = 0, next_attempt = 0, forced = 0 WHERE id = ?", [target.id])
            }
        } else {
            try db.run(
                """
                INSERT INTO batch (folder, sequence, state, reason, digest, image_count, first_seen, newest, boot, stable_since,
                    waiting_since, ready_mark, provisional)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    folderID, (rows.last?.sequence ?? 0) + 1, verdict.isReady ? "ready" : "waiting", reason, digest.description,
                    pending.count, wallClock(), pending.map(\.modified).max(), Moment.boot, moments.stableSince.seconds,
                    moments.waitingSince.seconds, verdict == .ready ? look.listing.readyMark : nil, verdict == .recognisable,
                ])
        }
        if verdict.isReady {
            settling.forget(folder)
            return verdict == .overdue ? .becameOverdue(images: pending.count) : .becameReady(images: pending.count)
        }
        return .waiting(images: pending.count, reason: reason ?? "")
    }

    /// How many images files hold, as far as it matters: of fewer files than are enough, pages of TIFF count too.
    private static func images(_ files: [ImageFile], in folder: FilePath, enough: Int) -> Int {
        guard files.count < enough else { return files.count }
        return files.reduce(0) { $0 + FilePeek(folder.appending($1.name)).images }
    }

    /// - Returns: nil where the folder is not known and holds nothing worth knowing.
    private static func upsertFolder(_ look: Look, _ db: Database) throws -> Int64? {
        let path = look.listing.folder.blob
        if let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT id, listing, gone_since IS NOT NULL FROM folder WHERE path = ?"), arguments: [path])
        {
            let id: Int64 = row[0]
            if row[1] as String != look.listingDigest || row[2] as Bool {
                try db.run(
                    "UPDATE folder SET listing = ?, gone_since = NULL, root = ?, mask = ? WHERE id = ?",
                    [look.listingDigest, look.root, look.listing.maskMark, id])
            }
            return id
        }
        guard !look.listing.files.isEmpty else { return nil }
        try db.run(
            "INSERT INTO folder (root, path, listing, mask) VALUES (?, ?, ?, ?)",
            [look.root, path, look.listingDigest, look.listing.maskMark])
        return db.lastInsertedRowID
    }

    private static func upsertFiles(_ look: Look, folderID: Int64, _ db: Database) throws {
        for known in look.contents.changed {
            try db.run(
                """
                INSERT INTO file (folder, name, size, modified, inode, image, claimed, scored, changed, links, unread)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (folder, name) DO UPDATE SET size = excluded.size, modified = excluded.modified,
                    inode = excluded.inode, image = excluded.image, claimed = excluded.claimed, scored = excluded.scored,
                    changed = excluded.changed, links = excluded.links, unread = excluded.unread, absent_since = NULL
                """,
                [
                    folderID, Data(known.file.name.bytes), known.file.size, known.file.modified, Int64(bitPattern: known.file.inode),
                    known.isImage, known.isClaimed, known.isScored, known.file.changed, known.file.links, known.isUnread,
                ])
        }
        for name in look.contents.vanished {
            try db.run(
                "UPDATE file SET absent_since = ? WHERE folder = ? AND name = ?", [wallClock(), folderID, Data(name.bytes)])
        }
    }

    /// Writes down that a folder, with all below it, is gone. Batches without results are forgotten; the others are
    /// remembered in case it comes back.
    ///
    /// - Returns: The folders of batches that had not been scored.
    func removeFolders(under path: FilePath) throws(LedgerError) -> [FilePath] {
        let (below, beyond) = path.blobsOfInner
        return try write { db in
            let inside = "(path = ? OR (path > ? AND path < ?))"
            let arguments: StatementArguments = [path.blob, below, beyond]
            let open = try Data.fetchAll(
                db,
                sql: """
                    SELECT path FROM folder WHERE \(inside) AND gone_since IS NULL AND EXISTS
                        (SELECT 1 FROM batch WHERE batch.folder = folder.id AND state IN ('waiting', 'ready', 'failed', 'held'))
                    """, arguments: arguments)
            try db.execute(
                sql: """
                    DELETE FROM batch WHERE finished IS NULL AND state != 'running' AND folder IN (SELECT id FROM folder WHERE \(inside))
                    """, arguments: arguments)
            try db.execute(
                sql: """
                    UPDATE batch SET state = 'done', reason = NULL
                    WHERE state NOT IN ('done', 'running') AND folder IN (SELECT id FROM folder WHERE \(inside))
                    """, arguments: arguments)
            try db.execute(
                sql: "UPDATE folder SET gone_since = ? WHERE gone_since IS NULL AND \(inside)",
                arguments: [wallClock()] + arguments)
            return open.map { FilePath(blob: $0) }
        }
    }

    /// Forgets folders and files that have been gone for longer than 30 days.
    func prune() throws(LedgerError) {
        let limit = wallClock() - 30 * 86_400
        try write { db in
            try db.execute(sql: "DELETE FROM folder WHERE gone_since < ?", arguments: [limit])
            try db.execute(sql: "DELETE FROM file WHERE absent_since < ?", arguments: [limit])
        }
    }
}

extension Settling.Verdict {
    /// Why a batch waits, for people; nil where it does not.
    func reason(minImages: Int, now: Moment) -> String? {
        switch self {
        case .ready, .recognisable, .overdue: return nil
        case .changing: return WatchReason.changing.text
        case .awaitingReadyFile: return WatchReason.awaitingReadyFile.text
        case .tooFew(_, nil): return WatchReason.single.text
        case .tooFew(let images, let until?):
            let deadline = LocalTime.text(Date.now.addingTimeInterval(max(0, until - now).rounded(.up)))
            return WatchReason.tooFew(images: images, of: minImages, deadline: deadline).text
        }
    }
}
