import Foundation
import GRDB
import Glibc
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
            database = try readOnly ? Self.openForReading(text) : Self.openForWriting(text)
            let migrator = Self.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw LedgerError(
                    path: path, reason: "it was written by a newer version of musc; use that version, or name another ledger with --state")
            }
            if !readOnly, try !database.read({ try migrator.hasCompletedMigrations($0) }) {
                let lock = FolderLock(path.removingLastComponent())
                try migrator.migrate(database)
                withExtendedLifetime(lock) {}
            }
        } catch let error as LedgerError {
            throw error
        } catch {
            throw LedgerError(path: path, underlying: error)
        }
    }

    private static func openForWriting(_ path: String) throws -> DatabaseQueue {
        let folder = FilePath(path).removingLastComponent()
        if !folder.isEmpty { try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true) }
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
}

/// The right to make or change a ledger in a folder, which one process has at a time and others wait for: of two that meet
/// a new ledger at the same moment, the second finds it made.
private final class FolderLock {
    private let descriptor: Int32

    init(_ folder: FilePath) {
        descriptor = (folder.isEmpty ? "." : folder).withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        if descriptor >= 0 { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

/// A ledger that cannot be used.
package struct LedgerError: Error, CustomStringConvertible {
    package var path: FilePath
    package var reason: String

    package init(path: FilePath, reason: String) {
        self.path = path
        self.reason = reason
    }

    package init(path: FilePath, underlying: any Error) {
        self.path = path
        if let error = underlying as? DatabaseError {
            switch error.resultCode {
            case .SQLITE_FULL: reason = "there is no room on its disk; free some, or name another place with --state"
            case .SQLITE_BUSY: reason = "another process keeps it busy; try again, or see with musc status who works on it"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                reason = "it is damaged (\(error.message ?? "")); move it away, and what is published will be recognised"
            case .SQLITE_CANTOPEN: reason = "it cannot be opened; check that its folder exists and may be written"
            case .SQLITE_READONLY: reason = "it may not be written; give this user the right, or name another place with --state"
            default: reason = "\(error.description); check its disk, or name another place with --state"
            }
        } else {
            reason = "\(underlying); check its folder, or name another place with --state"
        }
    }

    package var description: String { "the ledger \(path.text): \(reason)" }
}

extension FilePath {
    /// The path as a string, if its bytes are UTF-8.
    var utf8Text: String? { String(validating: bytes, as: UTF8.self) }
}
