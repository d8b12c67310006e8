import MuScBatch
import SystemPackage

/// Any tree of labelled images: a class is a folder that has a folder of normal images and folders of defects.
///
/// Masks lie in `ground_truth/TYPE` of the class's folder, or of the one above where the class's folder is called
/// `test`. A class without such a folder has image metrics only.
struct LabelledTree {
    let root: FilePath

    private static let normalNames: Set<String> = ["good", "ok", "normal"]
    /// Folders that hold no images to be scored.
    private static let reserved: Set<String> = ["ground_truth", "train"]
    /// How far below the root classes are looked for.
    private static let depth = 4

    func classes(_ wanted: [String]?) throws(DatasetError) -> (classes: [LabelledClass], isComplete: Bool) {
        let folders = try Self.classFolders(in: root, depth: Self.depth)
        guard !folders.isEmpty else {
            let images = try Self.anyImages(in: root, depth: Self.depth)
            let fault = images ? DatasetError.Fault.unlabelled : .noClasses(lookedFor: "a folder good/ beside folders of defects")
            throw DatasetError(path: root, fault: fault)
        }
        let named = folders.map { (name: name(of: $0), folder: $0) }
        let chosen = try Dataset.choose(wanted, of: named.map(\.name), root: root)
        var classes: [LabelledClass] = []
        for name in chosen.names {
            for entry in named where entry.name == name {
                classes.append(try Self.labelledClass(name, in: entry.folder))
            }
        }
        return (classes, chosen.isComplete)
    }

    /// The class's path below the root, without a closing `test`; the root's own name for the root itself.
    private func name(of folder: FilePath) -> String {
        var relative = folder
        _ = relative.removePrefix(root)
        if relative.lastComponent?.string == "test" { relative.removeLastComponent() }
        if !relative.isEmpty { return relative.string }
        return root.lexicallyNormalized().lastComponent?.string ?? "images"
    }

    private static func classFolders(in folder: FilePath, depth: Int) throws(DatasetError) -> [FilePath] {
        let folders = try FolderContent(folder).folders
        if folders.contains(where: { normalNames.contains($0.lowercased()) }) { return [folder] }
        guard depth > 0 else { return [] }
        var found: [FilePath] = []
        for name in folders where !reserved.contains(name) {
            found += try classFolders(in: folder.appending(name), depth: depth - 1)
        }
        return found
    }

    private static func anyImages(in folder: FilePath, depth: Int) throws(DatasetError) -> Bool {
        if try !FolderContent.images(folder).isEmpty { return true }
        guard depth > 0 else { return false }
        for name in try FolderContent(folder).folders {
            if try anyImages(in: folder.appending(name), depth: depth - 1) { return true }
        }
        return false
    }

    private static func labelledClass(_ name: String, in folder: FilePath) throws(DatasetError) -> LabelledClass {
        let isTest = folder.lastComponent?.string == "test"
        let truths = [folder.appending("ground_truth")] + (isTest ? [folder.removingLastComponent().appending("ground_truth")] : [])
        let truth = truths.first { FolderContent.exists($0) }
        var images: [LabelledImage] = []
        for type in try FolderContent(folder).folders where !reserved.contains(type) {
            let paths = try FolderContent.images(folder.appending(type))
            let isAnomalous = !normalNames.contains(type.lowercased())
            var masks = [FilePath?](repeating: nil, count: paths.count)
            if isAnomalous, let truth { masks = try MaskFolder(truth.appending(type)).masks(of: paths) }
            images += zip(paths, masks).map {
                LabelledImage(path: $0, type: type, isAnomalous: isAnomalous, mask: $1)
            }
        }
        return try LabelledClass(
            name: name, images: images, hasMasks: truth != nil, maskRule: .fullOrLabel, folder: folder)
    }
}
