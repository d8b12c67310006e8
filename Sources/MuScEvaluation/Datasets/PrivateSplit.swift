import SystemPackage

/// Images of MVTec AD 2 whose labels nobody but its server has: `CLASS/test_private` and `CLASS/test_private_mixed`.
package struct PrivateSplit: Sendable, Hashable {
    package let className: String
    /// `test_private` or `test_private_mixed`.
    package let split: String
    /// The images, by name.
    package let images: [FilePath]

    static func all(of classes: [String], in root: FilePath) throws(DatasetError) -> [PrivateSplit] {
        var found: [PrivateSplit] = []
        for name in classes {
            for split in ["test_private", "test_private_mixed"] {
                let folder = root.appending(name).appending(split)
                guard FolderContent.exists(folder) else { continue }
                let images = try FolderContent.images(folder)
                if !images.isEmpty { found.append(PrivateSplit(className: name, split: split, images: images)) }
            }
        }
        return found
    }
}
