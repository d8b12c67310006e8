import Glibc
import MuScImages
import MuScSupport
import SystemPackage

/// The files of a folder that are taken for images.
public enum ImageListing {
    /// Names that promise an image: such a file is listed even where its content is not one, so that a damaged
    /// photograph is reported and not passed over.
    static let extensions: Set<String> = [
        "jpg", "jpeg", "png", "tif", "tiff", "bmp", "pbm", "pgm", "ppm", "pnm",
    ]

    /// Lists the images of a folder, sorted by name.
    ///
    /// A file is taken for an image by its first bytes or by its extension. Hidden files, folders that start with
    /// `_musc` or a dot, results, and the mask `_region.png` are left out.
    ///
    /// - Parameters:
    ///   - recursive: Whether the folders below belong to the batch too.
    ///   - excluding: Names of folders that are never entered, such as the results' folder.
    /// - Throws: ``ListingError`` where the folder is missing or cannot be read.
    public static func images(
        in folder: FilePath, recursive: Bool = false, excluding: Set<String> = []
    ) throws(ListingError) -> [FilePath] {
        let entries: [DirectoryEntry]
        do {
            entries = try DirectoryEntry.list(folder)
        } catch {
            throw ListingError(folder: folder, cause: error)
        }
        var found: [FilePath] = []
        for entry in entries where !entry.isHidden {
            let path = folder.appending(entry.name)
            switch entry.kind {
            case .file where entry.name != RegionOfInterest.maskName && isImage(path):
                found.append(path)
            case .folder where recursive && !excluding.contains(entry.name.string):
                found += try images(in: path, recursive: true, excluding: excluding)
            default:
                break
            }
        }
        return found.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    private static func isImage(_ path: FilePath) -> Bool {
        if let name = path.extension?.lowercased(), extensions.contains(name) { return true }
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking]) else { return false }
        defer { try? file.close() }
        var head = [UInt8](repeating: 0, count: 64)
        guard let count = try? head.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return false }
        return ImageFormat.detect(head.prefix(count)) != nil
    }
}

/// A folder whose images cannot be listed.
public struct ListingError: Error, Sendable, CustomStringConvertible {
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

/// One name in a folder.
private struct DirectoryEntry {
    enum Kind { case file, folder, other }

    var name: FilePath.Component
    var kind: Kind
    var isHidden: Bool { name.string.hasPrefix(".") }

    /// Reads the names of a folder; a link counts as the file that it leads to, and as nothing where it leads to a
    /// folder, because folders that are linked into each other never end.
    static func list(_ folder: FilePath) throws(Errno) -> [DirectoryEntry] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        var entries: [DirectoryEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                return entries
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath.Component(platformString: $0) }
            }
            guard let name, name.kind == .regular else { continue }
            var status = stat()
            let path = folder.appending(name)
            guard path.withPlatformString({ lstat($0, &status) }) == 0 else { continue }
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            if isLink, path.withPlatformString({ stat($0, &status) }) != 0 { continue }
            switch status.st_mode & S_IFMT {
            case S_IFREG: entries.append(DirectoryEntry(name: name, kind: .file))
            case S_IFDIR where !isLink: entries.append(DirectoryEntry(name: name, kind: .folder))
            default: entries.append(DirectoryEntry(name: name, kind: .other))
            }
        }
    }
}
