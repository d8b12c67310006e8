import Glibc
import SystemPackage

extension FilePath {
    /// Writes a file that appears at this path whole or not at all: beside it, flushed, then renamed over it.
    ///
    /// - Throws: `Errno`; then what was at the path is as it was, and nothing else is left.
    package func writeWhole(_ content: [UInt8], mode: mode_t = 0o644) throws(Errno) {
        // Hidden, so that neither a watcher nor a collector of metrics takes it for something; and always called the same,
        // so that what a killed process left is used up by the next one.
        let name = [UInt8(ascii: ".")] + (lastComponent.map { FilePath(root: nil, components: $0).bytes } ?? Array("file".utf8))
        let beside = removingLastComponent().pushing(FilePath(bytes: name + Array(".tmp".utf8)))
        // Made anew: what lies there under that name may be a link, or have a second name, that somebody else put there.
        _ = beside.withPlatformString { unlink($0) }
        let descriptor = beside.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
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
            let renamed = beside.withPlatformString { from in withPlatformString { rename(from, $0) } }
            if renamed != 0 { code = errno }
        }
        if code != 0 {
            _ = beside.withPlatformString { unlink($0) }
            throw Errno(rawValue: code)
        }
    }
}
