import MuScBatch
import SystemPackage

/// The layout of MVTec AD and BTAD: `CLASS/test/TYPE/*` with masks in `CLASS/ground_truth/TYPE/*`.
struct ClassFolders {
    let root: FilePath
    /// The types that are normal.
    let normalNames: Set<String>

    func classes(_ wanted: [String]?) throws(DatasetError) -> (classes: [LabelledClass], isComplete: Bool) {
        let names = try FolderContent(root).folders.filter { FolderContent.exists(root.appending($0).appending("test")) }
        guard !names.isEmpty else {
            throw DatasetError(path: root, fault: .noClasses(lookedFor: "folders CLASS/test/TYPE"))
        }
        let chosen = try Dataset.choose(wanted, of: names, root: root)
        var classes: [LabelledClass] = []
        for name in chosen.names {
            let folder = root.appending(name)
            var images: [LabelledImage] = []
            for type in try FolderContent(folder.appending("test")).folders {
                let paths = try FolderContent.images(folder.appending("test").appending(type))
                guard !normalNames.contains(type) else {
                    images += paths.map { LabelledImage(path: $0, type: type, isAnomalous: false, mask: nil) }
                    continue
                }
                let masks = try MaskFolder(folder.appending("ground_truth").appending(type)).masks(of: paths)
                images += zip(paths, masks).map { LabelledImage(path: $0, type: type, isAnomalous: true, mask: $1) }
            }
            classes.append(
                try LabelledClass(name: name, images: images, hasMasks: true, maskRule: .full, folder: folder))
        }
        return (classes, chosen.isComplete)
    }
}
