import Glibc
import SystemPackage

/// One name in a folder.
package struct FolderEntry: Sendable {
    package enum Kind: Sendable { case file, folder, other }

    package var name: FilePath.Component
    /// What it leads to; a link to a folder, or to nothing, counts as `other`, because folders that are linked into each
    /// other never end.
    package var kind: Kind
    package var isLink: Bool

    /// The name as the file system's bytes.
    package var bytes: [UInt8] { FilePath(root: nil, components: name).bytes }

    /// Reads the names of a folder, in no order.
    package static func list(_ folder: FilePath) throws(Errno) -> [FolderEntry] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var entries: [FolderEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                return entries
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
            }
            guard let name, name.kind == .regular else { continue }
            var status = stat()
            // Deleted since: it is no longer part of the folder.
            guard fstatat(dirfd(stream), entry, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            let isFound = !isLink || fstatat(dirfd(stream), entry, &status, 0) == 0
            let kind: Kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG where isFound: .file
                case S_IFDIR where !isLink: .folder
                default: .other
                }
            entries.append(FolderEntry(name: name, kind: kind, isLink: isLink))
        }
    }
}

/// The status of what a folder's entry is called.
private func fstatat(
    _ folder: Int32, _ entry: UnsafeMutablePointer<dirent>, _ status: inout stat, _ flags: Int32
) -> Int32 {
    withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { Glibc.fstatat(folder, $0, &status, flags) }
    }
}
