import CLinux
import Glibc
import MuScImages
import SystemPackage

/// An open directory. Entries are reached through its descriptor and by name alone, so no symbolic link is ever
/// followed below it, and a directory that is renamed meanwhile stays the same one.
struct Directory: ~Copyable {
    /// What an entry of a directory is, itself and not what it may point at.
    enum EntryKind: Hashable {
        case file, directory, symbolicLink, other
    }

    let descriptor: Int32
    /// For messages.
    let path: String

    /// Opens a directory by path; the path's own links are followed, since the user gave it.
    ///
    /// - Parameter root: The folder that the directory must lie in once its links are followed, absolute and without
    ///   links itself; nil for anywhere.
    init(at location: FilePath, in root: FilePath? = nil) throws(ResultsError) {
        let path = location.string
        let descriptor = location.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw ResultsError(errno: errno, "cannot be opened", path: path) }
        if let root, !root.holds(openFile: descriptor) {
            close(descriptor)
            throw ResultsError(
                kind: .occupied, path: path, detail: "leads out of the drop folder \(root.string) through a link",
                advice: "Put the folder itself there, not a link.")
        }
        self.init(descriptor: descriptor, path: path)
    }

    init(path: String) throws(ResultsError) { try self.init(at: FilePath(path)) }

    /// A path that leads here whatever the directory is called meanwhile, for as long as it is open; the ordinary path
    /// where the system has no such thing.
    var pinnedPath: String {
        let pinned = "/proc/self/fd/\(descriptor)"
        return access(pinned, F_OK) == 0 ? pinned : path
    }

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Makes the directories of `path` that are missing, writable by their owner alone.
    static func create(at path: FilePath) throws(ResultsError) {
        var made = FilePath(root: path.root, [])
        for component in path.components {
            made.append(component)
            if made.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST, errno != EISDIR {
                let code = errno
                var information = stat()
                guard made.withPlatformString({ stat($0, &information) }) == 0 else {
                    throw ResultsError(errno: code, "cannot be created", path: made.string)
                }
            }
        }
    }

    static func create(path: String) throws(ResultsError) { try create(at: FilePath(path)) }

    func pathOf(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// Opens the directory `name`; a symbolic link is refused.
    func directory(_ name: String) throws(ResultsError) -> Directory {
        let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { throw ResultsError(errno: errno, "cannot be opened", path: pathOf(name)) }
        return Directory(descriptor: opened, path: pathOf(name))
    }

    /// Makes the directory `name`, which must not exist, and opens it.
    func makeDirectory(_ name: String) throws(ResultsError) -> Directory {
        guard mkdirat(descriptor, name, 0o755) == 0 else {
            throw ResultsError(errno: errno, "cannot be created", path: pathOf(name))
        }
        return try directory(name)
    }

    /// What the entry `name` is; nil where there is none.
    func kind(of name: String) -> EntryKind? {
        var information = stat()
        guard fstatat(descriptor, name, &information, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: return .file
        case S_IFLNK: return .symbolicLink
        default: return .other
        }
    }

    /// Whether `other`, opened earlier under `name`, is still what `name` stands for.
    func holds(_ other: borrowing Directory, as name: String) -> Bool {
        var mine = stat()
        var theirs = stat()
        return fstatat(descriptor, name, &mine, AT_SYMLINK_NOFOLLOW) == 0 && fstat(other.descriptor, &theirs) == 0
            && mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev
    }

    /// The entries' names as they are on disk, without `.` and `..`, each ended by a zero.
    func entries() throws(ResultsError) -> [[CChar]] {
        // The stream closes its descriptor, so it gets one of its own, with its own position.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            throw ResultsError(errno: errno, "cannot be listed", path: path)
        }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            }
            let dot = CChar(bitPattern: UInt8(ascii: "."))
            if name != [dot, 0], name != [dot, dot, 0] { names.append(name) }
        }
        return names
    }

    /// Writes a new file whole; an existing one is an error.
    func write(_ bytes: some ContiguousBytesOfFile, to name: String) throws(ResultsError) {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw ResultsError(errno: errno, "cannot be created", path: pathOf(name)) }
        let code = bytes.withFileBytes { buffer -> Int32 in
            var rest = buffer
            while !rest.isEmpty {
                let count = Glibc.write(file, rest.baseAddress, min(rest.count, 1 << 30))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return errno }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return 0
        }
        // Network file systems and quotas may report a failed write only here.
        let closed = close(file) == 0 ? 0 : errno
        guard code == 0, closed == 0 else {
            throw ResultsError(errno: code == 0 ? closed : code, "cannot be written", path: pathOf(name))
        }
    }

    /// Gives the file `name` of this directory a second name in another one, if it is one of this user's.
    ///
    /// - Parameters:
    ///   - name: A relative path; links in it are not followed, and it must not lead upwards.
    ///   - target: A relative path in `other`, whose directories exist.
    /// - Returns: False where that cannot be.
    func link(_ name: String, to target: String, in other: borrowing Directory) -> Bool {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard !parts.contains(where: { ["", ".", ".."].contains($0) }), let file = parts.popLast() else { return false }
        if let first = parts.first {
            guard let inner = try? directory(first) else { return false }
            return inner.link((parts.dropFirst() + [file]).joined(separator: "/"), to: target, in: other)
        }
        var status = stat()
        guard fstatat(descriptor, file, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_uid == geteuid()
        else { return false }
        return linkat(descriptor, file, other.descriptor, target, 0) == 0
    }

    /// Flushes every file and directory below, by flushing the file system that holds them: hundreds of pictures take
    /// one journal commit in this way, and one each when flushed by themselves.
    func synchronise() throws(ResultsError) {
        let code = musc_sync_file_system(descriptor)
        guard code == 0 else { throw ResultsError(errno: code, "cannot be flushed to disk", path: path) }
        try flush()
    }

    /// Flushes this directory's entries. File systems that cannot flush a directory are left to their own order.
    func flush() throws(ResultsError) {
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw ResultsError(errno: errno, "cannot be flushed to disk", path: path)
        }
    }

    /// Removes the entry `name` with everything below it, as far as this user may.
    ///
    /// What nests deeper than results do was put there by somebody else, and is left: each level keeps a file open.
    /// A disk that fails for a moment is asked again, because nobody else comes past here before the next publication.
    func removeTree(_ name: String) {
        for _ in 0..<3 where kind(of: name) != nil { removeTree(name.utf8CString.map { $0 }, depth: 16) }
    }

    private func removeTree(_ name: [CChar], depth: Int) {
        if unlinkat(descriptor, name, 0) == 0 || depth == 0 { return }
        let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { return }
        let inside = Directory(descriptor: opened, path: path)
        for entry in (try? inside.entries()) ?? [] { inside.removeTree(entry, depth: depth - 1) }
        unlinkat(descriptor, name, AT_REMOVEDIR)
    }

    /// Renames the entry `old`; an empty directory or a file under `new` is replaced.
    func rename(_ old: String, to new: String) throws(ResultsError) {
        guard renameat(descriptor, old, descriptor, new) == 0 else {
            throw ResultsError(errno: errno, "cannot be moved to its place", path: pathOf(new))
        }
    }

    /// Exchanges two entries in one step; false where the file system or the kernel cannot.
    func exchange(_ a: String, _ b: String) throws(ResultsError) -> Bool {
        switch musc_exchange_entries(descriptor, a, b) {
        case 0: return true
        case EINVAL, ENOSYS, ENOTSUP: return false
        case let code: throw ResultsError(errno: code, "cannot be replaced", path: pathOf(b))
        }
    }

    /// How an attempt to lock a directory ended.
    enum LockOutcome: Hashable {
        case held, taken, unsupported
    }

    /// Locks the directory for this process until it is closed or the process ends, however it ends.
    func lock() -> LockOutcome {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .taken }
        return errno == EWOULDBLOCK ? .held : .unsupported
    }

    /// Seconds since the epoch, by the file system's clock, at which the directory's entries last changed.
    var modified: Int {
        var information = stat()
        return fstat(descriptor, &information) == 0 ? information.st_mtim.tv_sec : 0
    }
}

/// What can be written to a file in one piece.
protocol ContiguousBytesOfFile {
    func withFileBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
}

extension Array: ContiguousBytesOfFile where Element == UInt8 {
    func withFileBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { withUnsafeBytes(body) }
}

extension String: ContiguousBytesOfFile {
    func withFileBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = self
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
