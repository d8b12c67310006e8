import Glibc
import MuScSupport
import SystemPackage

/// What a folder holds, every file accounted for: the images of its batch, and the others counted by the rule that
/// leaves them out.
package struct ImageListing: Sendable {
    /// The files that belong to the batch, sorted by name: images, and pictures of formats that are not read, which are
    /// to be named as unreadable.
    package private(set) var images: [FilePath] = []
    /// How many of the other files each rule left out.
    package private(set) var ignored: [IgnoringRule: Int] = [:]

    /// Lists a folder.
    ///
    /// A file is taken for an image by its first bytes or by its extension. Folders are no part of the batch, and hidden
    /// ones are never entered.
    ///
    /// - Parameters:
    ///   - recursive: Whether the folders below belong to the batch too.
    ///   - excluding: Names of folders that are never entered, such as the results' folder.
    ///   - rules: Which names are left out.
    ///   - root: The folder that links may not lead out of; nil for anywhere.
    /// - Throws: ``ListingError`` where the folder is missing or cannot be read.
    package init(
        _ folder: FilePath, recursive: Bool = false, excluding: Set<String> = [], rules: FileRules = FileRules(),
        root: FilePath? = nil
    ) throws(ListingError) {
        try list(folder, recursive: recursive, excluding: excluding, rules: rules, root: root)
        images.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// The images of a folder, sorted by name; see ``init(_:recursive:excluding:rules:root:)``.
    package static func images(
        in folder: FilePath, recursive: Bool = false, excluding: Set<String> = [], rules: FileRules = FileRules()
    ) throws(ListingError) -> [FilePath] {
        try ImageListing(folder, recursive: recursive, excluding: excluding, rules: rules).images
    }

    /// Counts images that are not among these as another batch's.
    package mutating func keep(only batch: some Sequence<FilePath>) {
        let batch = Set(batch)
        let others = images.count { !batch.contains($0) }
        images.removeAll { !batch.contains($0) }
        if others > 0 { ignored[.otherBatch, default: 0] += others }
    }

    private mutating func list(
        _ folder: FilePath, recursive: Bool, excluding: Set<String>, rules: FileRules, root: FilePath?
    ) throws(ListingError) {
        let entries: [FolderEntry]
        do {
            entries = try FolderEntry.list(folder)
        } catch {
            throw ListingError(folder: folder, cause: error)
        }
        let names = entries.map(\.bytes)
        let doubles = RawBesideImage(names)
        for (entry, name) in zip(entries, names) {
            let path = folder.appending(entry.name)
            switch entry.kind {
            case .folder:
                guard recursive, name.first != UInt8(ascii: "."), !ForeignFolder.isNamed(name), !excluding.contains(entry.name.string)
                else { continue }
                try list(path, recursive: true, excluding: excluding, rules: rules, root: root)
            case .file, .other:
                let rule =
                    Self.rule(entry, at: path, name: name, rules: rules, root: root)
                    ?? (doubles.contains(name) ? .rawBesideImage : nil)
                if let rule { ignored[rule, default: 0] += 1 } else { images.append(path) }
            }
        }
    }

    /// Why a file is no image of the batch; nil where it is one.
    private static func rule(
        _ entry: FolderEntry, at path: FilePath, name: [UInt8], rules: FileRules, root: FilePath?
    ) -> IgnoringRule? {
        if let rule = rules.rule(for: name) { return rule }
        guard entry.kind == .file else { return entry.isLink ? .link : .noImage }
        if entry.isLink, let root, !isInside(path, root) { return .link }
        guard !FileKind.belongsToBatch(path, name: name) else { return nil }
        return FileKind(name: name, head: []) == .sidecar ? .sidecar : .noImage
    }

    private static func isInside(_ path: FilePath, _ root: FilePath) -> Bool {
        path.withPlatformString { text in
            guard let real = realpath(text, nil) else { return false }
            defer { free(real) }
            return FilePath(platformString: real).starts(with: root)
        }
    }
}

/// A folder whose images cannot be listed.
public struct ListingError: Error, Sendable, Hashable, CustomStringConvertible {
    public var folder: FilePath
    public var cause: Errno

    package init(folder: FilePath, cause: Errno) {
        self.folder = folder
        self.cause = cause
    }

    public var description: String {
        switch cause {
        case .noSuchFileOrDirectory: "\(folder): there is no such folder: check the path"
        case .notDirectory: "\(folder): is not a folder: name the folder that holds the images"
        case .permissionDenied: "\(folder): cannot be read: give this user read and search permission"
        default: "\(folder): cannot be listed: \(cause): check its disk"
        }
    }
}
