import SystemPackage

/// The test images of one class in folders by type: `good`, and a folder for each sort of defect, each with folders of
/// its own where there are several cameras or sorts below it.
struct TypeFolders {
    /// The images that lie together in one folder.
    struct Leaf {
        /// The folder's path below the class's, such as `good` or `bad/crack`.
        let type: String
        let isAnomalous: Bool
        let folder: FilePath
        /// Images in it, at least one.
        let images: [FilePath]
        /// Masks that lie beside the images, under their names with an ending.
        let besides: [FilePath]
        /// Folders of masks in the folders above, the nearest first.
        let maskFolders: [FilePath]
    }

    private let names: LabelNames
    /// The name of a folder that the user said holds masks.
    private let maskName: String?
    private(set) var leaves: [Leaf] = []
    /// Folders of masks beside those of the types.
    private(set) var maskFolders: [FilePath] = []
    /// What lies in the class's folder and is not evaluated, with the reason, one sentence each.
    private(set) var remarks: [String] = []

    /// How many folders are entered below a type's.
    private static let depth = 6

    /// Lists the class's folder.
    ///
    /// - Throws: ``DatasetError`` for a folder that cannot be read, one that is normal and anomalous at once, and one of
    ///   pictures that look like masks but are not called so.
    init(in folder: FilePath, names: LabelNames, maskName: String?) throws(DatasetError) {
        self.names = names
        self.maskName = maskName
        let loose = try FolderContent.images(folder)
        if !loose.isEmpty {
            remarks.append(Self.sentence(loose, "beside the folders of types", "nothing says what they show"))
        }
        for name in try FolderContent(folder).folders {
            let path = folder.appending(name)
            if LabelNames.isTraining(name) {
                let images = try FolderContent.allImages(path)
                if !images.isEmpty { remarks.append(Self.sentence(images, "in \(name)/", "they are for training")) }
            } else if try isMaskFolder(path, name) {
                maskFolders.append(path)
            } else {
                try enter(path, type: name, isAnomalous: !names.isNormal(name), maskFolders: [], depth: Self.depth)
            }
        }
        try refuseUnnamedMasks()
    }

    private static func sentence(_ images: [FilePath], _ place: String, _ reason: String) -> String {
        let first = images.first?.lastComponent?.string ?? ""
        let many = images.count == 1 ? "1 image (\(first))" : "\(images.count) images (\(first) …)"
        return "\(many) \(place) \(images.count == 1 ? "is" : "are") not evaluated, as \(reason)"
    }

    private func isMaskFolder(_ folder: FilePath, _ name: String) throws(DatasetError) -> Bool {
        try MaskFolder.isOne(folder, name: name, wanted: maskName)
    }

    private mutating func enter(
        _ folder: FilePath, type: String, isAnomalous: Bool, maskFolders: [FilePath], depth: Int
    ) throws(DatasetError) {
        var maskFolders = maskFolders
        var below: [String] = []
        for name in try FolderContent(folder).folders {
            if try isMaskFolder(folder.appending(name), name) {
                maskFolders.insert(folder.appending(name), at: 0)
            } else if isAnomalous, names.isNormal(name) {
                throw DatasetError(path: folder.appending(name), fault: .conflictingLabel(normal: name, below: type))
            } else {
                below.append(name)
            }
        }
        let (images, besides) = try Self.masksBeside(try FolderContent.images(folder))
        if !images.isEmpty {
            leaves.append(
                Leaf(
                    type: type, isAnomalous: isAnomalous, folder: folder, images: images, besides: besides,
                    maskFolders: maskFolders))
        }
        guard depth > 0 else {
            for name in below {
                let images = try FolderContent.allImages(folder.appending(name))
                if !images.isEmpty { remarks.append(Self.sentence(images, "in \(type)/\(name)", "they lie too deep")) }
            }
            return
        }
        for name in below {
            try enter(
                folder.appending(name), type: "\(type)/\(name)", isAnomalous: isAnomalous, maskFolders: maskFolders,
                depth: depth - 1)
        }
    }

    /// Tells masks that lie beside their images from these, by name and then by content.
    private static func masksBeside(
        _ files: [FilePath]
    ) throws(DatasetError) -> (images: [FilePath], masks: [FilePath]) {
        let stems = Set(files.map { $0.stem ?? "" })
        let masks = files.filter { file in
            let stem = file.stem ?? ""
            return stem.indices.dropFirst().contains { cut in
                let (start, end) = (String(stem[..<cut]), String(stem[cut...]))
                return stems.contains(start) && LabelNames.suggestsMasks(end) || stems.contains(end) && LabelNames.suggestsMasks(start)
            }
        }
        guard !masks.isEmpty, MaskFolder.looksLikeMasks(masks) else { return (files, []) }
        let isMask = Set(masks)
        return (files.filter { !isMask.contains($0) }, masks)
    }

    /// Refuses a folder of defects whose pictures look like masks while the normal images do not: scored as defective
    /// photographs, they would be the most anomalous of all.
    private func refuseUnnamedMasks() throws(DatasetError) {
        guard let normal = leaves.first(where: { !$0.isAnomalous }), !MaskFolder.looksLikeMasks(normal.images) else { return }
        for leaf in leaves where leaf.isAnomalous && MaskFolder.looksLikeMasks(leaf.images) {
            throw DatasetError(path: leaf.folder, fault: .looksLikeMasks(type: leaf.type))
        }
    }
}

// MARK: - Images with their masks

extension TypeFolders {
    /// The images with their labels and masks.
    ///
    /// - Parameter truths: Further folders of masks that belong to the class.
    /// - Returns: The images by type, then by name; whether there are masks; what was left out, one sentence each.
    /// - Throws: ``DatasetError`` for an anomalous image without a mask of its own where the class has masks.
    func labelledImages(
        truths: [FilePath], requiringMasks: Bool
    ) throws(DatasetError) -> (images: [LabelledImage], hasMasks: Bool, remarks: [String]) {
        let truths = maskFolders + truths
        let anomalous = leaves.indices.filter { leaves[$0].isAnomalous }
        var sources: [Int: FilePath] = [:]
        for index in anomalous where leaves[index].besides.isEmpty {
            sources[index] = try source(of: leaves[index], truths: truths)
        }
        var masks: [FilePath: [FilePath]] = [:]
        var unused: [FilePath] = []
        let hasMasks = !sources.isEmpty || anomalous.contains { !leaves[$0].besides.isEmpty }
        if hasMasks || requiringMasks {
            for index in anomalous {
                let leaf = leaves[index]
                if !leaf.besides.isEmpty {
                    let found = try MaskFolder(leaf.folder, files: leaf.besides).masks(of: leaf.images)
                    for (image, mask) in zip(leaf.images, found.masks) { masks[image] = mask }
                    unused += found.leftOver
                } else if sources[index] == nil {
                    let lookedIn = truths.first?.pushing(FilePath(leaf.type)) ?? leaf.folder
                    throw DatasetError(path: leaf.images[0], fault: .missingMask(lookedIn: lookedIn))
                }
            }
            // Types that share a folder of masks are paired together, so that no mask serves two images.
            for folder in Set(sources.values).sorted(by: { $0.string < $1.string }) {
                let images = anomalous.filter { sources[$0] == folder }.flatMap { leaves[$0].images }
                let found = try MaskFolder(folder).masks(of: images)
                for (image, mask) in zip(images, found.masks) { masks[image] = mask }
                unused += found.leftOver
            }
        }
        let used = Set(masks.values.joined())
        var others = truths
        for leaf in leaves where !leaf.isAnomalous {
            unused += leaf.besides
            others += leaf.maskFolders
        }
        for folder in others where FolderContent.exists(folder) {
            unused += try FolderContent.allImages(folder).filter { !used.contains($0) }
        }
        let images = leaves.flatMap { leaf in
            leaf.images.map {
                LabelledImage(path: $0, type: leaf.type, isAnomalous: leaf.isAnomalous, masks: masks[$0] ?? [])
            }
        }
        return (images, hasMasks || requiringMasks, remarks + Self.remark(onUnused: Set(unused)))
    }

    private static func remark(onUnused masks: Set<FilePath>) -> [String] {
        guard let first = masks.min(by: { $0.string < $1.string }) else { return [] }
        let many = masks.count == 1 ? "1 mask belongs" : "\(masks.count) masks belong"
        return ["\(many) to no anomalous image and \(masks.count == 1 ? "is" : "are") not read, \(first) first"]
    }

    /// The folder in which a type's masks lie: below it, then named after it beside it, then in a folder of the class
    /// under the type's path or a part of it; nil where there is none with masks.
    private func source(of leaf: Leaf, truths: [FilePath]) throws(DatasetError) -> FilePath? {
        var candidates = leaf.maskFolders
        let typeWords = LabelNames.words(leaf.type)
        var whole: [FilePath] = []
        for truth in truths {
            let named = LabelNames.withoutMaskWords(truth.lastComponent?.string ?? "")
            if named == typeWords { candidates.append(truth) }
            var path = truth.pushing(FilePath(leaf.type))
            while path != truth {
                candidates.append(path)
                path.removeLastComponent()
            }
            whole.append(truth)
        }
        for candidate in candidates + whole where FolderContent.exists(candidate) {
            // In a class's folder of masks, folders are those of types; below, those of images with a mask a defect.
            let isThere =
                try whole.contains(candidate)
                ? !FolderContent.images(candidate).isEmpty : !MaskFolder(candidate).isEmpty
            if isThere { return candidate }
        }
        return nil
    }
}
