import FoundationEssentials
import MuScTensors
import SystemPackage
import Yams

/// The configuration file of MuSc's reference implementation, `configs/musc.yaml`, read unchanged.
///
/// Every key may be missing. `device` and any key that is not known here is passed over, as the reference does.
package struct ReferenceConfiguration: Sendable, Hashable {
    /// `datasets.dataset_name`
    package var dataset: Dataset.Layout?
    /// `datasets.data_path`
    package var dataPath: FilePath?
    /// `datasets.class_name`: one name, a list, or ALL (nil).
    package var classNames: [String]?
    /// `datasets.img_resize`, pixels.
    package var imageSize: Int?
    /// `datasets.divide_num`
    package var subsets: Int?
    /// `models.backbone_name`
    package var backbone: String?
    /// `models.pretrained`; for CLIP alone, the reference ignores it for DINO and DINOv2.
    package var pretrained: String?
    /// `models.batch_size`: images in one forward pass; it changes no result.
    package var batchSize: Int?
    /// `models.feature_layers`, counted from 0.
    package var featureLayers: [Int]?
    /// `models.r_list`
    package var degrees: [Int]?
    /// `testing.output_dir`
    package var outputFolder: FilePath?
    /// `testing.vis`: whether heat maps are written.
    package var writesHeatMaps: Bool?
    /// `testing.vis_type`
    package var heatMapScale: HeatMapScale?
    /// `testing.save_excel`: whether a workbook is written.
    package var writesWorkbook: Bool?

    /// What the colours of the heat maps span, in the reference's words.
    package enum HeatMapScale: String, Sendable, Hashable, Codable, CaseIterable {
        /// Each image by itself; anomalous images only.
        case single = "single_norm"
        /// All images of the class together.
        case whole = "whole_norm"
    }

    /// A file that cannot be taken as the reference's configuration.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let path: FilePath
        /// From 1; nil where the whole file is at fault.
        package let line: Int?
        /// Such as `datasets.img_resize`; nil where the whole file is at fault.
        package let key: String?
        package let reason: String

        package init(path: FilePath, line: Int?, key: String?, reason: String) {
            self.path = path
            self.line = line
            self.key = key
            self.reason = reason
        }

        package var description: String {
            "\(path)\(line.map { ":\($0)" } ?? ""): \(key.map { "\($0): " } ?? "")\(reason)"
        }
    }

    /// Whether a file is one of the reference's: YAML with a section `datasets`, `models` or `testing` on top.
    package static func recognises(_ path: FilePath) -> Bool {
        guard let root = try? node(path).mapping else { return false }
        return root.keys.contains { ["datasets", "models", "testing"].contains($0.string) }
    }

    /// - Throws: ``Fault`` with line and key.
    package init(contentsOf path: FilePath) throws(Fault) {
        let root = try Self.node(path)
        func value(_ section: String, _ key: String) -> Value? {
            guard let node = root.mapping?[section]?.mapping?[key], node.null == nil else { return nil }
            return Value(path: path, key: "\(section).\(key)", node: node)
        }
        dataset = try value("datasets", "dataset_name")?.choice(Dataset.Layout.self)
        dataPath = try value("datasets", "data_path").map { value throws(Fault) in FilePath(try value.text()) }
        let names = try value("datasets", "class_name")?.texts()
        classNames = names?.count == 1 && names?[0].lowercased() == "all" ? nil : names
        imageSize = try value("datasets", "img_resize")?.positive()
        subsets = try value("datasets", "divide_num")?.positive()
        backbone = try value("models", "backbone_name")?.text()
        pretrained = try value("models", "pretrained")?.text()
        batchSize = try value("models", "batch_size")?.positive()
        featureLayers = try value("models", "feature_layers")?.integers()
        degrees = try value("models", "r_list")?.integers()
        outputFolder = try value("testing", "output_dir").map { value throws(Fault) in FilePath(try value.text()) }
        writesHeatMaps = try value("testing", "vis")?.flag()
        heatMapScale = try value("testing", "vis_type")?.choice(HeatMapScale.self)
        writesWorkbook = try value("testing", "save_excel")?.flag()
    }

    private static func node(_ path: FilePath) throws(Fault) -> Node {
        guard let data = FileManager.default.contents(atPath: path.string) else {
            throw Fault(path: path, line: nil, key: nil, reason: "cannot be read: check that the file exists")
        }
        do {
            if let node = try Yams.compose(yaml: String(decoding: data, as: UTF8.self)), node.mapping != nil {
                return node
            }
        } catch {
            throw Fault(path: path, line: nil, key: nil, reason: "is not YAML: \(error)")
        }
        throw Fault(path: path, line: nil, key: nil, reason: "has no sections datasets, models and testing")
    }

    /// One value of the file with its place.
    private struct Value {
        let path: FilePath
        let key: String
        let node: Node

        func fault(_ expected: String) -> Fault {
            Fault(
                path: path, line: node.mark?.line, key: key,
                reason: "\((node.scalar?.string ?? "…").quotedForPeople) is not \(expected)")
        }

        func text() throws(Fault) -> String {
            guard let text = node.scalar?.string else { throw fault("a single value") }
            return text
        }

        func texts() throws(Fault) -> [String] {
            guard let sequence = node.sequence else { return [try text()] }
            let texts = sequence.compactMap { $0.scalar?.string }
            guard texts.count == sequence.count else { throw fault("a list of names") }
            return texts
        }

        func positive() throws(Fault) -> Int {
            guard let number = node.int, number > 0 else { throw fault("a positive whole number") }
            return number
        }

        /// One number or a list, as the reference takes both.
        func integers() throws(Fault) -> [Int] {
            let numbers = node.sequence.map { $0.map(\.int) } ?? [node.int]
            guard numbers.allSatisfy({ $0 != nil }), !numbers.isEmpty else { throw fault("a list of whole numbers") }
            return numbers.compactMap { $0 }
        }

        func flag() throws(Fault) -> Bool {
            guard let flag = node.bool else { throw fault("True or False") }
            return flag
        }

        func choice<Choice: RawRepresentable & CaseIterable>(
            _: Choice.Type
        ) throws(Fault) -> Choice where Choice.RawValue == String {
            let text = try text()
            guard let choice = Choice(rawValue: text) else {
                throw fault("one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return choice
        }
    }
}
