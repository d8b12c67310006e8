import Foundation
import GRDB
import Glibc
import SystemPackage

/// The ledger as a file: whole after a stop, and to be copied while it is in use.
extension Ledger {
    /// Brings what was written into the one file, so that whoever copies that has all.
    ///
    /// Until then the newest is in a second file beside it. Another process that reads at this moment puts it off.
    ///
    /// - Parameter isLast: Whether the ledger is left for now: then the second file is emptied too, and readers are waited for.
    /// - Throws: ``LedgerError``.
    package func checkpoint(isLast: Bool) throws(LedgerError) {
        guard Self.size(of: path.string + "-wal") > 0 else { return }
        do {
            try database.writeWithoutTransaction { db in
                do { _ = try db.checkpoint(isLast ? .truncate : .passive) } catch let error as DatabaseError
                    where error.resultCode == .SQLITE_BUSY
                {}
            }
        } catch {
            throw LedgerError(path: path, underlying: error)
        }
    }

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Writes a copy of the ledger as it is at this moment, also while a watcher works on it. The copy is one file, and
    /// appears whole or not at all.
    ///
    /// A former copy is replaced; any other file is left as it is.
    ///
    /// - Throws: ``LedgerError``.
    package func backUp(to file: FilePath) throws(LedgerError) {
        guard let text = file.utf8Text else {
            throw LedgerError(path: file, reason: "the copy's path is not UTF-8, which SQLite needs; choose another")
        }
        guard FilePath.isFree(file) || FilePath.isFile(file) && readWhole(file).starts(with: Self.signature) else {
            throw LedgerError(path: file, reason: "something else is there, and is left as it is; choose another name for the copy")
        }
        let beside = text + ".tmp"
        for part in ["", "-journal", "-wal", "-shm"] { unlink(beside + part) }
        do {
            // Made by us and with the ledger's own rights: hooks' URLs in it may be secret.
            var mode: mode_t = 0o600
            var status = stat()
            if path.withPlatformString({ stat($0, &status) }) == 0 { mode = status.st_mode & 0o777 }
            let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            guard descriptor >= 0 else { throw Errno(rawValue: errno) }
            _ = Glibc.close(descriptor)
            let copy = try DatabaseQueue(path: beside)
            try database.backup(to: copy)
            // Without the files beside it that a ledger in use has.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
            let written = try FileDescriptor.open(FilePath(beside), .readOnly)
            let isFlushed = fsync(written.rawValue) == 0
            try written.close()
            guard isFlushed, rename(beside, text) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(beside)
            throw LedgerError(path: file, underlying: error)
        }
    }

    private static let signature = Array("SQLite format 3\0".utf8)
}
