import FoundationEssentials
import Glibc
import MuScBatch
import SystemPackage

/// Copies of flagged photographs in a folder of their own, for programs that watch a folder: `output.copy_flagged_to`.
///
/// The folder of a batch appears whole or not at all and holds, besides the photographs under their names, `batch.json`
/// with the ``BatchResult``. A batch in which nothing is flagged has no folder.
package struct FlaggedCopies: Sendable {
    /// The folder of the batch's copies.
    package let folder: String

    /// - Parameters:
    ///   - place: The folder of all copies.
    ///   - batchFolder: The batch, absolute.
    ///   - root: The drop folder that the batch lies in, whose tree is repeated; nil for a batch by itself.
    ///   - sequence: 1 for a folder's first batch; the further ones are told apart by it.
    package init(place: String, batchFolder: FilePath, root: FilePath? = nil, sequence: Int = 1) {
        var path = FilePath(place)
        var below = batchFolder.lexicallyNormalized()
        let isBelowRoot = root.map { below.removePrefix($0.lexicallyNormalized()) } ?? false
        if isBelowRoot {
            if let name = root?.lastComponent { path.append(name) }
            path.append(below.components)
        } else if let name = batchFolder.lastComponent {
            path.append(name)
        }
        folder = path.string + (sequence == 1 ? "" : "-\(sequence)")
    }

    /// The copies of a batch that is scored by hand.
    ///
    /// - Parameter name: Tells the batch from others under `place`.
    package init(place: String, named name: [FilePath.Component]) {
        var path = FilePath(place)
        path.append(name)
        folder = path.string
    }

    /// Copies the flagged photographs of a batch, in the place of what lay there of an earlier scoring.
    ///
    /// - Throws: ``ResultsError``; the former copies are as they were then.
    package func write(_ scores: Inspection, batchFolder: FilePath, result: BatchResult) throws(ResultsError) {
        let place = ResultsFolder(path: folder, marker: Self.marker)
        let flagged = scores.images.filter { $0.flagged }
        guard !flagged.isEmpty else { return try place.withdraw() }
        try place.publish { (path: String) throws(ResultsError) in
            // Of a file of several pages there is one copy.
            var copied: Set<FilePath> = []
            for image in flagged where copied.insert(image.path).inserted {
                var name = image.path
                if !name.removePrefix(batchFolder) { name = FilePath(root: nil, image.path.components.suffix(1)) }
                let copy = FilePath(path).appending(name.components)
                if name.components.count > 1 { try Directory.create(path: copy.removingLastComponent().string) }
                try Self.copy(image, to: copy)
            }
            try Directory(path: path).write(Array((result.json + "\n").utf8), to: Self.marker)
        }
    }

    /// Copies the flagged photographs of results that lie in place, unless that was done when they were written.
    ///
    /// - Parameters:
    ///   - resultsFolder: The results.
    ///   - batchFolder: The batch, absolute.
    ///   - root: The folder that photographs must lie in once links are followed.
    /// - Throws: ``ResultsError``; the former copies are as they were then.
    package func write(resultsFolder: FilePath, batchFolder: FilePath, root: FilePath) throws(ResultsError) {
        let run = try RunRecord(at: resultsFolder)
        guard run.flagged > 0 else { return }
        var (scores, recorded) = try ScoresArchive.read(resultsFolder: resultsFolder.string, run: run, ownedByUser: true)
        recorded = batchFolder.string
        let result = BatchResult(
            scores: scores, run: run, folder: recorded, results: resultsFolder.string, look: run.lookShare ?? OutputOptions().look)
        let former = try? JSONDecoder().decode(BatchResult.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(Self.marker)")))
        guard former?.id != result.id else { return }
        for index in scores.images.indices { scores.images[index].root = root }
        // What was taken away since cannot be copied.
        scores.images.removeAll { !($0.path.withPlatformString { access($0, R_OK) } == 0) }
        try write(scores, batchFolder: batchFolder, result: result)
    }

    static let marker = "batch.json"

    private static func copy(_ image: ScoredImage, to copy: FilePath) throws(ResultsError) {
        let source = image.path
        do {
            // Without waiting: a pipe may have taken the photograph's place since.
            let input = try FileDescriptor.open(source, .readOnly, options: [.nonBlocking, .closeOnExec])
            defer { try? input.close() }
            if let root = image.root, !root.holds(openFile: input.rawValue) { throw Errno.tooManySymbolicLinkLevels }
            let output = try FileDescriptor.open(
                copy, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            defer { try? output.close() }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try input.read(into: buffer)
                if count == 0 { return }
                try output.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch {
            let code = error as? Errno
            throw ResultsError(
                kind: code == .noSpace ? .noSpace : .system, path: source.string,
                detail: "cannot be copied to \(copy.string): \(code?.description ?? "\(error)")")
        }
    }
}
