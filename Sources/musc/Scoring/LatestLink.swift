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

    /// Points the link at a batch, in one step. What is not such a link under this name is left alone and told of, and a folder that may
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
        guard isOursOrNothing(name, in: folder, batch.results), isOursOrNothing(beside, in: folder, batch.results) else {
            Terminal.note("\(line.appending(name)): is not the link that musc makes, and is left as it is")
            return
        }
        // One that could not be taken away when the disk failed goes now. Only one program at a time has the drop folder.
        unlinkat(folder, beside, 0)
        guard target.withPlatformString({ symlinkat($0, folder, beside) == 0 }) else { return }
        if renameat(folder, beside, folder, name) != 0 { unlinkat(folder, beside, 0) }
    }

    /// Whether a link is one that leads from a line to a batch's results, or nothing is there: others' links are theirs.
    private static func isOursOrNothing(_ name: String, in folder: Int32, _ results: FilePath) -> Bool {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(folder, name, &target, Int(PATH_MAX))
        guard count >= 0 else { return errno == ENOENT }
        let path = FilePath(String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
        // `_musc`, or `_musc-2` of a folder's second batch.
        func stem(_ path: FilePath) -> Substring? { path.lastComponent?.string.prefix { $0 != "-" } }
        return path.isRelative && path.components.count == 2 && stem(path) == stem(results)
    }
}
