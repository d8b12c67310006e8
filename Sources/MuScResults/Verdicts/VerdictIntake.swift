import Glibc
import MuScBatch
import MuScSupport
import MuScVerdicts
import Synchronization
import SystemPackage

/// Takes in files of verdicts that people dropped: `verdicts (2).csv` as a browser saves it, in a batch's folder, its
/// line's or the drop folder.
///
/// What fits an image goes into that batch's `verdicts.csv`, and the file is renamed to `….taken`, so that it is taken
/// in once. A file that fits nothing stays as it is.
package struct VerdictIntake: Sendable {
    /// The batch that is about to be scored.
    private let batch: FilePath
    /// The drop folder; nil where the batch is scored by hand.
    private let root: FilePath?
    /// The folder that holds a batch's results; nil where that is not known.
    private let results: @Sendable (FilePath) -> FilePath?

    /// When folders last changed that were looked through: they need no second look.
    private static let seen = Mutex<[FilePath: timespec]>([:])
    /// A file that is younger may still be written.
    private static let settleSeconds = 2

    package init(batch: FilePath, root: FilePath?, results: @escaping @Sendable (FilePath) -> FilePath?) {
        self.batch = batch
        self.root = root
        self.results = results
    }

    /// What was taken in.
    package struct Taken: Sendable {
        /// What somebody should know, a sentence each.
        package var notes: [String] = []
        /// The verdicts that were written, with the batches that they are of.
        package var verdicts: [(batch: FilePath, verdict: PartVerdict)] = []
    }

    /// Looks through the folders of the batch's line and takes in what is there.
    package func run() -> Taken {
        var taken = Taken()
        for folder in folders {
            for file in files(in: folder) { taken.notes += takeIn(file, of: folder, &taken.verdicts) }
        }
        return taken
    }

    private var line: FilePath { root == nil || batch == root ? batch : batch.removingLastComponent() }

    private var folders: [FilePath] {
        guard let root else { return [batch] }
        let batches = batch == root ? [] : subfolders(of: line)
        var folders: [FilePath] = []
        for folder in [root, line] + batches + [batch] where !folders.contains(folder) { folders.append(folder) }
        return folders
    }

    private func subfolders(of folder: FilePath) -> [FilePath] {
        ((try? FolderEntry.list(folder)) ?? []).filter { $0.kind == .folder && $0.bytes.first != UInt8(ascii: ".") }
            .map { folder.appending($0.name) }.sorted { $0.string < $1.string }
    }

    /// The files of a folder that may be ones to take in.
    private func files(in folder: FilePath) -> [FilePath] {
        var status = stat()
        guard folder.withPlatformString({ stat($0, &status) }) == 0 else { return [] }
        let changed = status.st_mtim
        let isKnown = Self.seen.withLock { $0[folder].map { $0.tv_sec == changed.tv_sec && $0.tv_nsec == changed.tv_nsec } ?? false }
        guard !isKnown else { return [] }
        var files: [FilePath] = []
        var isSettled = true
        for entry in (try? FolderEntry.list(folder)) ?? [] where entry.kind == .file && !entry.isLink {
            let name = String(decoding: entry.bytes, as: UTF8.self).lowercased()
            guard name.hasPrefix("verdicts"), name.hasSuffix(".csv"), name != "verdicts.csv" else { continue }
            let path = folder.appending(entry.name)
            guard path.withPlatformString({ stat($0, &status) }) == 0 else { continue }
            if time(nil) - status.st_mtim.tv_sec < Self.settleSeconds { isSettled = false } else { files.append(path) }
        }
        if isSettled, files.isEmpty { Self.seen.withLock { $0[folder] = changed } }
        return files.sorted { $0.string < $1.string }
    }

    private func takeIn(
        _ file: FilePath, of folder: FilePath, _ all: inout [(batch: FilePath, verdict: PartVerdict)]
    ) -> [String] {
        do throws(VerdictFileError) {
            let table = try VerdictsFile.table(at: file)
            var notes = table.problems.map { "\(file): \($0)" }
            var written = 0
            var known = 0
            for (target, rows) in Dictionary(grouping: table.rows, by: { self.target(of: $0, in: folder) }).sorted(by: {
                ($0.key?.string ?? "") < ($1.key?.string ?? "")
            }) {
                guard let target else {
                    let example = rows[0].batch ?? rows[0].verdict.image
                    notes.append(
                        "\(file): \(rows.count) verdicts are of no batch that is here, such as \(example): put the file into the batch's folder"
                    )
                    continue
                }
                let added = try BatchVerdicts(of: target, results: results(target)).add(
                    VerdictTable(rows.map(\.verdict)), decidesOrigin: true)
                written += added.verdicts.count
                all += added.verdicts.map { (target, $0) }
                known += added.known
                if let first = added.unmatched.first {
                    notes.append("\(file): \(added.unmatched.count) verdicts fit no image of \(target), such as \(first.row.verdict.image)")
                }
            }
            guard written + known > 0 else { return notes }
            let taken = FilePath(bytes: file.bytes + Array(".taken".utf8))
            _ = file.withPlatformString { from in taken.withPlatformString { rename(from, $0) } }
            return ["\(file): \(written) verdicts were taken in\(known > 0 ? ", \(known) stood already" : "")"] + notes
        } catch {
            return ["\(error)"]
        }
    }

    /// The batch that a row is of: the one it names, or that of its name in this line, or the folder in which it lies.
    private func target(of row: VerdictTable.Row, in folder: FilePath) -> FilePath? {
        func isFolder(_ path: FilePath) -> Bool {
            var status = stat()
            return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
        if let name = row.batch, let last = FilePath(name).lastComponent {
            let named = FilePath(name).lexicallyNormalized()
            if let root, named.starts(with: root), isFolder(named), named.canonical().starts(with: root) { return named }
            if root != nil, isFolder(line.appending(last)) { return line.appending(last) }
        }
        // A drop folder that only holds batches is none itself.
        let holdsBatches = root != nil && folder != batch && (folder == root || folder == line)
        return holdsBatches ? nil : folder
    }
}
