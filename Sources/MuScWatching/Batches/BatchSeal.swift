import Glibc
import MuScSupport
import SystemPackage

/// What a batch's folder and files were when work on it began, so that it can be asked later whether they still are.
///
/// A line may rename `current` and make a new `current` with the same names while the first is being scored. By paths
/// alone the two are the same batch. The seal tells them apart: by the folder's device and inode, and by each file's
/// device, inode, size, time of modification and time of change, which the system sets and no program can; and by the
/// kernel's word that the folder was moved, for one that is back in its place when it is asked (``MoveWatch``).
package struct BatchSeal: Sendable {
    package let folder: FilePath
    private let folderID: FolderID
    private let names: [FileName]
    private let stamps: [FileStamp]
    /// nil where there is no mask of what counts.
    private let mask: FileStamp?
    private let moves: MoveWatch?

    /// Seals a batch as it is now.
    ///
    /// - Parameters:
    ///   - folder: The batch's folder.
    ///   - names: Its images' names.
    /// - Returns: nil where the folder or one of the files is not there.
    package init?(folder: FilePath, names: [FileName]) {
        // Before anything is looked at, so that no move falls in between.
        moves = MoveWatch(folder)
        guard let id = FolderID(folder) else { return nil }
        var stamps: [FileStamp] = []
        stamps.reserveCapacity(names.count)
        for name in names {
            guard let stamp = FileStamp(folder.appending(name), stat) else { return nil }
            stamps.append(stamp)
        }
        self.folder = folder
        folderID = id
        self.names = names
        self.stamps = stamps
        mask = FileStamp(folder.appending(NameRules.mask), lstat)
    }

    /// Seals a batch, if it still is what it was when it was claimed.
    init?(_ batch: ReadyBatch) {
        self.init(folder: batch.folder, names: batch.files.map(\.name))
        for (file, stamp) in zip(batch.files, stamps) where !stamp.isSurely(file) { return nil }
    }

    /// Gives back what it takes of the kernel to be told of moves: the batch is dealt with.
    func end() { moves?.end() }

    /// Whether another folder, or none, is at the path by now.
    package var isElsewhere: Bool { FolderID(folder) != folderID }

    /// Makes sure that the batch is what it was.
    ///
    /// To be called directly before results are published: what was read in between is then known to have been read
    /// from the sealed files.
    ///
    /// - Throws: ``BatchChange``; then nothing may be published, told or remembered of it.
    package func confirm() throws(BatchChange) {
        guard !isElsewhere, moves?.wasMoved != true else { throw BatchChange(path: folder, kind: .folder) }
        for (name, stamp) in zip(names, stamps) {
            let path = folder.appending(name)
            guard let now = FileStamp(path, stat) else { throw BatchChange(path: path, kind: .gone) }
            guard now.isSurely(stamp) else { throw BatchChange(path: path, kind: .file) }
        }
        let path = folder.appending(NameRules.mask)
        let now = FileStamp(path, lstat)
        guard now == nil ? mask == nil : mask.map({ now?.isSurely($0) == true }) == true else {
            throw BatchChange(path: path, kind: .file)
        }
    }

    /// Reads the files' contents.
    ///
    /// - Parameter unread: Those that scoring could not read: results are not of them, whatever they hold by now.
    /// - Returns: The digests of the others, the mask's among them.
    package func contents(without unread: [FileName] = [], threads: Int = 2) -> FileContents {
        let unread = Set(unread)
        let all = names.filter { !unread.contains($0) } + (mask == nil ? [] : [NameRules.mask])
        let digests = concurrentMap(all.count, threads: threads) { FileContents.digest(of: folder.appending(all[$0])) }
        return FileContents(Dictionary(zip(all, digests).compactMap { name, digest in digest.map { (name, $0) } }) { $1 })
    }
}

/// One file at one moment.
private struct FileStamp: Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var changed: Int64
    var links: Int64

    /// - Parameter read: `stat` or `lstat`.
    /// - Returns: nil where no file is at the path.
    init?(_ path: FilePath, _ read: (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32) {
        var status = stat()
        guard path.withPlatformString({ read($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = nanoseconds(status.st_mtim)
        changed = nanoseconds(status.st_ctim)
        links = Int64(status.st_nlink)
    }

    /// Whether this is the file of another moment, as it was; a further name, which a backup may give it, is no change.
    func isSurely(_ earlier: FileStamp) -> Bool {
        device == earlier.device && inode == earlier.inode && size == earlier.size && modified == earlier.modified
            && (changed == earlier.changed || links != earlier.links)
    }

    /// Whether this is the file that a listing showed.
    func isSurely(_ file: ImageFile) -> Bool {
        size == file.size && modified == file.modified && (file.inode == 0 || inode == file.inode)
            && (file.changed == 0 || changed == file.changed)
    }
}

/// What a batch is no longer, so that nothing of it may be published.
package struct BatchChange: Error, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// Another folder, or none, is at the batch's path.
        case folder
        /// A file is gone.
        case gone
        /// A file was written, replaced, or had its rights changed.
        case file
    }

    package var path: FilePath
    package var kind: Kind

    package init(path: FilePath, kind: Kind) {
        self.path = path
        self.kind = kind
    }

    package var description: String {
        let what =
            switch kind {
            case .folder: "was moved, removed or replaced"
            case .gone: "was moved or removed"
            case .file: "was changed or replaced"
            }
        return "\(path.text) \(what) while its batch was scored; nothing was published, and what is there now is scored once it has settled"
    }
}
