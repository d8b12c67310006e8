import MuScImages
import SystemPackage

/// A folder of masks: a file for each image, or a folder for each image that holds one mask a defect.
struct MaskFolder {
    let folder: FilePath
    private let files: [FilePath]
    /// Folders named as images, with the masks in them.
    private let folders: [(name: String, masks: [FilePath])]

    /// - Throws: ``DatasetError`` where the folder cannot be read.
    init(_ folder: FilePath) throws(DatasetError) {
        self.folder = folder
        guard FolderContent.exists(folder) else {
            (files, folders) = ([], [])
            return
        }
        files = try FolderContent.images(folder)
        var folders: [(name: String, masks: [FilePath])] = []
        for name in try FolderContent(folder).folders {
            let masks = try FolderContent.images(folder.appending(name))
            if !masks.isEmpty { folders.append((name, masks)) }
        }
        self.folders = folders
    }

    /// Masks that lie beside their images in a folder.
    init(_ folder: FilePath, files: [FilePath]) {
        (self.folder, self.files, folders) = (folder, files, [])
    }

    var isEmpty: Bool { files.isEmpty && folders.isEmpty }

    /// The masks of each image, and those that belong to no image.
    ///
    /// - Throws: ``DatasetError`` that names the first image without a mask that is surely its own.
    func masks(of images: [FilePath]) throws(DatasetError) -> (masks: [[FilePath]], leftOver: [FilePath]) {
        let byImage = files.isEmpty && !folders.isEmpty
        let names = byImage ? folders.map(\.name) : files.map { $0.stem ?? "" }
        let candidates = byImage ? folders.map(\.masks) : files.map { [$0] }
        do throws(MaskPairing.Fault) {
            let pairing = try MaskPairing(images: images.map { $0.stem ?? "" }, masks: names)
            return (pairing.masks.map { candidates[$0] }, pairing.leftOver.flatMap { candidates[$0] })
        } catch {
            switch error {
            case .missing(let image): throw DatasetError(path: images[image], fault: .missingMask(lookedIn: folder))
            case .ambiguous(let image, let reason):
                throw DatasetError(path: images[image], fault: .ambiguousMask(lookedIn: folder, reason))
            }
        }
    }

    /// Whether a folder holds masks: as the user said, as its name says, or as its name hints and the content confirms.
    static func isOne(_ folder: FilePath, name: String, wanted: String?) throws(DatasetError) -> Bool {
        if name.lowercased() == wanted?.lowercased() || LabelNames.isGroundTruth(name) { return true }
        guard LabelNames.suggestsMasks(name) else { return false }
        return looksLikeMasks(try FolderContent.allImages(folder))
    }

    /// Whether pictures look like masks and not like photographs: of a few, each has few values, or, where it was saved
    /// as JPEG, nearly all of its pixels lie at black or white.
    static func looksLikeMasks(_ paths: [FilePath]) -> Bool {
        let samples = Set([0, paths.count / 3, 2 * paths.count / 3, paths.count - 1]).filter(paths.indices.contains)
        guard !samples.isEmpty else { return false }
        return samples.allSatisfy { index in
            guard let picture = try? GrayImage(contentsOf: paths[index], options: .reference) else { return false }
            var counts = [Int](repeating: 0, count: 256)
            for value in picture.pixels { counts[Int(value)] += 1 }
            if counts.count(where: { $0 > 0 }) <= mostMaskValues { return true }
            let ends = counts[..<16].reduce(0, +) + counts[240...].reduce(0, +)
            return (try? ImageFormat.detect(contentsOf: paths[index])) == .jpeg && ends * 50 >= picture.pixels.count * 49
        }
    }

    /// A mask has a value for each kind of defect; a photograph has more.
    private static let mostMaskValues = 16
}
