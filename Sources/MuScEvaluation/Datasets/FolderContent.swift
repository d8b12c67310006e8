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
}

/// A folder of masks, one for each image of one type.
struct MaskFolder {
    let folder: FilePath
    private let masks: [FilePath]

    init(_ folder: FilePath) throws(DatasetError) {
        self.folder = folder
        masks = FolderContent.exists(folder) ? try FolderContent.images(folder) : []
    }

    /// The mask of each image: the one named as the image or with `_mask` added, whatever the extension; where no name
    /// fits but the numbers agree, in the order of the names, as the reference pairs them.
    ///
    /// - Throws: ``DatasetError`` that names the first image without a mask.
    func masks(of images: [FilePath]) throws(DatasetError) -> [FilePath?] {
        let byStem = Dictionary(masks.map { ($0.stem ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        let found = images.map { image -> FilePath? in
            let stem = image.stem ?? ""
            return byStem["\(stem)_mask"] ?? byStem[stem]
        }
        if found.allSatisfy({ $0 != nil }) { return found }
        if found.allSatisfy({ $0 == nil }), masks.count == images.count { return masks }
        let missing = zip(images, found).first { $0.1 == nil }?.0 ?? folder
        throw DatasetError(path: missing, fault: .missingMask(lookedIn: folder))
    }
}
