import Glibc
import MuScResults
import MuScSupport
import MuScWatching
import SystemPackage

/// A batch that is scored by hand, and where what it comes to belongs.
struct BatchByHand: Sendable {
    /// As the user named it.
    var folder: FilePath
    /// The results' folder.
    var results: FilePath
    /// The folder of copies of flagged images, where there are to be any.
    var copies: FlaggedCopies?
}

extension Configuration {
    /// Finds for each batch a place of its own, before anything is scored.
    ///
    /// Batches of one last name are told apart by the shortest ends of their paths that differ. A batch of a drop
    /// folder has its results where the watcher looks for them, unless a flag names another place.
    ///
    /// - Parameters:
    ///   - folders: As the user named them; a folder that is named twice is one batch.
    ///   - fixed: Where the results of a single batch belong by its plan; nil where the configuration says it.
    /// - Throws: ``UserError`` with exit status 2 where two batches cannot be told apart, or where results of another
    ///   batch lie already.
    func placesByHand(of folders: [FilePath], at fixed: String? = nil) throws(UserError) -> [BatchByHand] {
        let folders = Self.once(folders)
        let paths = folders.map { $0.canonical() }
        let names: [[FilePath.Component]]
        do {
            names =
                try resultsPlace == nil && flaggedFolder == nil
                ? paths.map { Array($0.components.suffix(1)) } : BatchName.names(of: paths)
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        var batches: [BatchByHand] = []
        for (index, folder) in folders.enumerated() {
            let results = fixed.map { FilePath($0) } ?? rootByHand(of: paths[index]).map { watch.resultsFolder(of: paths[index], in: $0) }
            let copies = flaggedFolder.map { place in
                FlaggedCopies(place: place.string, named: names[index])
            }
            let batch = BatchByHand(
                folder: folder, results: results ?? output.place.folder(of: folder, named: names[index]), copies: copies)
            // Beside their images results are as far apart as these.
            let isBeside = resultsPlace == nil && fixed == nil
            if let other = batches.first(where: {
                isBeside ? $0.results == batch.results : $0.results.folded == batch.results.folded
            }) {
                throw UserError(
                    "\(folder) and \(other.folder) would both have their results in \(batch.results): score them one by one, "
                        + "each with an --out of its own", exit: .usage)
            }
            try batch.check(paths[index])
            batches.append(batch)
        }
        return batches
    }

    /// The drop folder whose tree is repeated under `output.where`, and that a batch lies in.
    private func rootByHand(of batch: FilePath) -> FilePath? {
        guard resultsPlace != nil, said["output.where"]?.isFlag != true else { return nil }
        return watch.roots.map { $0.canonical() }.first { batch.isInside($0) }
    }

    /// Each folder once, however often and however it is named.
    private static func once(_ folders: [FilePath]) -> [FilePath] {
        struct Identity: Hashable { var device, inode: UInt64 }
        var seen: [Identity: FilePath] = [:]
        return folders.filter { folder in
            var status = stat()
            // What is not there is told of when it is its turn.
            guard folder.withPlatformString({ stat($0, &status) }) == 0 else { return true }
            let identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            if let first = seen[identity] {
                Terminal.note("\(folder) is the same folder as \(first), and is scored once", .notice)
                return false
            }
            seen[identity] = folder
            return true
        }
    }
}

extension BatchByHand {
    /// Refuses places that hold what another batch came to.
    fileprivate func check(_ path: FilePath) throws(UserError) {
        for place in [results, copies.map { FilePath($0.folder) }].compactMap({ $0 }) {
            guard let other = BatchOfResults.otherThan(path, in: place) else { continue }
            throw UserError(
                "\(place): holds what \(other) came to, and \(folder) would take its place: give another --out, or move it away",
                exit: .usage)
        }
    }
}

extension FilePath {
    /// Equal for paths that differ by case or Unicode form alone.
    fileprivate var folded: [String] { canonical().components.map(BatchName.folded) }
}
