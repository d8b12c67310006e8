import MuScSupport
import SystemPackage

/// The folders that are watched, by their watches.
struct WatchTree {
    private let inotify: Inotify?
    private var folders: [Int32: FilePath] = [:]
    // As bytes, because those below a folder are found by their beginning.
    private var watches: [[UInt8]: Int32] = [:]
    /// Folders that could not be watched since the last ``forgetFailures()``.
    private(set) var unwatched = 0
    /// Why the last of them could not be.
    private(set) var limit: WatchLimit?

    /// - Parameter inotify: nil where there is none; then no folder is watched.
    init(_ inotify: Inotify?, limit: WatchLimit? = nil) {
        self.inotify = inotify
        self.limit = limit
    }

    /// How many folders are watched.
    var count: Int { folders.count }

    /// The folder that a watch is on.
    func folder(of watch: Int32) -> FilePath? { folders[watch] }

    /// Whether a watch was put on what was at a path.
    func isWatched(_ folder: FilePath) -> Bool { watches[folder.bytes] != nil }

    /// Puts a watch on a folder.
    mutating func watch(_ folder: FilePath) {
        guard let inotify else {
            unwatched += 1
            return
        }
        do throws(WatchLimit) {
            let watch = try inotify.add(folder)
            // A watch follows its folder: after a move the kernel gives the same number for the new path.
            if let former = folders[watch], former != folder { watches[former.bytes] = nil }
            let path = folder.bytes
            if let former = watches[path], former != watch { folders[former] = nil }
            folders[watch] = folder
            watches[path] = watch
        } catch {
            switch error {
            case .watches, .instances:
                unwatched += 1
                limit = error
            case .other:
                // The folder is gone or closed to us; the listing that follows says so.
                break
            }
        }
    }

    /// Takes the watches off a folder and all below it.
    mutating func remove(_ folder: FilePath) {
        let path = folder.bytes
        let below = path + [UInt8(ascii: "/")]
        for (inner, watch) in watches where inner == path || inner.starts(with: below) {
            inotify?.remove(watch)
            folders[watch] = nil
            watches[inner] = nil
        }
    }

    /// Takes in that the kernel has dropped a watch.
    mutating func dropped(_ watch: Int32) {
        if let folder = folders.removeValue(forKey: watch), watches[folder.bytes] == watch { watches[folder.bytes] = nil }
    }

    /// Starts counting folders that could not be watched anew, before a scan that tries all of them again.
    mutating func forgetFailures() {
        unwatched = 0
        if inotify != nil { limit = nil }
    }
}
