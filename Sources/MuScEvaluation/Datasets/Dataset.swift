import MuScBatch
import SystemPackage

/// A labelled data set: its classes, each with its test images, labels and masks.
package struct Dataset: Sendable {
    /// How a data set lies on disk, and which of its pixels count as anomalous.
    package enum Layout: String, Sendable, Hashable, Codable, CaseIterable {
        /// MVTec AD: `CLASS/test/TYPE/*`, masks in `CLASS/ground_truth/TYPE/*`; `good` is normal.
        case mvtecAD = "mvtec_ad"
        /// VisA: listed in `split_csv/1cls.csv` or `meta.json`.
        case visa
        /// BTAD: as MVTec AD, with `ok` for normal and classes 01, 02, 03.
        case btad
        /// Any tree in which a folder `good` (or `ok`, `normal`) stands beside folders of defects; masks in a folder
        /// `ground_truth` beside or above them, or none at all.
        case folder
    }

    package let layout: Layout
    /// The data set's folder.
    package let root: FilePath
    /// The classes in the order of their names, each with at least one normal and one anomalous image.
    package let classes: [LabelledClass]
    /// Whether these are all the classes that the data set has.
    package let isComplete: Bool

    /// Lists a data set's test images; no image is opened.
    ///
    /// - Parameters:
    ///   - layout: How the data set lies on disk.
    ///   - root: Its folder, in which the classes lie.
    ///   - classNames: The classes to list, in this order; nil or `["ALL"]` for all, by name.
    /// - Throws: ``DatasetError`` for a class that is not there, an anomalous image without a mask (where the layout
    ///   asks for masks or the class has some), a folder without labels.
    package init(_ layout: Layout, at root: FilePath, classNames: [String]? = nil) throws(DatasetError) {
        self.layout = layout
        self.root = root
        let wanted = classNames.flatMap { names in
            names.count == 1 && names[0].lowercased() == "all" ? nil : names
        }
        switch layout {
        case .mvtecAD:
            (classes, isComplete) = try ClassFolders(root: root, normalNames: ["good"]).classes(wanted)
        case .btad:
            (classes, isComplete) = try ClassFolders(root: root, normalNames: ["ok"]).classes(wanted)
        case .visa:
            (classes, isComplete) = try VisAListing(root: root).classes(wanted, root: root)
        case .folder:
            (classes, isComplete) = try LabelledTree(root: root).classes(wanted)
        }
    }

    /// The classes to take of those there are.
    ///
    /// - Parameter wanted: Names in the order asked for; nil for all.
    /// - Returns: The names, and whether they are all there are.
    static func choose(
        _ wanted: [String]?, of names: [String], root: FilePath
    ) throws(DatasetError) -> (names: [String], isComplete: Bool) {
        guard let wanted else { return (names, true) }
        for name in wanted where !names.contains(name) {
            throw DatasetError(path: root, fault: .noSuchClass(name, there: names))
        }
        return (wanted, Set(wanted) == Set(names))
    }
}

/// One class of a data set, such as `bottle`: the images that are scored together.
package struct LabelledClass: Sendable, Hashable {
    package let name: String
    /// The images in the reference's order: by type, then by name.
    package let images: [LabelledImage]
    /// Whether the anomalous images have masks, so that pixel metrics exist.
    package let hasMasks: Bool
    /// Which mask pixels count as anomalous.
    package let maskRule: AnomalyMask.Rule

    /// - Throws: ``DatasetError`` where the images are all normal or all anomalous, as no metric is then defined.
    init(
        name: String, images: [LabelledImage], hasMasks: Bool, maskRule: AnomalyMask.Rule, folder: FilePath
    ) throws(DatasetError) {
        guard images.contains(where: { !$0.isAnomalous }) else {
            throw DatasetError(path: folder, fault: .noNormalImages(className: name))
        }
        guard images.contains(where: \.isAnomalous) else {
            throw DatasetError(path: folder, fault: .noAnomalousImages(className: name))
        }
        self.name = name
        self.images = images
        self.hasMasks = hasMasks
        self.maskRule = maskRule
    }
}

/// One image with its label.
package struct LabelledImage: Sendable, Hashable {
    package let path: FilePath
    /// The defect's name or the normals', such as `crack` and `good`.
    package let type: String
    package let isAnomalous: Bool
    /// The file that shows which pixels are anomalous; nil for normal images and where the class has no masks.
    package let mask: FilePath?
}
