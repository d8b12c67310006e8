import SystemPackage

/// Any tree of labelled images: a class is a folder that has a folder of normal images and folders of defects.
///
/// Masks lie beside their images, in a folder below a type's, in a folder of the class's that is named for masks, or in
/// `ground_truth` above it where the class's folder is called `test`. A class without any has image metrics only.
struct LabelledTree {
    let root: FilePath
    let names: LabelNames
    /// The folder of masks that the user named: a name that is looked for in each class, or a path with the classes in it.
    let maskName: String?

    /// How far below the root classes are looked for.
    private static let depth = 4

    func classes(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        var passedOver: [String] = []
        let folders = try classFolders(in: root, depth: Self.depth, passedOver: &passedOver)
        guard !folders.isEmpty else {
            let images = try Self.anyImages(in: root, depth: Self.depth)
            let fault = images ? DatasetError.Fault.unlabelled : .noClasses(lookedFor: "a folder good/ beside folders of defects")
            throw DatasetError(path: root, fault: fault)
        }
        let named = folders.map { (name: name(of: $0), folder: $0) }
        var listing = try DatasetListing(wanted, of: named.map(\.name), root: root)
        if wanted == nil { listing.remarks += passedOver }
        var hasNamedMasks = false
        for name in listing.chosen {
            for (_, folder) in named where name == self.name(of: folder) {
                let types = try TypeFolders(in: folder, names: names, maskName: maskName)
                let beside = folders.count { $0.removingLastComponent() == folder.removingLastComponent() }
                let truths = try self.truths(of: folder, isAlone: beside == 1)
                hasNamedMasks =
                    hasNamedMasks || !truths.named.isEmpty
                    || (types.maskFolders + truths.usual).contains { $0.lastComponent?.string.lowercased() == maskName?.lowercased() }
                let found = try types.labelledImages(truths: truths.named + truths.usual, requiringMasks: false)
                listing.add(
                    name, images: found.images, hasMasks: found.hasMasks, maskRule: .nonZero, folder: folder, remarks: found.remarks)
            }
        }
        if let maskName, !hasNamedMasks { throw DatasetError(path: root, fault: .noMaskFolder(maskName)) }
        return try listing.checked()
    }

    /// The class's path below the root, without a closing `test`; the root's own name for the root itself.
    private func name(of folder: FilePath) -> String {
        var relative = folder
        _ = relative.removePrefix(root)
        if relative.lastComponent?.string.lowercased() == "test" { relative.removeLastComponent() }
        if !relative.isEmpty { return relative.string }
        return root.lexicallyNormalized().lastComponent?.string ?? "images"
    }

    private func classFolders(
        in folder: FilePath, depth: Int, passedOver: inout [String]
    ) throws(DatasetError) -> [FilePath] {
        let folders = try FolderContent(folder).folders
        if folders.contains(where: { names.isNormal($0) }) { return [folder] }
        guard depth > 0 else { return [] }
        var found: [FilePath] = []
        for name in folders {
            if try MaskFolder.isOne(folder.appending(name), name: name, wanted: maskName) { continue }
            if LabelNames.isTraining(name) {
                let images = try FolderContent.allImages(folder.appending(name)).count
                if images > 0 {
                    passedOver.append("\(folder.appending(name)): \(images) images are not evaluated, as they are for training")
                }
            } else {
                found += try classFolders(in: folder.appending(name), depth: depth - 1, passedOver: &passedOver)
            }
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

    /// Folders of masks outside the class's own: the one that the user named, and those beside it that are named so.
    ///
    /// - Parameter isAlone: Whether no other class lies in the folder above, so that masks there can only be this one's.
    private func truths(of folder: FilePath, isAlone: Bool) throws(DatasetError) -> (named: [FilePath], usual: [FilePath]) {
        guard folder != root else { return (try named(relative: ""), []) }
        let above = folder.removingLastComponent()
        let ownName = folder.lastComponent?.string ?? ""
        var usual: [FilePath] = []
        for name in try FolderContent(above).folders {
            let path = above.appending(name)
            guard try MaskFolder.isOne(path, name: name, wanted: maskName) else { continue }
            if FolderContent.exists(path.appending(ownName)) {
                usual.append(path.appending(ownName))
            } else if isAlone || ownName.lowercased() == "test" {
                usual.append(path)
            }
        }
        var relative = ownName.lowercased() == "test" ? above : folder
        _ = relative.removePrefix(root)
        return (try named(relative: relative), usual)
    }

    /// The folder that the user named as a path, below the root or from where the program runs.
    private func named(relative: FilePath) throws(DatasetError) -> [FilePath] {
        guard let maskName else { return [] }
        let places = [root.pushing(FilePath(maskName)), FilePath(maskName)]
        return places.map { $0.pushing(relative) }.first { FolderContent.exists($0) }.map { [$0] } ?? []
    }
}
