import FoundationEssentials
import SystemPackage

/// Real-IAD: `realiad_jsons/LISTS/CLASS.json` names the images of `realiad_SIZE/CLASS`, of five views of each part.
struct RealIADListing {
    let root: FilePath
    let names: LabelNames

    /// The folders of photographs, the one nearest to what networks read first.
    private static let sizes = ["realiad_512", "realiad_1024", "realiad_256", "realiad_raw"]
    /// The lists of all views first; `realiad_jsons_sv` is of single views, `_fuiad_…` of training sets with defects.
    private static let lists = ["realiad_jsons", "realiad_jsons_sv"]

    private struct Image: Decodable {
        var image_path: String
        var mask_path: String?
        var anomaly_class: String
    }

    private struct Splits: Decodable {
        var test: [Image]
    }

    func classes(_ wanted: [String]?) throws(DatasetError) -> DatasetListing {
        let photographs = Self.sizes.map { root.appending($0) }.filter { FolderContent.exists($0) }
        let places = Self.lists.map { root.appending("realiad_jsons").appending($0) } + [root.appending("realiad_jsons")]
        var files: [String: FilePath] = [:]
        if let lists = places.first(where: { !Self.listNames(in: $0).isEmpty }) {
            for name in Self.listNames(in: lists) { files[name] = lists.appending("\(name).json") }
        }
        guard let folder = photographs.first, !files.isEmpty else {
            throw DatasetError(
                path: root, fault: .noClasses(lookedFor: "realiad_512 (or 1024, 256, raw) and realiad_jsons/realiad_jsons/CLASS.json"))
        }
        var listing = try DatasetListing(wanted, of: files.keys.sorted(), root: root)
        if photographs.count > 1 {
            let others = photographs.dropFirst().compactMap { $0.lastComponent?.string }.joined(separator: ", ")
            listing.remarks.append("The photographs are those of \(folder); not of \(others).")
        }
        for name in listing.chosen {
            guard let file = files[name] else { continue }
            let images = try images(of: file, in: folder.appending(name))
            listing.add(name, images: images, hasMasks: true, maskRule: .nonZero, folder: file)
        }
        return try listing.checked()
    }

    private static func listNames(in folder: FilePath) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
    }

    private func images(of file: FilePath, in folder: FilePath) throws(DatasetError) -> [LabelledImage] {
        let test: [Image]
        do {
            test = try JSONDecoder().decode(Splits.self, from: Data(contentsOf: URL(filePath: file.string))).test
        } catch {
            throw DatasetError(
                path: file, fault: .badListing(line: nil, "is no list with test, image_path, mask_path and anomaly_class"))
        }
        var images: [LabelledImage] = []
        for image in test {
            let path = folder.pushing(FilePath(image.image_path))
            let isAnomalous = !names.isNormal(image.anomaly_class)
            var masks: [FilePath] = []
            if isAnomalous {
                let mask = image.mask_path.flatMap { $0.isEmpty ? nil : folder.pushing(FilePath($0)) }
                guard let mask, FileManager.default.fileExists(atPath: mask.string) else {
                    throw DatasetError(path: path, fault: .missingMask(lookedIn: mask?.removingLastComponent() ?? file))
                }
                masks = [mask]
            }
            images.append(
                LabelledImage(
                    path: path, type: image.anomaly_class, isAnomalous: isAnomalous, masks: masks,
                    part: FilePath(image.image_path).removingLastComponent().string, view: Self.view(of: path)))
        }
        return images
    }

    /// The view in a file's name, such as `C3` of `audiojack_0001_NG_C3_20230912.jpg`.
    private static func view(of path: FilePath) -> String? {
        let words = (path.stem ?? "").split(separator: "_")
        let view = words.last { word in
            word.count == 2 && word.first == "C" && word.last?.isNumber == true
        }
        return view.map(String.init)
    }
}
