import Glibc
import SystemPackage

/// The folder that holds a batch's results. It appears whole or not at all, and is replaced in one step.
///
/// Everything is written into a hidden sibling, `.musc-<random>.tmp`, on the same file system; flushed; and exchanged
/// with the old results by renameat2(2), or, where the file system cannot, by two renames. The sibling is locked
/// with flock(2) while it is written, so what a killed run left behind is told from what another run is writing,
/// and is removed at the next publication. Nothing is followed through symbolic links.
package struct ResultsFolder: Sendable, Hashable {
    /// The folder, as `<batch>/_musc`, fit to be shown: bytes that are not UTF-8 are replaced.
    package let path: String
    /// The same as the file system has it.
    let location: FilePath
    /// The folder that the results must lie in once links are followed; nil for anywhere.
    let root: FilePath?
    /// The file by which a folder is known to be one of ours, and may be replaced.
    let marker: String

    /// - Parameter root: The folder that the results must lie in once links are followed, absolute and without links
    ///   itself; nil for anywhere. In a drop folder anybody may put a link where a batch was.
    package init(at location: FilePath, in root: FilePath? = nil) {
        self.init(at: location, in: root, marker: "run.json")
    }

    package init(path: String) {
        self.init(path: path, marker: "run.json")
    }

    init(path: String, marker: String) {
        self.init(at: FilePath(path), in: nil, marker: marker)
    }

    private init(at location: FilePath, in root: FilePath?, marker: String) {
        self.location = location
        self.root = root
        self.marker = marker
        path = location.string
    }

    var name: String { location.lastComponent?.string ?? "" }

    /// The folder that the results lie in.
    private var parentLocation: FilePath {
        let parent = location.removingLastComponent()
        return parent.isEmpty ? "." : parent
    }

    var parent: String { parentLocation.string }

    /// Writes new results and puts them in the old ones' place.
    ///
    /// - Parameters:
    ///   - createsParent: False where the folder that holds the results must exist, because it is the batch itself:
    ///     one that has vanished is not made anew.
    ///   - confirm: Asked directly before the results are put in their place. What it throws is passed on, and nothing
    ///     has changed.
    ///   - write: Fills the folder whose path it gets. What it throws is passed on, and nothing has changed.
    /// - Throws: ``ResultsError`` where a system call fails, or where something that is not a results folder (a
    ///   file, a symbolic link, a folder without `run.json`) lies at ``path``; the temporary folder is then removed.
    package func publish(
        createsParent: Bool = true, confirm: () throws(ResultsError) -> Void = { () throws(ResultsError) in },
        _ write: (_ folder: String) throws(ResultsError) -> Void
    ) throws(ResultsError) {
        guard !name.isEmpty, name != ".", name != ".." else {
            throw ResultsError(kind: .occupied, path: path, detail: "is not a name for a results folder")
        }
        if createsParent { try Directory.create(at: parentLocation) }
        let directory = try Directory(at: parentLocation, in: root)
        try checkOccupant(of: directory)
        removeLeftovers(in: directory)

        let temporary = try makeTemporary(in: directory)
        do {
            try write(temporary.directory.pinnedPath)
            try temporary.directory.synchronise()
            try checkOccupant(of: directory)
            try confirm()
            try exchange(temporary.name, in: directory)
            try directory.flush()
        } catch {
            directory.removeTree(temporary.name)
            throw named(named(error, instead: temporary.directory.pinnedPath), instead: directory.pathOf(temporary.name))
        }
        // After an exchange the old results lie under the temporary name; otherwise there is nothing there.
        directory.removeTree(temporary.name)
    }

    /// The error with the path that people know in the place of the temporary folder's.
    private func named(_ error: ResultsError, instead temporary: String) -> ResultsError {
        guard error.path.hasPrefix(temporary) else { return error }
        var error = error
        error.path = path + error.path.dropFirst(temporary.count)
        return error
    }

    /// Takes away what was published, if anything was.
    ///
    /// - Throws: ``ResultsError`` where something else lies at ``path``, or it cannot be removed.
    func withdraw() throws(ResultsError) {
        guard let directory = try? Directory(at: parentLocation, in: root), directory.kind(of: name) != nil else { return }
        try checkOccupant(of: directory)
        let aside = Self.temporaryName()
        try directory.rename(name, to: aside)
        directory.removeTree(aside)
    }

    /// Refuses to replace what this program did not write.
    private func checkOccupant(of directory: borrowing Directory) throws(ResultsError) {
        let advice = "Move it away, or choose another name with output.folder_name."
        switch directory.kind(of: name) {
        case nil:
            return
        case .directory:
            let existing = try directory.directory(name)
            if existing.kind(of: marker) == .file { return }
            if try existing.entries().isEmpty { return }
            throw ResultsError(
                kind: .occupied, path: path, detail: "holds files, but no results of an earlier run, and is left alone",
                advice: advice)
        case .symbolicLink:
            throw ResultsError(
                kind: .occupied, path: path, detail: "is a symbolic link, which is not followed", advice: advice)
        case .file, .other:
            throw ResultsError(kind: .occupied, path: path, detail: "is not a folder", advice: advice)
        }
    }

    private struct Temporary: ~Copyable {
        let name: String
        let directory: Directory
    }

    private func makeTemporary(in directory: borrowing Directory) throws(ResultsError) -> Temporary {
        while true {
            let name = Self.temporaryName()
            let made: Directory
            do throws(ResultsError) {
                made = try directory.makeDirectory(name)
            } catch {
                throw named(error, instead: directory.pathOf(name))
            }
            // Another run that cleans up may have seen it between its making and its lock.
            guard made.lock() != .held, directory.holds(made, as: name) else { continue }
            return Temporary(name: name, directory: made)
        }
    }

    private static func temporaryName() -> String {
        ".musc-" + UInt64.random(in: .min ... .max).hexadecimal + ".tmp"
    }

    /// Whether a name is one that ``publish(_:)`` gives to folders it is writing.
    static func isTemporary(_ name: String) -> Bool {
        name.hasPrefix(".musc-") && name.hasSuffix(".tmp") && name.utf8.count == 26
    }

    /// Removes what runs that were killed have left beside these results; those of runs that go on are left alone.
    package func removeLeftovers() {
        if let directory = try? Directory(at: parentLocation, in: root) { removeLeftovers(in: directory) }
    }

    private func removeLeftovers(in directory: borrowing Directory) {
        let day = 86_400
        for bytes in (try? directory.entries()) ?? [] {
            let name = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard Self.isTemporary(name), let leftover = try? directory.directory(name) else { continue }
            switch leftover.lock() {
            case .held: continue
            case .taken: directory.removeTree(name)
            // Without locks only age tells; the parent's clock is the file system's own.
            case .unsupported where leftover.modified < directory.modified - day: directory.removeTree(name)
            case .unsupported: continue
            }
        }
    }

    private func exchange(_ temporary: String, in directory: borrowing Directory) throws(ResultsError) {
        guard directory.kind(of: name) != nil else { return try directory.rename(temporary, to: name) }
        if try directory.exchange(temporary, name) { return }
        let aside = Self.temporaryName()
        try directory.rename(name, to: aside)
        do {
            try directory.rename(temporary, to: name)
        } catch {
            try? directory.rename(aside, to: name)
            throw error
        }
        directory.removeTree(aside)
    }
}
