import Glibc
import MuScImages
import SystemPackage

/// What one folder holds at one moment, as far as batches are concerned.
package struct FolderListing: Sendable {
    package var folder: FilePath
    /// Tells folders apart whatever they are called.
    package var id: FolderID
    /// Files that may be images, in ascending order of names. No file has been opened. Where the folder is one batch with
    /// all folders in it, theirs too, under their paths from here.
    package var files: [ImageFile]
    /// Folders to go on with, in ascending order of names; symbolic links are none.
    package var subfolders: [FileName]
    /// The ready file's identity, where it is there: it changes when the file is written again.
    package var readyMark: String?
    /// The ready file's time of change, as of images; 0 where it is not known.
    var readyChanged: Int64 = 0
    /// Folders that appliances and systems keep their own things in, which are not entered.
    var skipped: [FileName] = []
    /// Links to folders outside the root, which are not followed.
    var linkedFolders: [FileName] = []
    /// The identity of the mask of what counts, where it is there as a file of its own: a link is none.
    package var maskMark: String?
    /// Names of files that have a second name or are a link, and so may appear without ever being written.
    var linked: Set<FileName> = []

    /// Lists a folder.
    ///
    /// A symbolic link counts as the file that it leads to, if that lies inside the root. Links to folders are not
    /// followed: what they lead to inside the root is met under its own name, and outside is none of our business;
    /// so there are no loops either.
    ///
    /// - Parameter enter: Called before a folder inside is listed that is of the same batch.
    /// - Throws: ``FolderError`` where the folder is gone or may not be read, or one inside that is of the same batch may not.
    static func read(
        _ folder: FilePath, root: FilePath, rules: NameRules, kinds: inout FileSystemKinds, enter: (FilePath) -> Void = { _ in }
    ) throws(FolderError) -> FolderListing {
        var listing = try readAlone(folder, root: root, rules: rules, kinds: &kinds)
        guard rules.isWhole(folder, in: root) else { return listing }
        // Bind mounts can make a folder its own descendant.
        var seen: Set<FolderID> = [listing.id]
        var queue = listing.subfolders
        listing.subfolders = []
        while let name = queue.popLast() {
            let path = folder.appending(name)
            enter(path)
            do throws(FolderError) {
                let part = try readAlone(path, root: root, rules: rules, kinds: &kinds)
                guard seen.insert(part.id).inserted else { continue }
                listing.takeIn(part, called: name)
                queue += part.subfolders.map { name.appending($0) }
            } catch {
                // Deleted since: it is no longer part of the listing.
                guard error.isGone else { throw error }
            }
        }
        listing.files.sort { $0.name < $1.name }
        return listing
    }

    /// Takes over what a folder of the same batch holds.
    private mutating func takeIn(_ part: FolderListing, called name: FileName) {
        for var file in part.files {
            file.name = name.appending(file.name)
            files.append(file)
        }
        linked.formUnion(part.linked.map { name.appending($0) })
        skipped += part.skipped
        linkedFolders += part.linkedFolders.map { name.appending($0) }
    }

    private static func readAlone(
        _ folder: FilePath, root: FilePath, rules: NameRules, kinds: inout FileSystemKinds
    ) throws(FolderError) -> FolderListing {
        let descriptor = folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw FolderError(folder: folder, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, let stream = fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw FolderError(folder: folder, code: code)
        }
        defer { closedir(stream) }
        let keepsInodes = kinds.kind(device: UInt64(status.st_dev), at: folder)?.keepsInodes ?? true
        var listing = FolderListing(folder: folder, id: FolderID(status), files: [], subfolders: [])

        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                // A folder that is deleted or unmounted while it is read ends with an error, not with its last entry.
                if errno != 0 { throw FolderError(folder: folder, code: errno) }
                break
            }
            let type = Int32(entry.pointee.d_type)
            guard [Int32(DT_REG), Int32(DT_DIR), Int32(DT_LNK), Int32(DT_UNKNOWN)].contains(type) else { continue }
            let name = FileName(bytes: nameBytes(entry))
            if name.bytes == [46] || name.bytes == [46, 46] { continue }
            if type == DT_DIR {
                listing.take(folder: name, rules: rules)
                continue
            }
            let isReadyFile = name == rules.readyFile
            let isMask = name == NameRules.mask && type != DT_LNK
            guard isReadyFile || isMask || rules.admitsFile(name) || type == DT_UNKNOWN else { continue }
            var file = stat()
            let found = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { fstatat(descriptor, $0, &file, AT_SYMLINK_NOFOLLOW) }
            }
            // Deleted since: it is no longer part of the listing.
            guard found == 0 else { continue }
            if file.st_mode & S_IFMT == S_IFDIR {
                listing.take(folder: name, rules: rules)
                continue
            }
            let isLink = file.st_mode & S_IFMT == S_IFLNK
            if isLink {
                let path = folder.appending(name)
                guard let target = path.resolved(), path.withPlatformString({ stat($0, &file) }) == 0 else { continue }
                guard target.isInside(root) else {
                    // What is linked to inside the root is met under its own name.
                    if file.st_mode & S_IFMT == S_IFDIR, rules.admitsFolder(name), !rules.isResults(target.lastName ?? name) {
                        listing.linkedFolders.append(name)
                    }
                    continue
                }
            }
            guard file.st_mode & S_IFMT == S_IFREG else { continue }
            let identity = ImageFile(name: name, file, keepsInode: keepsInodes)
            if isReadyFile {
                listing.readyMark = identity.mark
                listing.readyChanged = identity.changed
            } else if isMask, !isLink {
                listing.maskMark = identity.mark
                if file.st_nlink > 1 { listing.linked.insert(name) }
            } else if rules.admitsFile(name) {
                listing.files.append(identity)
                if isLink || file.st_nlink > 1 { listing.linked.insert(name) }
            }
        }
        listing.files.sort { $0.name < $1.name }
        listing.subfolders.sort()
        return listing
    }

    /// Whether an image was changed after the ready file was, or nobody knows.
    var isChangedAfterReady: Bool { files.contains { $0.changed >= readyChanged || $0.changed == 0 } }

    private mutating func take(folder name: FileName, rules: NameRules) {
        if ForeignFolder.isNamed(name.bytes) {
            skipped.append(name)
        } else if rules.admitsFolder(name), rules.admitsFolder(at: folder.appending(name)) {
            subfolders.append(name)
        }
    }

    private static func nameBytes(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            // The kernel ends every name with a zero within the array's 256 bytes.
            pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { text in
                var count = 0
                while count < 256, text[count] != 0 { count += 1 }
                return Array(UnsafeBufferPointer(start: text, count: count))
            }
        }
    }
}

/// A folder's device and inode.
package struct FolderID: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// - Returns: nil where there is no folder at the path.
    init?(_ path: FilePath) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        self.init(status)
    }
}

/// A folder that could not be listed.
package struct FolderError: Error, Equatable, CustomStringConvertible {
    package var folder: FilePath
    /// An `errno`.
    package var code: Int32

    package init(folder: FilePath, code: Int32) {
        self.folder = folder
        self.code = code
    }

    /// Whether the folder is gone, rather than closed to us or broken.
    package var isGone: Bool { code == ENOENT || code == ENOTDIR || code == ELOOP }

    package var description: String {
        let advice = code == EACCES ? "grant the user that runs musc the rights to read and enter it" : "the next scan tries again"
        return "\(folder.text) cannot be listed: \(Errno(rawValue: code).description); \(advice)"
    }
}

/// The file systems met so far, by device, so that the table of mounts is read once for each.
struct FileSystemKinds: Sendable {
    private var known: [UInt64: FileSystemKind?] = [:]

    mutating func kind(device: UInt64, at folder: FilePath) -> FileSystemKind? {
        if let kind = known[device] { return kind }
        let kind = FileSystemKind.of(folder)
        known[device] = .some(kind)
        return kind
    }

    /// Those of which inotify does not tell all.
    var silent: [FileSystemKind] { known.values.compactMap { $0 }.filter { !$0.sendsAllEvents } }

    /// Forgets everything: a device's number may be given to another file system after a remount.
    mutating func forget() { known = [:] }
}
