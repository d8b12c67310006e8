import Glibc
import SystemPackage

/// Writes a file that appears at its path whole or not at all: beside it, flushed, then renamed over it.
///
/// - Throws: ``FileWriteError``; then what was at the path is as it was, and nothing else is left.
func writeWhole(_ content: [UInt8], to path: FilePath, mode: mode_t = 0o644) throws(FileWriteError) {
    // Hidden, so that neither a watcher nor a collector of metrics takes it for something; and always called the same,
    // so that what a killed process left is used up by the next one.
    let name = "." + (path.lastComponent?.string ?? "file") + ".tmp"
    let beside = path.removingLastComponent().appending(FileName(name))
    // Made anew: what lies there under that name may be a link, or have a second name, that somebody else put there.
    _ = beside.withPlatformString { unlink($0) }
    let descriptor = beside.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw FileWriteError(path: path, code: errno) }
    var code: Int32 = 0
    content.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while code == 0, !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { code = errno }
        }
    }
    if code == 0, fsync(descriptor) != 0 { code = errno }
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0 {
        let renamed = beside.withPlatformString { from in path.withPlatformString { rename(from, $0) } }
        if renamed != 0 { code = errno }
    }
    if code != 0 {
        _ = beside.withPlatformString { unlink($0) }
        throw FileWriteError(path: path, code: code)
    }
}

extension FilePath {
    /// Whether nothing is at a path, not even a link.
    static func isFree(_ path: FilePath) -> Bool {
        var status = Glibc.stat()
        return path.withPlatformString { lstat($0, &status) } != 0 && errno == ENOENT
    }

    /// Whether a file is at a path, and no link to one.
    static func isFile(_ path: FilePath) -> Bool {
        var status = Glibc.stat()
        return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

/// A file that could not be written.
package struct FileWriteError: Error, Equatable, CustomStringConvertible {
    package var path: FilePath
    /// An `errno`.
    package var code: Int32

    package init(path: FilePath, code: Int32) {
        self.path = path
        self.code = code
    }

    package var description: String {
        let advice =
            switch code {
            case ENOSPC, EDQUOT: "free some space"
            case EACCES, EPERM, EROFS: "give this user the right to write there"
            case EEXIST:
                "a file that musc did not write is there and is left as it is; move it away, or name another place with output.where"
            default: "check its disk"
            }
        return "\(path.text) cannot be written: \(Errno(rawValue: code).description); \(advice)"
    }
}
