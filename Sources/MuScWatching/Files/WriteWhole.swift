import Glibc
import MuScSupport
import SystemPackage

/// Writes a file that appears at its path whole or not at all; see `FilePath.writeWhole`.
///
/// - Throws: ``FileWriteError``; then what was at the path is as it was, and nothing else is left.
func writeWhole(_ content: [UInt8], to path: FilePath, mode: mode_t = 0o644) throws(FileWriteError) {
    do throws(Errno) {
        try path.writeWhole(content, mode: mode)
    } catch {
        throw FileWriteError(path: path, code: error.rawValue)
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
