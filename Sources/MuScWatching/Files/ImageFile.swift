import Glibc
import MuScSupport
import SystemPackage

/// A file as the folder's listing shows it: what tells this content of this file from another.
package struct ImageFile: Hashable, Sendable {
    package var name: FileName
    /// Bytes.
    package var size: Int64
    /// Time of the last modification in nanoseconds since 1970, by the file system's own clock. It is compared for
    /// equality only and never with our clock.
    package var modified: Int64
    /// The inode number, or 0 on file systems whose numbers change from mount to mount (FAT, exFAT, FUSE, …).
    package var inode: UInt64
    /// Time of the last change of content, rights or names in nanoseconds since 1970, which no program can set; 0 where
    /// it is not known, or the file system makes it up.
    package var changed: Int64
    /// How many names the file has; 0 where that is not known.
    package var links: Int64

    package init(name: FileName, size: Int64, modified: Int64, inode: UInt64, changed: Int64 = 0, links: Int64 = 0) {
        self.name = name
        self.size = size
        self.modified = modified
        self.inode = inode
        self.changed = changed
        self.links = links
    }

    /// The file's identity but for its name, as text.
    var mark: String { "\(size):\(modified):\(inode)" }

    /// Whether this is surely the same file with the same content as one seen earlier.
    ///
    /// A file that was written to, or had its rights changed, has another time of change, and is not surely the same
    /// whatever its size and its time of modification say. One that was given a further name (by a backup with hard
    /// links, for instance) is.
    func isSurely(_ earlier: ImageFile) -> Bool {
        guard name == earlier.name, mark == earlier.mark else { return false }
        return changed == earlier.changed || earlier.changed == 0 || changed == 0
            || (links != earlier.links && links != 0 && earlier.links != 0)
    }
}

extension ImageFile {
    init(name: FileName, _ status: stat, keepsInode: Bool) {
        self.init(
            name: name, size: Int64(status.st_size),
            modified: nanoseconds(status.st_mtim), inode: keepsInode ? UInt64(status.st_ino) : 0,
            // What makes up inodes makes up their times of change, too.
            changed: keepsInode ? nanoseconds(status.st_ctim) : 0, links: keepsInode ? Int64(status.st_nlink) : 0)
    }
}

func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }

extension FilePath {
    /// The name of the file that the path leads to.
    package var lastName: FileName? {
        let name = bytes.split(separator: UInt8(ascii: "/")).last
        return name.map { FileName(bytes: Array($0)) }
    }
}

/// The identity of a set of files: SHA-256 over names, sizes, modification times and inodes, in order of names; and over
/// those of the mask of what counts, where there is one.
///
/// Two listings have the same digest exactly when they show the same files with the same content, as far as a listing
/// can tell. The folder's own path is no part of it, so a batch that is renamed keeps its digest; nor are the files'
/// times of change, unless that is asked for (``ReadyBatch/stamp``), so that a batch whose rights are changed keeps it.
package struct FileSetDigest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let description: String

    /// The identity of files by their paths, equal to that which a watcher gives to the same files of a folder.
    ///
    /// - Parameter folder: Where the mask of what counts lies, if there is one.
    /// - Returns: nil where one of the files is not there, or is no file.
    package init?(filesAt paths: [FilePath], in folder: FilePath) {
        var kinds = FileSystemKinds()
        func file(_ path: FilePath, _ read: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32) -> ImageFile? {
            var status = stat()
            guard let name = path.lastName, path.withPlatformString({ read($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return nil
            }
            let kind = kinds.kind(device: UInt64(status.st_dev), at: path)
            return ImageFile(name: name, status, keepsInode: kind?.keepsInodes ?? true)
        }
        var files: [ImageFile] = []
        for path in paths {
            guard let image = file(path, stat) else { return nil }
            files.append(image)
        }
        self.init(sorted: files.sorted { $0.name < $1.name }, maskMark: file(folder.appending(NameRules.mask), lstat)?.mark)
    }

    package init(text: String) {
        description = text
    }

    /// - Parameters:
    ///   - files: In ascending order of names.
    ///   - maskMark: The identity of the mask of what counts, if there is one.
    ///   - context: What else the digest depends on.
    ///   - countsChanges: Whether it depends on the files' times of change and numbers of names.
    init(sorted files: [ImageFile], maskMark: String?, context: String = "", countsChanges: Bool = false) {
        var hash = SHA256()
        var buffer: [UInt8] = Array(context.utf8)
        buffer.append(0)
        for file in files {
            buffer.append(contentsOf: file.name.bytes)
            // A name holds no slash, so the slash ends it; a path from a batch's folder ends with two.
            if file.name.isPath { buffer.append(UInt8(ascii: "/")) }
            buffer.append(UInt8(ascii: "/"))
            let numbers = (
                UInt64(bitPattern: file.size).littleEndian, UInt64(bitPattern: file.modified).littleEndian, file.inode.littleEndian
            )
            withUnsafeBytes(of: numbers) { buffer.append(contentsOf: $0) }
            if countsChanges {
                withUnsafeBytes(of: (file.changed.littleEndian, file.links.littleEndian)) { buffer.append(contentsOf: $0) }
            }
            if buffer.count > 1 << 16 {
                hash.update(data: buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        // No image has the mask's name, so the two cannot be taken for each other.
        if let maskMark { buffer += NameRules.mask.bytes + [UInt8(ascii: "/")] + Array(maskMark.utf8) }
        hash.update(data: buffer)
        description = hash.finalize().hexadecimal
    }
}
