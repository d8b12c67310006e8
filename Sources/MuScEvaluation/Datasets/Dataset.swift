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
        /// Any tree in which a folder `good` (or `ok`, `normal`) stands beside folders of defects; masks beside the images,
        /// in a folder that is named for masks, or none at all.
        case folder
    }

    package let layout: Layout
    /// The data set's folder.
    package let root: FilePath
    /// The classes in the order of their names or as asked for, each with at least one normal and one anomalous image.
    package let classes: [LabelledClass]
    /// Whether these are all the classes that the data set has.
    package let isComplete: Bool

    /// What was left out and why, one sentence each: for all who read the figures.
    package let remarks: [String]

    /// What a user says of a data set beyond its layout.
    package struct Hints: Sendable, Hashable {
        /// Folders, or labels of a list, that stand for images without a defect, beside the layout's own; in any mix of
        /// upper and lower case.
        package var normalNames: [String]
        /// A folder of masks: a name that is looked for in each class, or a path below which the classes lie.
        package var maskFolder: String?

        package init(normalNames: [String] = [], maskFolder: String? = nil) {
            self.normalNames = normalNames
            self.maskFolder = maskFolder
        }
    }

    /// Lists a data set's test images. No photograph is opened, but where names alone do not tell masks from
    /// photographs.
    ///
    /// A class of which no metric is defined, as all its images are normal or all anomalous, is left out with a remark.
    ///
    /// - Parameters:
    ///   - layout: How the data set lies on disk.
    ///   - root: Its folder, in which the classes lie.
    ///   - classNames: The classes to list, in this order; nil or `["ALL"]` for all, by name.
    ///   - hints: What the layout leaves open.
    /// - Throws: ``DatasetError`` for a class that is not there, an anomalous image without a mask that is surely its own
    ///   (where the layout asks for masks or the class has some), a folder without labels, and where no class is left.
    package init(
        _ layout: Layout, at root: FilePath, classNames: [String]? = nil, hints: Hints = Hints()
    ) throws(DatasetError) {
        self.layout = layout
        self.root = root
        let wanted = classNames.flatMap { names in
            names.count == 1 && names[0].lowercased() == "all" ? nil : names
        }
        func names(_ normal: Set<String>) -> LabelNames { LabelNames(normal: normal, added: hints.normalNames) }
        func folders(normal: Set<String>) -> ClassFolders {
            ClassFolders(root: root, names: names(normal), maskRule: .full, maskName: hints.maskFolder)
        }
        var listing = switch layout {
        case .mvtecAD: try folders(normal: ["good"]).classes(wanted)
        case .btad: try folders(normal: ["ok"]).classes(wanted)
        case .visa: try VisAListing(root: root, names: names(VisAListing.normalLabels)).classes(wanted, root: root)
        case .folder:
            try LabelledTree(root: root, names: names(["good", "ok", "normal"]), maskName: hints.maskFolder).classes(wanted)
        }
        if let folder = hints.maskFolder, layout == .visa {
            listing.remarks.append("--masks \(folder) is without effect, as VisA's list names each mask.")
        }
        classes = listing.classes
        isComplete = listing.isComplete
        remarks = listing.remarks
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
    /// The files that together show which pixels are anomalous; empty for normal images and where the class has no masks.
    package let masks: [FilePath]

    /// The first mask.
    package var mask: FilePath? { masks.first }

    init(path: FilePath, type: String, isAnomalous: Bool, masks: [FilePath]) {
        self.path = path
        self.type = type
        self.isAnomalous = isAnomalous
        self.masks = masks
    }
}
