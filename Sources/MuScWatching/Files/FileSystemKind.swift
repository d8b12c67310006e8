import Glibc
import MuScSupport
import SystemPackage

/// What a folder's file system can be relied on for.
package struct FileSystemKind: Hashable, Sendable {
    /// As the kernel calls it: `ext4`, `nfs4`, `cifs`, `fuse.sshfs` …
    package var name: String
    /// Where it is mounted.
    package var mountPoint: FilePath

    package init(name: String, mountPoint: FilePath) {
        self.name = name
        self.mountPoint = mountPoint
    }

    /// Whether inotify tells of every change. Network and shared file systems tell of those made on this machine only,
    /// and an overlay of none made in the layers below it.
    package var sendsAllEvents: Bool {
        let base = name.split(separator: ".").first.map(String.init) ?? name
        let silent: Set = [
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse", "9p", "virtiofs", "overlay", "aufs", "unionfs", "afs", "ceph",
            "glusterfs", "lustre", "gfs2", "ocfs2", "gpfs", "beegfs", "pvfs2", "orangefs", "vboxsf", "vmhgfs", "prl_fs",
            "coda", "ncpfs", "davfs", "ecryptfs",
        ]
        return !silent.contains(base)
    }

    /// Whether a file keeps its inode number from one mount to the next.
    package var keepsInodes: Bool {
        let base = name.split(separator: ".").first.map(String.init) ?? name
        return !["vfat", "msdos", "exfat", "fuse", "fuseblk", "9p", "vboxsf", "vmhgfs", "davfs"].contains(base)
    }

    /// One sentence for `musc doctor` and the log.
    package var explanation: String {
        sendsAllEvents
            ? "\(name) at \(mountPoint.text): changes are seen at once (inotify)"
            : "\(name) at \(mountPoint.text): changes made elsewhere send no events here, so the folder is scanned at intervals (watch.poll_seconds)"
    }

    /// The file system that holds a path, from `/proc/self/mountinfo`.
    ///
    /// - Returns: nil where the path does not exist or `/proc` is not mounted.
    package static func of(_ path: FilePath) -> FileSystemKind? {
        guard let real = path.resolved() else { return nil }
        let table = readWhole("/proc/self/mountinfo")
        return deepest(holding: real, in: table)
    }

    /// The line of the table of mounts for the file system that holds a path, with its rights; empty where it is not known.
    static func mount(holding path: FilePath) -> String {
        let table = readWhole("/proc/self/mountinfo")
        guard let real = path.resolved(), let kind = deepest(holding: real, in: table) else { return "" }
        let lines = table.split(separator: UInt8(ascii: "\n")).filter { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            return fields.count > 6 && FilePath(bytes: unescape(fields[4])) == kind.mountPoint
        }
        return lines.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Finds the mount with the longest mount point above a path; of several on one point the last covers the others.
    ///
    /// A line of the table reads `36 35 98:0 /root /mount/point options [fields…] - type source options`.
    static func deepest(holding path: FilePath, in table: [UInt8]) -> FileSystemKind? {
        var best: FileSystemKind?
        var bestLength = -1
        for line in table.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(where: { Array($0) == [UInt8(ascii: "-")] }),
                dash + 1 < fields.endIndex
            else { continue }
            let point = FilePath(bytes: unescape(fields[4]))
            let length = point.bytes.count
            if path.isInside(point), length >= bestLength {
                bestLength = length
                best = FileSystemKind(name: String(decoding: fields[dash + 1], as: UTF8.self), mountPoint: point)
            }
        }
        return best
    }

    /// Blanks, tabs, newlines and backslashes stand as three octal digits in the table.
    private static func unescape(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (48...55).contains($0) }) {
                result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1) - 48 }))
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

/// The whole of a small file, such as those under `/proc`; empty where it cannot be read.
func readWhole(_ path: FilePath) -> [UInt8] {
    let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var content: [UInt8] = []
    while true {
        let part = [UInt8](unsafeUninitializedCapacity: 1 << 15) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        if part.isEmpty { return content }
        content += part
    }
}
