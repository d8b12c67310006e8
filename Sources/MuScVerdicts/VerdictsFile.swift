import Glibc
import MuScSupport
import SystemPackage

/// `verdicts.csv` of one folder of photographs.
///
/// It lies beside the photographs, so that it goes where they go: through a rescore, a copy, a renamed folder, to
/// another machine.
public struct VerdictsFile: Sendable {
    public static let name: FilePath.Component = "verdicts.csv"
    /// A larger file is no list of verdicts.
    private static let mostBytes = 256 << 20

    /// The folder of the photographs.
    public let folder: FilePath
    public var path: FilePath { folder.appending(Self.name) }

    public init(in folder: FilePath) {
        self.folder = folder
    }

    /// Reads the file; an empty table where there is none.
    ///
    /// - Throws: ``VerdictFileError``.
    package func read() throws(VerdictFileError) -> VerdictTable { try Self.read(path).table }

    /// Adds verdicts at the file's end, all or none; several programs may do so at once.
    ///
    /// - Throws: ``VerdictFileError``; then the file is as it was.
    package func append(_ verdicts: [PartVerdict]) throws(VerdictFileError) {
        guard !verdicts.isEmpty else { return }
        // On the folder, because the file itself is replaced.
        let lock: FileLock
        do {
            lock = try FileLock(waitingFor: folder)
        } catch {
            let code = if case .file(let code) = error { code } else { Errno.wouldBlock }
            throw VerdictFileError(path: path, reason: .unwritable(code))
        }
        defer { withExtendedLifetime(lock) {} }
        let (table, mode) = try Self.read(path)
        do throws(Errno) {
            try path.writeWhole(table.adding(verdicts), mode: mode ?? 0o664)
            // The process's mask took what others had been given.
            if let mode { _ = path.withPlatformString { chmod($0, mode) } }
            fsync(lock.descriptor)
        } catch {
            throw VerdictFileError(path: path, reason: .unwritable(error))
        }
    }

    /// Reads a file of verdicts under any name.
    ///
    /// - Throws: ``VerdictFileError``, also where there is none.
    package static func table(at path: FilePath) throws(VerdictFileError) -> VerdictTable {
        let (table, mode) = try read(path)
        guard mode != nil else { throw VerdictFileError(path: path, reason: .unreadable(.noSuchFileOrDirectory)) }
        return table
    }

    /// - Returns: The table and the file's permissions; nil where there is none.
    private static func read(_ path: FilePath) throws(VerdictFileError) -> (table: VerdictTable, mode: mode_t?) {
        // Anybody may have put a pipe or a link there.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return (VerdictTable(), nil) }
            throw VerdictFileError(path: path, reason: errno == ELOOP ? .noFile : .unreadable(Errno(rawValue: errno)))
        }
        let file = FileDescriptor(rawValue: descriptor)
        defer { try? file.close() }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= mostBytes else {
            throw VerdictFileError(path: path, reason: .noFile)
        }
        var content: [UInt8] = []
        content.reserveCapacity(Int(status.st_size))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        do {
            while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0, content.count <= mostBytes {
                content += buffer[..<count]
            }
        } catch {
            throw VerdictFileError(path: path, reason: .unreadable(error as? Errno ?? .ioError))
        }
        do throws(VerdictFileError.Reason) {
            return (try VerdictTable(content), status.st_mode & 0o777)
        } catch {
            throw VerdictFileError(path: path, reason: error)
        }
    }
}

/// A file of verdicts that cannot be used.
public struct VerdictFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Error, Sendable, Hashable {
        /// No line names the columns.
        case noVerdicts
        /// A link, a folder or something else that is no file, or larger than any list of verdicts.
        case noFile
        case unreadable(Errno)
        case unwritable(Errno)
    }

    public var path: FilePath
    public var reason: Reason

    public init(path: FilePath, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    public var description: String {
        switch reason {
        case .noVerdicts:
            "\(path): is no file of verdicts, for its first line does not name the columns image and verdict: mend or move it, and "
                + "musc makes a new one"
        case .noFile: "\(path): is a link or no ordinary file: put the file itself there"
        case .unreadable(let error): "\(path): cannot be read: \(error): check that it exists and is readable"
        case .unwritable(let error):
            "\(path): cannot be written: \(error): free some space or give this user the right to write there; the verdicts that were "
                + "there stand"
        }
    }
}
