import Glibc

/// A regular file mapped into memory, read-only, for as long as the value is held.
///
/// Mapping costs address space, not memory: pages come from the file when they are read and may be given back
/// (``release(_:)``). The file must not be shortened by others while it is mapped.
package final class MappedFile: @unchecked Sendable {
    // Sendable: the mapping is read-only and lives until `deinit`; no state changes after `init`.

    package let path: String
    /// The file's length in bytes.
    package let count: Int
    private let base: UnsafeMutableRawPointer?

    /// Maps the file at `path`.
    ///
    /// - Parameter ownedByUser: Whether a file of another user is refused: the owner may shorten it while it is mapped,
    ///   and the system ends a process that then reads past its end.
    /// - Throws: ``TensorFileError`` where the file is missing, unreadable or not a regular file.
    package init(path: String, ownedByUser: Bool = false) throws(TensorFileError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw TensorFileError(path: path, fault: .system(systemErrorText())) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw TensorFileError(path: path, fault: .system(systemErrorText()))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"
            throw TensorFileError(path: path, fault: .system("this is \(kind), a file was expected"))
        }
        guard !ownedByUser || status.st_uid == geteuid() else {
            throw TensorFileError(path: path, fault: .system("this file is another user's"))
        }
        count = Int(status.st_size)
        guard count > 0 else {
            base = nil
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw TensorFileError(path: path, fault: .system(systemErrorText()))
        }
        base = address
    }

    deinit {
        if let base { munmap(base, count) }
    }

    /// Calls `body` with the bytes of `range`, which must lie within the file; the pointer is valid only inside.
    package func withUnsafeBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return try withExtendedLifetime(self) {
            try body(
                UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0) + range.lowerBound }, count: range.count))
        }
    }

    /// A copy of the bytes of `range`, which must lie within the file.
    package func bytes(_ range: Range<Int>) -> [UInt8] {
        withUnsafeBytes(range) { [UInt8]($0) }
    }

    /// Gives the memory of the pages that lie wholly in `range` back to the system; they are read again when needed.
    package func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == count ? count : range.upperBound / page * page
        guard let base, first < end else { return }
        madvise(base + first, end - first, MADV_DONTNEED)
    }
}

/// What `errno` says, in words.
package func systemErrorText(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}
