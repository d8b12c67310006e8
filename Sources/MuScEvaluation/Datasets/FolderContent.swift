import FoundationEssentials
import MuScBatch
import MuScImages
import SystemPackage

/// What a data set's folder holds.
struct FolderContent {
    /// The names of the folders in it, sorted; hidden ones and results (names that begin with an underscore) left out.
    let folders: [String]

    /// - Throws: ``DatasetError`` where the folder cannot be read.
    init(_ folder: FilePath) throws(DatasetError) {
        do {
            folders = try FileManager.default.contentsOfDirectory(atPath: folder.string)
                .filter { !$0.hasPrefix(".") && !$0.hasPrefix("_") && Self.exists(folder.appending($0)) }
                .sorted()
        } catch {
            let reason = Self.exists(folder) ? "no permission" : "there is no such folder"
            throw DatasetError(path: folder, fault: .unreadable(reason))
        }
    }

    /// Whether there is a folder at this path.
    static func exists(_ folder: FilePath) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: folder.string, isDirectory: &isDirectory) && isDirectory
    }

    /// The images that lie in a folder itself, sorted by name.
    static func images(_ folder: FilePath) throws(DatasetError) -> [FilePath] {
        do {
            return try ImageListing.images(in: folder)
        } catch {
            throw DatasetError(path: folder, fault: .unreadable("\(error.cause)"))
        }
    }

    /// The images in a folder and in the folders below it, a folder after the other.
    ///
    /// - Parameter depth: How many folders below are entered; links that lead in circles end there.
    static func allImages(_ folder: FilePath, depth: Int = 6) throws(DatasetError) -> [FilePath] {
        var found = try images(folder)
        guard depth > 0 else { return found }
        for name in try FolderContent(folder).folders { found += try allImages(folder.appending(name), depth: depth - 1) }
        return found
    }
}
