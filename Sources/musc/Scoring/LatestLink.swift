import Glibc
import MuScWatching
import SystemPackage

/// The link `latest` of a line: it leads to the results of the line's batch that was scored last.
///
/// A line is the folder that its batches lie in, such as `drop/line-a`, and the link lies in it, or in its counterpart
/// where results lie elsewhere. Programs and people find the newest report without knowing the batch's name. A drop
/// folder that is itself a batch has no line.
enum LatestLink {
    static let name = "latest"

    /// Points the link at a batch, in one step. What is no link under this name is left alone, and a folder that may
    /// not be written has no link.
    static func point(at batch: ReadyBatch, in configuration: WatchConfiguration) {
        guard batch.folder != batch.root else { return }
        let results = batch.results
        let line = results.removingLastComponent().removingLastComponent()
        let link = line.appending(name)
        var status = stat()
        let exists = link.withPlatformString { lstat($0, &status) == 0 }
        guard !exists || status.st_mode & S_IFMT == S_IFLNK, let target = results.relative(to: line) else { return }
        // Hidden, so that no watcher takes it for something.
        let beside = line.appending(".\(name).\(getpid()).tmp")
        let isMade = target.withPlatformString { to in beside.withPlatformString { symlink(to, $0) == 0 } }
        guard isMade else { return }
        let isRenamed = beside.withPlatformString { from in link.withPlatformString { rename(from, $0) == 0 } }
        if !isRenamed { _ = beside.withPlatformString { unlink($0) } }
    }
}
