import Foundation
import GRDB
import Glibc
import Logging
import MuScSupport
import SystemPackage

/// What is known of every batch, kept in an SQLite file so that it outlasts the program.
///
/// The ledger may be read by other processes while the watcher writes it. Each method is one transaction: a program that
/// is killed leaves the state before or after it.
package final class Ledger: Sendable {
    /// The file.
    package let path: FilePath
    let database: DatabaseQueue
    let complaints = Complaints()

    /// Opens a ledger, creates it where there is none, and brings an older one up to date.
    ///
    /// - Parameters:
    ///   - path: The SQLite file; its folder is created.
    ///   - readOnly: For readers such as `musc status`; the file must exist.
    /// - Throws: ``LedgerError``.
    package init(path: FilePath, readOnly: Bool = false) throws(LedgerError) {
        self.path = path
        guard let text = path.utf8Text else {
            throw LedgerError(path: path, reason: "the path is not UTF-8, which SQLite needs; choose another with --state")
        }
        do {
            // Of two that meet a new ledger at the same moment, the second finds it made: SQLite lets nobody wait while another
            // sets a new file's mode.
            let lock = readOnly ? nil : try Self.lockedFolder(of: path)
            defer { withExtendedLifetime(lock) {} }
            database = try readOnly ? Self.openForReading(text) : Self.openForWriting(text)
            let migrator = LedgerSchema.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw LedgerError(
                    path: path, reason: "it was written by a newer version of musc; use that version, or name another ledger with --state")
            }
            if !readOnly, try !database.read({ try migrator.hasCompletedMigrations($0) }) {
                try migrator.migrate(database)
            }
        } catch let error as LedgerError {
            throw error
        } catch {
            throw LedgerError(path: path, underlying: error)
        }
    }

    /// Messages to receivers outside.
    package var deliveries: Deliveries { Deliveries(ledger: self) }

    /// What keeps roots, or parts of them, from being watched.
    var obstacles: Obstacles { Obstacles(ledger: self) }

    /// Makes the ledger's folder where it is missing, and waits for the right to open a ledger in it; nil where it cannot be
    /// locked, which a ledger that is there does not need.
    private static func lockedFolder(of path: FilePath) throws -> FileLock? {
        let folder = path.removingLastComponent()
        if !folder.isEmpty { try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true) }
        return try? FileLock(waitingFor: folder)
    }

    private static func openForWriting(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            // In this mode readers and the writer do not wait for each other.
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func openForReading(_ path: String) throws -> DatabaseQueue {
        var configuration = GRDB.Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            _ = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
            return queue
        } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) && access(path, R_OK) == 0
        {
            // Nobody writes it now, and in a folder that is not ours SQLite cannot make the files by which readers and
            // a writer agree. As nobody writes, they are not needed.
            let escaped = path.utf8.map { byte in
                byte == 0x2F || (byte > 0x2C && byte < 0x3A) || (byte | 0x20 > 0x60 && byte | 0x20 < 0x7B)
                    ? String(UnicodeScalar(byte)) : "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: configuration)
        }
    }

    /// Runs a transaction and names the ledger in what goes wrong.
    func write<T>(_ body: (Database) throws -> T) throws(LedgerError) -> T {
        do { return try database.write(body) } catch { throw LedgerError(path: path, underlying: error) }
    }

    func read<T>(_ body: (Database) throws -> T) throws(LedgerError) -> T {
        do { return try database.read(body) } catch { throw LedgerError(path: path, underlying: error) }
    }

    /// Logs that the ledger cannot be used now, once a minute for as long as it lasts.
    package func complain(_ error: LedgerError, to logger: Logger) {
        complaints.log(.error, "ledger_failed", ["reason": "\(error)"], to: logger)
    }
}

// MARK: The file

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

extension FilePath {
    /// The path as a string, if its bytes are UTF-8.
    var utf8Text: String? { String(validating: bytes, as: UTF8.self) }
}
