import Glibc
import MuScImages
import MuScWatching
import SystemPackage

/// The link `latest` of a line: it leads to the results of the line's batch that was scored last.
///
/// A line is the folder that its batches lie in, such as `drop/line-a`, and the link lies in it, or in its counterpart
/// where results lie elsewhere. Programs and people find the newest report without knowing the batch's name. A drop
/// folder that is itself a batch has no line.
enum LatestLink {
    static let name = "latest"
    /// What becomes the link; hidden, so that no watcher takes it for something.
    private static let beside = ".latest.tmp"

    /// Points the link at a batch, in one step. What is no link under this name is left alone, and a folder that may
    /// not be written has no link.
    static func point(at batch: ReadyBatch, in configuration: WatchConfiguration) {
        guard batch.folder != batch.root else { return }
        let line = batch.results.removingLastComponent().removingLastComponent()
        guard let target = batch.results.relative(to: line) else { return }
        // Held open, so that a link that takes the folder's place meanwhile leads nowhere else.
        let folder = line.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard folder >= 0 else { return }
        defer { close(folder) }
        guard configuration.resultsRoot(of: batch.root).canonical().holds(openFile: folder) else { return }
        guard isLinkOrNothing(name, in: folder), isLinkOrNothing(beside, in: folder) else { return }
        // One that could not be taken away when the disk failed goes now. Only one program at a time has the drop folder.
        unlinkat(folder, beside, 0)
        guard target.withPlatformString({ symlinkat($0, folder, beside) == 0 }) else { return }
        if renameat(folder, beside, folder, name) != 0 { unlinkat(folder, beside, 0) }
    }

    private static func isLinkOrNothing(_ name: String, in folder: Int32) -> Bool {
        var status = stat()
        return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_mode & S_IFMT == S_IFLNK
    }
}
