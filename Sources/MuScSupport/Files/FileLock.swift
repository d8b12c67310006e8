import Glibc
import SystemPackage

/// An advisory lock, `flock(2)`, on a file or a folder: one process has it at a time, from `init` to `deinit`, and it ends
/// with the process however that ends.
package final class FileLock: Sendable {
    /// Why a lock was not taken.
    package enum Fault: Error, Equatable, CustomStringConvertible {
        /// Another process has it.
        case held
        /// The file or the folder cannot be opened.
        case file(Errno)

        package var description: String {
            switch self {
            case .held: "another process has it"
            case .file(let code): "\(code)"
            }
        }
    }

    /// The open file, which the holder may write to.
    package let descriptor: Int32

    /// Takes the lock on a file, which is made where it is missing, without waiting.
    ///
    /// The file stays when the lock ends: removing it would let a third process lock another of the same name.
    ///
    /// - Throws: ``Fault``.
    package init(file: FilePath) throws(Fault) {
        descriptor = file.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw .file(Errno(rawValue: errno)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .held }
    }

    /// Waits for the lock on a folder. A file system that knows no locks is taken as it is.
    ///
    /// - Throws: ``Fault/file(_:)``.
    package init(waitingFor folder: FilePath) throws(Fault) {
        descriptor = (folder.isEmpty ? "." : folder).withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .file(Errno(rawValue: errno)) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    }

    deinit {
        guard descriptor >= 0 else { return }
        // A program that is being started may have a copy of the descriptor for a moment, which would hold the lock on.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether a process has the lock on a file at this moment; false for a file that is not there.
    package static func isHeld(_ file: FilePath) -> Bool {
        let descriptor = file.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }
}
