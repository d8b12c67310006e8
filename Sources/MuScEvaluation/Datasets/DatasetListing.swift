import SystemPackage

/// The classes of a data set as a layout's reader finds them, with a remark on all that is left out.
struct DatasetListing {
    /// The names of the classes to list, in order.
    let chosen: [String]
    /// Whether these are all that there are, and all could be measured.
    private(set) var isComplete: Bool
    private(set) var classes: [LabelledClass] = []
    /// What a reader of the figures should know, one sentence each.
    var remarks: [String] = []
    /// Why classes were left out.
    private var unmeasured: [DatasetError] = []
    private let root: FilePath

    /// - Parameter wanted: Names in the order asked for; nil for all.
    /// - Throws: ``DatasetError`` for a name that is not there.
    init(_ wanted: [String]?, of names: [String], root: FilePath) throws(DatasetError) {
        self.root = root
        for name in wanted ?? [] where !names.contains(name) {
            throw DatasetError(path: root, fault: .noSuchClass(name, there: names))
        }
        chosen = wanted ?? names
        isComplete = Set(chosen) == Set(names)
    }

    /// Adds a class, or leaves it out with a remark where no metric is defined for it.
    mutating func add(
        _ name: String, images: [LabelledImage], hasMasks: Bool, maskRule: AnomalyMask.Rule,
        saturation: Saturation? = nil, folder: FilePath, remarks: [String] = []
    ) {
        do throws(DatasetError) {
            classes.append(
                try LabelledClass(
                    name: name, images: images, hasMasks: hasMasks, maskRule: maskRule, saturation: saturation,
                    folder: folder))
            self.remarks += remarks.map { "\(name): \($0)." }
        } catch {
            unmeasured.append(error)
            isComplete = false
            self.remarks.append("Class \(name) is left out: \(error)")
        }
    }

    /// The listing, unless nothing in it can be measured.
    ///
    /// - Throws: ``DatasetError``: why the first class was left out, or that there is none.
    func checked() throws(DatasetError) -> DatasetListing {
        if classes.isEmpty, let first = unmeasured.first { throw first }
        return self
    }
}
