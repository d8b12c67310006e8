import FoundationEssentials
import SystemPackage

/// VisA's list of images, from `split_csv/1cls.csv` as published, or from `meta.json` as the reference prepares it.
package struct VisAListing: Sendable, Hashable {
    /// One image of the list.
    package struct Entry: Sendable, Hashable {
        /// The class, such as `candle`.
        package var className: String
        /// `train` or `test`.
        package var split: String
        package var isAnomalous: Bool
        /// The image's path below the data set's folder.
        package var image: String
        /// The mask's path below the data set's folder; empty for normal images.
        package var mask: String
    }

    /// The list's file.
    package let source: FilePath
    /// All images in the order of the list.
    package let entries: [Entry]

    /// The classes in the reference's order.
    static let publishedClasses = [
        "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4",
        "pipe_fryum",
    ]

    /// Labels that stand for normal images; any other one is a defect's.
    static let normalLabels: Set<String> = ["normal", "good", "ok"]

    /// Reads `split_csv/1cls.csv`, or `meta.json` where that is missing.
    ///
    /// - Parameter root: The data set's folder.
    /// - Throws: ``DatasetError`` where neither is there or the list is damaged.
    package init(root: FilePath) throws(DatasetError) {
        try self.init(root: root, names: LabelNames(normal: Self.normalLabels, added: []))
    }

    init(root: FilePath, names: LabelNames) throws(DatasetError) {
        let table = root.appending("split_csv").appending("1cls.csv")
        let meta = root.appending("meta.json")
        if FileManager.default.fileExists(atPath: table.string) {
            try self.init(table: table, names: names)
        } else if FileManager.default.fileExists(atPath: meta.string) {
            try self.init(meta: meta)
        } else {
            throw DatasetError(path: root, fault: .noClasses(lookedFor: "split_csv/1cls.csv and meta.json"))
        }
    }

    /// Reads the published table, with columns object, split, label, image and mask.
    ///
    /// A label other than `normal`, `good` or `ok` is a defect's, whatever it is called.
    package init(table: FilePath) throws(DatasetError) {
        try self.init(table: table, names: LabelNames(normal: Self.normalLabels, added: []))
    }

    private init(table: FilePath, names: LabelNames) throws(DatasetError) {
        source = table
        let rows: [CSVTable.Row]
        do {
            rows = try CSVTable(contentsOf: table).rows
        } catch {
            throw DatasetError(path: table, fault: .badListing(line: error.line, error.reason))
        }
        var entries: [Entry] = []
        for row in rows {
            guard let name = row["object"], let split = row["split"], let label = row["label"]?.trimmed, let image = row["image"]
            else {
                throw DatasetError(
                    path: table,
                    fault: .badListing(line: row.line, "columns object, split, label, image and mask are needed"))
            }
            guard !label.isEmpty else {
                throw DatasetError(path: table, fault: .badListing(line: row.line, "the label is empty"))
            }
            let isAnomalous = !names.isNormal(label)
            entries.append(
                Entry(
                    className: name, split: split.lowercased(), isAnomalous: isAnomalous, image: image,
                    mask: isAnomalous ? row["mask"] ?? "" : ""))
        }
        self.entries = entries
    }

    /// Reads the reference's `meta.json`.
    package init(meta: FilePath) throws(DatasetError) {
        source = meta
        struct Image: Decodable {
            var img_path: String
            var mask_path: String
            var anomaly: Int
        }
        do {
            let data = try Data(contentsOf: URL(filePath: meta.string))
            let splits = try JSONDecoder().decode([String: [String: [Image]]].self, from: data)
            entries = splits.sorted { $0.key < $1.key }.flatMap { split, classes in
                classes.sorted { $0.key < $1.key }.flatMap { name, images in
                    images.map {
                        Entry(
                            className: name, split: split, isAnomalous: $0.anomaly != 0, image: $0.img_path,
                            mask: $0.mask_path)
                    }
                }
            }
        } catch {
            throw DatasetError(
                path: meta,
                fault: .badListing(line: nil, "is not a list as visa_preprocess writes it; remove it and run `musc datasets prepare visa`"))
        }
    }

    /// The test images, class by class.
    func classes(_ wanted: [String]?, root: FilePath) throws(DatasetError) -> DatasetListing {
        let test = entries.filter { $0.split == "test" }
        let names = Set(test.map(\.className)).sorted()
        guard !names.isEmpty else {
            throw DatasetError(path: source, fault: .badListing(line: nil, "lists no test images"))
        }
        var listing = try DatasetListing(wanted, of: names, root: root)
        let others = entries.filter { $0.split != "test" && $0.split != "train" }
        if let first = others.first {
            listing.remarks.append(
                "\(source): \(others.count) images of a split that is neither train nor test (\(first.split.quotedForPeople)) are not evaluated."
            )
        }
        for name in listing.chosen {
            var images: [LabelledImage] = []
            for entry in test where entry.className == name {
                let path = root.pushing(FilePath(entry.image))
                let mask = entry.mask.isEmpty ? nil : root.pushing(FilePath(entry.mask))
                if entry.isAnomalous, mask == nil || !FileManager.default.fileExists(atPath: mask?.string ?? "") {
                    throw DatasetError(path: path, fault: .missingMask(lookedIn: mask ?? source))
                }
                let type = path.removingLastComponent().lastComponent?.string ?? (entry.isAnomalous ? "Anomaly" : "Normal")
                images.append(
                    LabelledImage(path: path, type: type, isAnomalous: entry.isAnomalous, masks: mask.map { [$0] } ?? []))
            }
            listing.add(name, images: images, hasMasks: true, maskRule: .any, folder: root)
        }
        return try listing.checked()
    }

    /// `meta.json` as the reference's `visa_preprocess` writes it, byte for byte: Python's `json.dumps(…, indent=4)`.
    package var metaJSON: String {
        let named = Set(entries.map(\.className))
        let classes = named.isSubset(of: Self.publishedClasses) ? Self.publishedClasses : named.sorted()
        let splits = ["train", "test"].map { split in
            let lists = classes.map { name in
                let images = entries.filter { $0.split == split && $0.className == name }.map { entry in
                    """
                                {
                                    "img_path": \(Self.quoted(entry.image)),
                                    "mask_path": \(Self.quoted(entry.mask)),
                                    "cls_name": \(Self.quoted(name)),
                                    "specie_name": "",
                                    "anomaly": \(entry.isAnomalous ? 1 : 0)
                                }
                    """
                }
                let list = images.isEmpty ? "[]" : "[\n\(images.joined(separator: ",\n"))\n        ]"
                return "        \(Self.quoted(name)): \(list)"
            }
            return "    \"\(split)\": {\n\(lists.joined(separator: ",\n"))\n    }"
        }
        return "{\n\(splits.joined(separator: ",\n"))\n}\n"
    }

    /// Writes ``metaJSON``, whole or not at all.
    ///
    /// - Throws: ``EvaluationError/file(_:reason:)``.
    package func writeMetaJSON(to file: FilePath) throws(EvaluationError) {
        try OutputFolder(file.removingLastComponent()).write(metaJSON, to: file.lastComponent?.string ?? "meta.json")
    }

    /// A JSON string in ASCII.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: result += "\\\""
            case 0x5c: result += "\\\\"
            case 0x20...0x7e: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let hex = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }
        }
        return result + "\""
    }
}

extension String {
    /// The text without spaces at either end.
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
