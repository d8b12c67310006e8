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
        /// MPDD: as MVTec AD, six classes of metal parts.
        case mpdd
        /// MVTec AD 2: `CLASS/test_public/{good,bad}`, masks in `test_public/ground_truth/bad/STEM_mask.png`.
        case mvtecAD2 = "mvtec_ad_2"
        /// MVTec LOCO AD: as MVTec AD, with a folder of masks for each image, a mask a defect, and `defects_config.json`.
        case mvtecLOCO = "mvtec_loco"
        /// AutoVI: as MVTec LOCO AD.
        case autoVI = "autovi"
        /// Real-IAD: `realiad_SIZE/CLASS`, listed in `realiad_jsons/realiad_jsons/CLASS.json`; five views of each part.
        case realIAD = "real_iad"
        /// KolektorSDD: `kosNN/PartN.jpg` with `PartN_label.bmp`.
        case kolektorSDD = "kolektor_sdd"
        /// KolektorSDD2: `test/NNNNN.png` with `NNNNN_GT.png`.
        case kolektorSDD2 = "kolektor_sdd2"
        /// DAGM 2007: `ClassN/Test/NNNN.PNG`, defective ones with `Test/Label/NNNN_label.PNG`.
        case dagm
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
    /// Images without labels that only the data set's server can evaluate, in the order of the classes.
    package let privateSplits: [PrivateSplit]

    /// What a user says of a data set beyond its layout.
    package struct Hints: Sendable, Hashable {
        /// Folders, or labels of a list, that stand for images without a defect, beside the layout's own; in any mix of
        /// upper and lower case.
        package var normalNames: [String]
        /// A folder of masks: a name that is looked for in each class, or a path below which the classes lie.
        package var maskFolder: String?
        /// The most threads to read masks with, where they alone tell good from defective images.
        package var threads = 1

        package init(normalNames: [String] = [], maskFolder: String? = nil, threads: Int = 1) {
            self.normalNames = normalNames
            self.maskFolder = maskFolder
            self.threads = threads
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
        func folders(_ normal: String, _ rule: AnomalyMask.Rule, test: String = "test") -> ClassFolders {
            ClassFolders(
                root: root, testName: test, names: names([normal]), maskRule: rule, maskName: hints.maskFolder)
        }
        let beside = ImagesWithMasks(root: root, threads: hints.threads)
        var listing =
            switch layout {
            case .mvtecAD: try folders("good", .full).classes(wanted)
            case .btad: try folders("ok", .full).classes(wanted)
            case .mpdd, .mvtecLOCO, .autoVI: try folders("good", .nonZero).classes(wanted)
            case .mvtecAD2: try folders("good", .nonZero, test: "test_public").classes(wanted)
            case .realIAD: try RealIADListing(root: root, names: names(["ok"])).classes(wanted)
            case .kolektorSDD: try beside.kolektorSDD(wanted)
            case .kolektorSDD2: try beside.kolektorSDD2(wanted)
            case .dagm: try beside.dagm(wanted)
            case .visa: try VisAListing(root: root, names: names(VisAListing.normalLabels)).classes(wanted, root: root)
            case .folder:
                try LabelledTree(root: root, names: names(["good", "ok", "normal"]), maskName: hints.maskFolder).classes(wanted)
            }
        if let folder = hints.maskFolder, !layout.findsMasksByFolder {
            listing.remarks.append("--masks \(folder) is without effect, as \(layout.rawValue) says by itself where each mask lies.")
        }
        if !hints.normalNames.isEmpty, layout.isLabelledByMasks {
            listing.remarks.append("--normal is without effect, as masks alone say in \(layout.rawValue) what is normal.")
        }
        privateSplits = layout == .mvtecAD2 ? try PrivateSplit.all(of: listing.classes.map(\.name), in: root) : []
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
    /// At how many pixels a defect counts as found, for sPRO; nil where the data set does not say.
    package let saturation: Saturation?

    /// - Throws: ``DatasetError`` where the images are all normal or all anomalous, as no metric is then defined.
    init(
        name: String, images: [LabelledImage], hasMasks: Bool, maskRule: AnomalyMask.Rule,
        saturation: Saturation? = nil, folder: FilePath
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
        self.saturation = saturation
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
    /// The part that the image shows, where several images show one; else nil.
    package let part: String?
    /// The camera's view of it, such as `C3`; nil where there is one alone.
    package let view: String?

    /// The first mask.
    package var mask: FilePath? { masks.first }

    init(
        path: FilePath, type: String, isAnomalous: Bool, masks: [FilePath], part: String? = nil, view: String? = nil
    ) {
        self.path = path
        self.type = type
        self.isAnomalous = isAnomalous
        self.masks = masks
        self.part = part
        self.view = view
    }
}

extension Dataset.Layout {
    /// Whether masks are looked for in folders, so that the user can name one.
    var findsMasksByFolder: Bool {
        switch self {
        case .mvtecAD, .btad, .mpdd, .mvtecAD2, .mvtecLOCO, .autoVI, .folder: true
        case .visa, .realIAD, .kolektorSDD, .kolektorSDD2, .dagm: false
        }
    }

    /// Whether an image is normal by its mask alone.
    var isLabelledByMasks: Bool {
        switch self {
        case .kolektorSDD, .kolektorSDD2, .dagm: true
        default: false
        }
    }

    /// The rate of false positives up to which PRO is taken where nothing else is asked for.
    package var overlapLimit: Double {
        switch self {
        case .mvtecAD2, .mvtecLOCO, .autoVI: 0.05
        default: 0.3
        }
    }
}
