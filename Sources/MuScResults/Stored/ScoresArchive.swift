import Foundation
import Glibc
import MuScBatch
import MuScImages
import MuScScoring
import MuScTensors
import SystemPackage

/// `scores.safetensors`: what rendering, re-scoring and a notebook start from.
///
/// Over the S readable images in the order in which they were given: `patch_map` [S, H, W], `image_score_msm` [S],
/// `image_score` [S], `image_feature` [S, F], all float32; `p_value` [S] float32 where there are any, NaN where an
/// image has none; `image_size` and `image_peak` [S, 2] int64, x first, in pixels of the upright original; `region`
/// [H, W] int64 where only a part counted, 1 for the patches that did. The metadata hold `names`, a JSON list of the S file names, and `folder`, the batch's folder, absolute;
/// `parts`, a JSON list of the part that each of the S images shows, empty for one of its own, where images share parts.
enum ScoresArchive {
    static let fileName = "scores.safetensors"

    /// The file's bytes.
    static func bytes(_ scores: Inspection, batchFolder: String) throws(ResultsError) -> [UInt8] {
        let readable = scores.images.filter { $0.index != nil }.sorted { ($0.index ?? 0) < ($1.index ?? 0) }
        let count = readable.count
        let names: String
        var parts: String?
        do {
            names = String(decoding: try JSONEncoder().encode(readable.map(\.name)), as: UTF8.self)
            if readable.contains(where: { $0.part != nil }) {
                parts = String(decoding: try JSONEncoder().encode(readable.map { $0.part ?? "" }), as: UTF8.self)
            }
        } catch {
            throw ResultsError(kind: .system, path: fileName, detail: "the images' names cannot be encoded: \(error)")
        }
        var file = SafetensorsWriter(metadata: ["names": names, "folder": batchFolder])
        file.metadata["parts"] = parts
        file.add("patch_map", scores.patchMaps, shape: [count, scores.grid.height, scores.grid.width])
        file.add("image_score_msm", readable.map { $0.scoreMSM ?? .nan }, shape: [count])
        file.add("image_score", readable.map { $0.score ?? .nan }, shape: [count])
        file.add("image_feature", scores.imageFeatures, shape: [count, scores.featureWidth])
        if readable.contains(where: { $0.pValue != nil }) {
            file.add("p_value", readable.map { $0.pValue ?? .nan }, shape: [count])
        }
        file.add("image_size", readable.flatMap { [$0.size?.width ?? 0, $0.size?.height ?? 0] }, shape: [count, 2])
        file.add("image_peak", readable.flatMap { [$0.peak?.x ?? -1, $0.peak?.y ?? -1] }, shape: [count, 2])
        if let region = scores.region {
            file.add("region", region.contains.map { $0 ? 1 : 0 }, shape: [region.grid.height, region.grid.width])
        }
        return file.bytes()
    }

    /// Reads the scores back, with thresholds and unreadable images as the run's record has them.
    ///
    /// - Returns: The scores, and the batch's folder as it was when they were written. Each image's path is that of
    ///   the file beside the results folder where it is there, else that in the recorded folder.
    /// - Throws: ``ResultsError`` of kind `unreadable` where a tensor is missing or of another shape than the others.
    static func read(
        resultsFolder: String, run: RunRecord, ownedByUser: Bool = false
    ) throws(ResultsError) -> (Inspection, folder: String) {
        let path = "\(resultsFolder)/\(fileName)"
        func damaged(_ what: String) -> ResultsError {
            ResultsError(kind: .unreadable, path: path, detail: what, advice: "Score the batch again: musc run FOLDER.")
        }
        let archive: TensorArchive
        do throws(TensorFileError) {
            archive = try TensorArchive(path: path, ownedByUser: ownedByUser)
        } catch {
            throw damaged("\(error)")
        }
        guard let list = archive.metadata["names"],
            let names = try? JSONDecoder().decode([String].self, from: Data(list.utf8))
        else { throw damaged("has no list of image names in its metadata") }
        let count = names.count
        func tensor(_ name: String, _ shape: [Int?]) throws(ResultsError) -> StoredTensor {
            guard let tensor = archive[name] else { throw damaged("has no tensor \(name)") }
            guard tensor.shape.count == shape.count,
                zip(tensor.shape, shape).allSatisfy({ $1 == nil || $0 == $1 })
            else { throw damaged("has a tensor \(name) of shape \(tensor.shape), which does not fit \(count) images") }
            return tensor
        }
        let maps = try tensor("patch_map", [count, nil, nil])
        guard maps.shape[1] > 0, maps.shape[2] > 0 else { throw damaged("has empty patch maps") }
        let scoresMSM = try tensor("image_score_msm", [count]).floats()
        let scores = try tensor("image_score", [count]).floats()
        let features = try tensor("image_feature", [count, nil])
        let sizes = try tensor("image_size", [count, 2]).integers()
        let peaks = try tensor("image_peak", [count, 2]).integers()
        let pValues = archive["p_value"] == nil ? nil : try tensor("p_value", [count]).floats()

        let recorded = archive.metadata["folder"] ?? ""
        let beside = ResultsFolder(path: resultsFolder).parent
        func finite(_ value: Float) -> Float? { value.isNaN ? nil : value }
        func exists(_ path: FilePath) -> Bool { path.withPlatformString { access($0, F_OK) } == 0 }
        func location(_ name: String) -> FilePath {
            let here = StoredName.path(name, in: beside, exists: exists)
            return recorded.isEmpty || exists(here) ? here : StoredName.path(name, in: recorded, exists: exists)
        }
        /// The file and the page that a name such as `stack.tif#3` means, where no file has that name itself.
        func source(_ name: String) -> (path: FilePath, page: Int?) {
            let whole = location(name)
            guard let mark = name.lastIndex(of: "#"), let page = Int(name[name.index(after: mark)...]), page > 0, !exists(whole) else {
                return (whole, nil)
            }
            let file = location(String(name[..<mark]))
            return exists(file) ? (file, page - 1) : (whole, nil)
        }
        func located(_ image: ScoredImage) -> ScoredImage {
            var image = image
            (image.path, image.page) = source(image.name)
            return image
        }
        var images = names.indices.map { index in
            ScoredImage(
                name: names[index], path: "",
                size: sizes[2 * index] > 0 && sizes[2 * index + 1] > 0
                    ? ImageSize(width: sizes[2 * index], height: sizes[2 * index + 1]) : nil,
                index: index, score: finite(scores[index]), scoreMSM: finite(scoresMSM[index]),
                pValue: pValues.flatMap { finite($0[index]) },
                flagged: scores[index] >= run.threshold.value,
                peak: peaks[2 * index] >= 0 ? PixelPosition(x: peaks[2 * index], y: peaks[2 * index + 1]) : nil)
        }
        if let list = archive.metadata["parts"], let parts = try? JSONDecoder().decode([String].self, from: Data(list.utf8)),
            parts.count == count
        {
            for index in parts.indices where !parts[index].isEmpty { images[index].part = parts[index] }
        }
        images += run.leftOut.map { ScoredImage(name: $0.image, path: "", error: $0.reason) }
        images = images.map(located)
        let grid = PatchGrid(width: maps.shape[2], height: maps.shape[1])
        let region = archive["region"] == nil ? nil : try tensor("region", [grid.height, grid.width]).integers()
        var result = Inspection(
            grid: grid, region: region.map { PatchRegion(grid: grid, contains: $0.map { $0 != 0 }) }, images: images,
            patchMaps: maps.floats(),
            imageFeatures: features.floats(), featureWidth: features.shape[1], threshold: run.threshold,
            automaticThreshold: run.automaticThreshold, rscin: run.rscin, timings: run.timings)
        result.sampleRange = run.settings["images.range"].flatMap(SampleRange.init) ?? .full
        result.alignment = run.alignment
        return (result, recorded.isEmpty ? beside : recorded)
    }
}
