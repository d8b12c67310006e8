import Foundation
import GRDB
import Glibc
import SystemPackage

/// What is known of every batch, kept in an SQLite file so that it outlasts the program.
///
/// The ledger may be read by other processes while the watcher writes it. Each method is one transaction: a program that
/// is killed leaves the state before or after it.
public final class Ledger: Sendable {
    /// The file.
    public let path: FilePath
    let database: DatabaseQueue

    /// Opens a ledger, creates it where there is none, and brings an older one up to date.
    ///
    /// - Parameters:
    ///   - path: The SQLite file; its folder is created.
    ///   - readOnly: For readers such as `musc status`; the file must exist.
    /// - Throws: ``LedgerError``.
    public init(path: FilePath, readOnly: Bool = false) throws(LedgerError) {
        self.path = path
        guard let text = path.utf8Text else {
            throw LedgerError(path: path, reason: "the path is not UTF-8, which SQLite needs; choose another with --state")
        }
        var configuration = GRDB.Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        do {
            if !readOnly, let folder = text.split(separator: "/").isEmpty ? nil : Optional(path.removingLastComponent().string), !folder.isEmpty {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            configuration.prepareDatabase { db in
                guard !readOnly else { return }
                // In this mode readers and the writer do not wait for each other.
                try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
            }
            database = try DatabaseQueue(path: text, configuration: configuration)
            let migrator = Self.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw LedgerError(
                    path: path, reason: "it was written by a newer version of musc; use that version, or name another ledger with --state")
            }
            if !readOnly { try migrator.migrate(database) }
        } catch let error as LedgerError {
            throw error
        } catch {
            throw LedgerError(path: path, underlying: error)
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

/// A ledger that cannot be used.
public struct LedgerError: Error, CustomStringConvertible {
    public var path: FilePath
    public var reason: String

    public init(path: FilePath, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(path: FilePath, underlying: any Error) {
        self.path = path
        if let error = underlying as? DatabaseError {
            switch error.resultCode {
            case .SQLITE_FULL: reason = "there is no room on its disk"
            case .SQLITE_BUSY: reason = "another process keeps it busy"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                reason = "it is damaged (\(error.message ?? "")); move it away, and what is published will be recognised"
            case .SQLITE_CANTOPEN: reason = "it cannot be opened; check that its folder exists and may be written"
            case .SQLITE_READONLY: reason = "it may not be written"
            default: reason = error.description
            }
        } else {
            reason = String(describing: underlying)
        }
    }

    public var description: String { "the ledger \(path.text): \(reason)" }
}

extension FilePath {
    /// The path as a string, if its bytes are UTF-8.
    var utf8Text: String? { String(validating: bytes, as: UTF8.self) }
}
