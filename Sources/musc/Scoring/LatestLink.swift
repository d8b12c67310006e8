import Glibc
import MuScImages
import MuScSupport
import MuScWatching
import SystemPackage

/// The link `latest` of a line: it leads to the results of the line's batch that was scored last.
///
/// A line is the folder that its batches lie in, such as `drop/line-a`, and the link lies in it, or in its counterpart
/// where results lie elsewhere. Programs and people find the newest report without knowing the batch's name. A drop
/// folder that is itself a batch has no line. It is pointed at a batch that was scored at once, and follows with the drop
/// folder's index where batches are renamed, deleted or recognised.
enum LatestLink {
    static let name = "latest"
    /// What becomes the link; hidden, so that no watcher takes it for something.
    private static let beside = ".latest.tmp"

    /// Points the link at a batch, in one step. What is not such a link under this name is left alone, and a folder that
    /// may not be written has no link.
    static func point(at batch: ReadyBatch, in configuration: WatchConfiguration) {
        guard batch.folder != batch.root else { return }
        // What else may lie there is told of when the index is written.
        _ = point(at: batch.results, in: configuration.resultsRoot(of: batch.root))
    }

    /// Says that something else has the link's name.
    static func tell(of line: FilePath) {
        Terminal.note("\(line.appending(name)): is not the link that musc makes, and is left as it is", .warning)
    }

    /// The folder in which the link to a batch's results lies.
    static func line(of results: FilePath) -> FilePath { results.removingLastComponent().removingLastComponent() }

    /// Points the links of all lines of a drop folder at the batches that were scored last, of those whose results are in
    /// place; a link of a line that has none any more goes.
    ///
    /// - Parameter former: The lines that had batches when they were looked at last.
    /// - Returns: The lines, and those in which something else has the link's name.
    static func follow(_ index: RootIndex, former: [FilePath: FilePath]) -> (lines: [FilePath: FilePath], others: [FilePath]) {
        var newest: [FilePath: (finished: Double, results: FilePath)] = [:]
        var lines: [FilePath: FilePath] = [:]
        for batch in index.batches where batch.folder != index.root {
            guard let results = batch.results, let finished = batch.finished else { continue }
            let line = line(of: results)
            lines[line] = results
            if !batch.isGone, newest[line].map({ $0.finished < finished }) ?? true { newest[line] = (finished, results) }
        }
        var others: [FilePath] = []
        for (line, (_, results)) in newest where !point(at: results, in: index.place) { others.append(line) }
        for (line, results) in former.merging(lines, uniquingKeysWith: { $1 }) where newest[line] == nil {
            remove(from: line, asOf: results, in: index.place)
        }
        return (lines, others)
    }

    /// Takes the link away from a line without results, if it is ours and leads nowhere.
    private static func remove(from line: FilePath, asOf results: FilePath, in place: FilePath) {
        guard let folder = open(line, in: place) else { return }
        defer { close(folder) }
        guard isOursOrNothing(name, in: folder, results), faccessat(folder, name, F_OK, 0) != 0, errno == ENOENT else { return }
        unlinkat(folder, name, 0)
    }

    /// Points the link of a line at results, unless it leads there.
    ///
    /// - Returns: Whether what has the link's name is a link of ours by now, or cannot be made here.
    private static func point(at results: FilePath, in place: FilePath) -> Bool {
        let line = line(of: results)
        guard let target = results.relative(to: line), let folder = open(line, in: place) else { return true }
        defer { close(folder) }
        guard isOursOrNothing(name, in: folder, results), isOursOrNothing(beside, in: folder, results) else { return false }
        if self.target(of: name, in: folder) == target { return true }
        // One that could not be taken away when the disk failed goes now. Only one program at a time has the drop folder.
        unlinkat(folder, beside, 0)
        guard target.withPlatformString({ symlinkat($0, folder, beside) == 0 }) else { return true }
        if renameat(folder, beside, folder, name) != 0 { unlinkat(folder, beside, 0) }
        return true
    }

    /// Opens a line's folder, if it lies in the place of results.
    private static func open(_ line: FilePath, in place: FilePath) -> Int32? {
        // Held open, so that a link that takes the folder's place meanwhile leads nowhere else.
        let folder = line.withPlatformString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard folder >= 0 else { return nil }
        guard place.canonical().holds(openFile: folder) else {
            close(folder)
            return nil
        }
        return folder
    }

    /// Whether a link is one that leads from a line to a batch's results, or nothing is there: others' links are theirs.
    private static func isOursOrNothing(_ name: String, in folder: Int32, _ results: FilePath) -> Bool {
        guard let path = target(of: name, in: folder) else { return errno == ENOENT }
        // `_musc`, or `_musc-2` of a folder's second batch.
        func stem(_ path: FilePath) -> Substring? { path.lastComponent?.string.prefix { $0 != "-" } }
        return path.isRelative && path.components.count == 2 && stem(path) == stem(results)
    }

    /// Where a link leads; nil where there is none, and `errno` says why.
    private static func target(of name: String, in folder: Int32) -> FilePath? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlinkat(folder, name, &target, Int(PATH_MAX))
        return count >= 0 ? FilePath(bytes: target.prefix(count).map { UInt8(bitPattern: $0) }) : nil
    }
}
