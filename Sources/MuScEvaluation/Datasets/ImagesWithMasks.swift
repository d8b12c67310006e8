import MuScImages
import MuScSupport
import SystemPackage

/// The layouts in which good and defective images lie together and the masks tell them apart: KolektorSDD (a folder a
/// part, `Part0.jpg` with `Part0_label.bmp`), KolektorSDD2 (`test/20000.png` with `20000_GT.png`) and DAGM
/// (`ClassN/Test/0001.PNG`, with `Label/0001_label.PNG` for defective ones alone).
struct ImagesWithMasks {
    let root: FilePath
    let threads: Int

    /// KolektorSDD: one class of all folders `kosNN`; an image is good where its mask is black.
    func kolektorSDD(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        var images: [LabelledImage] = []
        for part in try FolderContent(root).folders {
            images += try labelled(in: root.appending(part), suffix: "_label", masksBelow: nil, part: part)
        }
        return try single("kolektor_sdd", images, wanted, lookedFor: "folders kosNN with PartN.jpg and PartN_label.bmp")
    }

    /// KolektorSDD2: the images of `test`; an image is good where its mask is black.
    func kolektorSDD2(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        guard let test = try ClassFolders.child("test", of: root) else {
            throw DatasetError(path: root, fault: .noClasses(lookedFor: "test/NNNNN.png with NNNNN_GT.png"))
        }
        let images = try labelled(in: test, suffix: "_GT", masksBelow: nil, part: nil)
        return try single("kolektor_sdd2", images, wanted, lookedFor: "test/NNNNN.png with NNNNN_GT.png")
    }

    /// DAGM: a class a folder `ClassN`, its images in `Test`; those without a mask in `Test/Label` are good.
    func dagm(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        var folders: [(name: String, test: FilePath)] = []
        for name in try FolderContent(root).folders {
            if let test = try ClassFolders.child("test", of: root.appending(name)) { folders.append((name, test)) }
        }
        let lookedFor = "folders ClassN/Test with NNNN.PNG and Label/NNNN_label.PNG"
        guard !folders.isEmpty else { throw DatasetError(path: root, fault: .noClasses(lookedFor: lookedFor)) }
        var listing = try DatasetListing(wanted, of: folders.map(\.name), root: root)
        for name in listing.chosen {
            for (_, test) in folders where test == root.appending(name).appending(test.lastComponent?.string ?? "") {
                let images = try labelled(in: test, suffix: "_label", masksBelow: "Label", part: nil)
                listing.add(name, images: images, hasMasks: true, maskRule: .nonZero, folder: test)
            }
        }
        return try listing.checked()
    }

    private func single(
        _ name: String, _ images: [LabelledImage], _ wanted: [String]?, lookedFor: String
    ) throws(DatasetError) -> DatasetListing {
        guard !images.isEmpty else { throw DatasetError(path: root, fault: .noClasses(lookedFor: lookedFor)) }
        var listing = try DatasetListing(wanted, of: [name], root: root)
        listing.add(name, images: images, hasMasks: true, maskRule: .nonZero, folder: root)
        return try listing.checked()
    }

    /// The images of a folder with the labels that their masks give them.
    ///
    /// - Parameters:
    ///   - suffix: What a mask's name adds to its image's.
    ///   - masksBelow: The folder of the masks of defective images; nil where every image has a mask beside it.
    /// - Throws: ``DatasetError`` for an image without a mask where each has one, and for a mask without an image.
    private func labelled(
        in folder: FilePath, suffix: String, masksBelow: String?, part: String?
    ) throws(DatasetError) -> [LabelledImage] {
        let files = try FolderContent.images(folder)
        var images = files
        var masks: [FilePath] = []
        if let masksBelow {
            guard let below = try ClassFolders.child(masksBelow, of: folder) else {
                throw DatasetError(path: folder, fault: .noClasses(lookedFor: "a folder \(masksBelow) of masks in it"))
            }
            masks = try FolderContent.images(below)
        } else {
            masks = files.filter { $0.stem?.hasSuffix(suffix) == true }
            images = files.filter { $0.stem?.hasSuffix(suffix) != true }
        }
        var byImage: [String: FilePath] = [:]
        let stems = Set(images.map { $0.stem ?? "" })
        for mask in masks {
            let stem = String((mask.stem ?? "").dropLast(suffix.count))
            guard mask.stem?.hasSuffix(suffix) == true, stems.contains(stem) else {
                throw DatasetError(path: mask, fault: .badListing(line: nil, "is a mask that belongs to no image in \(folder)"))
            }
            byImage[stem] = mask
        }
        if masksBelow == nil, let bare = images.first(where: { byImage[$0.stem ?? ""] == nil }) {
            throw DatasetError(path: bare, fault: .missingMask(lookedIn: folder))
        }
        let named = images.map { (path: $0, mask: byImage[$0.stem ?? ""]) }
        let read = concurrentMap(named.count, threads: threads) { index -> Result<Bool, DatasetError> in
            guard let mask = named[index].mask else { return .success(false) }
            do throws(ImageError) {
                return .success(try !MaskReading([mask], rule: .nonZero, width: 1, height: 1).isEmpty)
            } catch {
                return .failure(DatasetError(path: mask, fault: .image(error)))
            }
        }
        var labelled: [LabelledImage] = []
        for (entry, result) in zip(named, read) {
            let isAnomalous = try result.get()
            labelled.append(
                LabelledImage(
                    path: entry.path, type: isAnomalous ? "defect" : "good", isAnomalous: isAnomalous,
                    masks: isAnomalous ? entry.mask.map { [$0] } ?? [] : [], part: part))
        }
        return labelled
    }
}
