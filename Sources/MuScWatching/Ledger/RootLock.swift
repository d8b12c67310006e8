import Foundation
import Glibc
import MuScSupport
import SystemPackage

/// The right to score batches of a root, which one process has at a time.
///
/// It is an advisory lock on a file beside the ledger, held from `init` to `deinit`; it ends with the process however
/// that ends.
package final class RootLock: Sendable {
    /// Who holds a root.
    package struct Holder: Sendable, Codable, Equatable, CustomStringConvertible {
        package var process: Int32
        /// `musc watch`, `musc sweep` …
        package var command: String
        /// ISO 8601.
        package var since: String
        /// As text for people.
        package var root: String

        static let watcher = "musc watch"
        /// Whether it stays for good, rather than for one pass.
        var isWatcher: Bool { command == Self.watcher }

        package var description: String { "\(command) (process \(process), since \(LocalTime.text(since)))" }
    }

    private let lock: FileLock

    /// Takes the lock on a root.
    ///
    /// - Parameters:
    ///   - root: A root as ``WatchConfiguration/validated()`` gives it.
    ///   - command: Told to whoever comes second.
    /// - Throws: ``RootLockError`` where another process holds the root, one above or one below it, or the lock's file
    ///   cannot be written.
    package init(root: FilePath, ledger: Ledger, command: String) throws(RootLockError) {
        let folder = Self.folder(of: ledger)
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let path = Self.path(of: root, ledger: ledger)
        do {
            lock = try FileLock(file: path)
        } catch {
            switch error {
            case .file(let code): throw RootLockError(root: root, reason: .file("\(path.text): \(code.description)"))
            case .held: throw RootLockError(root: root, reason: .held(Self.content(of: path)?.holder))
            }
        }
        let holder = Holder(
            process: getpid(), command: command, since: Date().formatted(.iso8601), root: root.text)
        if let content = try? JSONEncoder().encode(Content(holder: holder, path: root.bytes)) {
            ftruncate(lock.descriptor, 0)
            _ = content.withUnsafeBytes { pwrite(lock.descriptor, $0.baseAddress, $0.count, 0) }
        }
        // A watcher on a folder above or below would score the same batches.
        for other in Self.contents(in: folder) where other.path != root.bytes {
            let path = FilePath(bytes: other.path)
            if path.isInside(root) || root.isInside(path), Self.isHeld(path, ledger: ledger) {
                throw RootLockError(root: root, reason: .held(other.holder))
            }
        }
    }

    /// Who holds a root at this moment, if anybody.
    package static func holder(of root: FilePath, ledger: Ledger) -> Holder? {
        isHeld(root, ledger: ledger) ? content(of: path(of: root, ledger: ledger))?.holder : nil
    }

    private struct Content: Codable {
        var holder: Holder
        var path: [UInt8]
    }

    private static func folder(of ledger: Ledger) -> FilePath {
        ledger.path.removingLastComponent().appending(FileName("locks"))
    }

    package static func path(of root: FilePath, ledger: Ledger) -> FilePath {
        let name = SHA256.hash(data: root.bytes).prefix(10).hexadecimal
        return folder(of: ledger).appending(FileName("\(name).lock"))
    }

    private static func isHeld(_ root: FilePath, ledger: Ledger) -> Bool { FileLock.isHeld(path(of: root, ledger: ledger)) }

    private static func content(of path: FilePath) -> Content? {
        try? JSONDecoder().decode(Content.self, from: Data(readWhole(path)))
    }

    private static func contents(in folder: FilePath) -> [Content] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        return names.filter { $0.hasSuffix(".lock") }.compactMap { content(of: folder.appending(FileName($0))) }
    }
}

/// A root that cannot be worked on now.
package struct RootLockError: Error, CustomStringConvertible {
    package enum Reason: Sendable {
        /// Another process works on it; nil where it has not said who it is yet.
        case held(RootLock.Holder?)
        /// The lock's file cannot be written.
        case file(String)
    }

    package var root: FilePath
    package var reason: Reason

    package init(root: FilePath, reason: Reason) {
        self.root = root
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .held(let holder?) where holder.root != root.text:
            "\(root.text) is taken care of by \(holder), which works on \(holder.root)"
        case .held(let holder?): "\(root.text) is taken care of by \(holder)"
        case .held(nil): "\(root.text) is taken care of by another process"
        case .file(let what):
            "\(root.text) cannot be locked: \(what); give this user the right to write there, or name another place with --state"
        }
    }
}
