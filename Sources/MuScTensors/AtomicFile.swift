import Glibc

/// A file that appears at its path whole or not at all: written beside it, flushed, then renamed.
package struct AtomicFile: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32

    /// Opens a temporary file in the folder of `path`.
    ///
    /// - Throws: ``TensorFileError`` where the folder is missing or read-only.
    package init(path: String) throws(TensorFileError) {
        self.path = path
        let temporaryPath = "\(path).\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
        self.temporaryPath = temporaryPath
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0 {
            throw TensorFileError(path: path, fault: .system("cannot be written: \(systemErrorText())"))
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporaryPath)
    }

    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(TensorFileError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, min(rest.count, 1 << 30))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// Flushes the content and moves the file to its place.
    ///
    /// - Parameter flushes: False for a file whose content is checked when it is read, and can be made again.
    package mutating func commit(flushes: Bool = true) throws(TensorFileError) {
        guard !flushes || fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else { throw failure() }
        close(descriptor)
        descriptor = -1
        guard flushes else { return }
        // The folder's entry is flushed as well; file systems that cannot do so are left to their own order.
        let folder = open(
            path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) + "/" : ".", O_RDONLY)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func failure() -> TensorFileError {
        TensorFileError(path: path, fault: .system("cannot be written: \(systemErrorText())"))
    }
}
