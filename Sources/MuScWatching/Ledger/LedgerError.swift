import GRDB
import SystemPackage

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
