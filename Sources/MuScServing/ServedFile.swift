import Glibc
import MuScImages
import MuScSupport
import SystemPackage

/// A file below a folder, opened step by step so that no link is followed and nothing outside is reached.
struct ServedFile: Sendable {
    let descriptor: FileDescriptor
    let length: Int
    let isOwn: Bool

    /// - Parameter parts: Names below the folder, as ``HTTPRequest/path`` has them.
    /// - Returns: nil where there is no ordinary file.
    init?(_ parts: [String], below folder: FilePath) {
        guard let name = parts.last, let inner = OpenFolder(Array(parts.dropLast()), below: folder) else { return nil }
        defer { inner.close() }
        let file = openat(inner.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(file)
            return nil
        }
        (descriptor, length, isOwn) = (FileDescriptor(rawValue: file), Int(status.st_size), status.st_uid == geteuid())
    }

    /// The file's content, and the end of the file being open.
    func content(most: Int) -> [UInt8]? {
        defer { try? descriptor.close() }
        guard length <= most else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        var count = 0
        while count < length {
            guard let read = try? bytes.withUnsafeMutableBytes({ try descriptor.read(into: .init(rebasing: $0[count...])) }), read > 0
            else {
                return nil
            }
            count += read
        }
        return bytes
    }
}

/// A folder that is reached without following a link.
struct OpenFolder: Sendable {
    let descriptor: Int32

    init?(_ parts: [String], below folder: FilePath) {
        var current = folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        for part in parts where current >= 0 {
            let next = openat(current, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            Glibc.close(current)
            current = next
        }
        guard current >= 0 else { return nil }
        descriptor = current
    }

    /// A path that leads here whatever the folder is called meanwhile, for as long as it is open.
    var path: FilePath { FilePath("/proc/self/fd/\(descriptor)") }

    func holds(_ name: String) -> Bool {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    func close() { Glibc.close(descriptor) }
}
