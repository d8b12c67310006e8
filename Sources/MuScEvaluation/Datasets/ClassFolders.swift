import FoundationEssentials
import SystemPackage

/// The layout of MVTec AD and those that follow it: `CLASS/test/TYPE/*` with masks in `CLASS/ground_truth/TYPE/*`; in
/// MVTec AD 2 `CLASS/test_public`, which holds the masks too.
struct ClassFolders {
    let root: FilePath
    /// The folder of test images in a class.
    let testName: String
    let names: LabelNames
    let maskRule: AnomalyMask.Rule
    /// The folder of masks that the user named, beside the layout's own.
    let maskName: String?

    func classes(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        var folders: [(name: String, test: FilePath)] = []
        for name in try FolderContent(root).folders {
            if let test = try Self.child(testName, of: root.appending(name)) { folders.append((name, test)) }
        }
        guard !folders.isEmpty else {
            throw DatasetError(path: root, fault: .noClasses(lookedFor: "folders CLASS/\(testName)/TYPE"))
        }
        var listing = try DatasetListing(wanted, of: folders.map(\.name), root: root)
        var hasNamedMasks = maskName == nil
        for name in listing.chosen {
            for entry in folders where entry.name == name {
                let folder = root.appending(name)
                let types = try TypeFolders(in: entry.test, names: names, maskName: maskName)
                var truths: [FilePath] = []
                for truth in ["ground_truth"] + (maskName.map { [$0] } ?? []) {
                    guard let found = try Self.child(truth, of: folder) else { continue }
                    truths.append(found)
                    if truth == maskName { hasNamedMasks = true }
                }
                if truths.isEmpty { truths = [folder.appending("ground_truth")] }
                let found = try types.labelledImages(truths: truths, requiringMasks: true)
                let configuration = folder.appending("defects_config.json")
                let saturation =
                    FileManager.default.fileExists(atPath: configuration.string)
                    ? try Saturation(contentsOf: configuration) : nil
                listing.add(
                    name, images: found.images, hasMasks: true, maskRule: maskRule, saturation: saturation, folder: folder,
                    remarks: found.remarks)
            }
        }
        if let maskName, !hasNamedMasks { throw DatasetError(path: root, fault: .noMaskFolder(maskName)) }
        return try listing.checked()
    }

    /// The folder of this name in another one, in any mix of upper and lower case; as it is written where both exist.
    static func child(_ name: String, of folder: FilePath) throws(DatasetError) -> FilePath? {
        let folders = try FolderContent(folder).folders
        let found = folders.contains(name) ? name : folders.first { $0.lowercased() == name.lowercased() }
        return found.map { folder.appending($0) }
    }
}
