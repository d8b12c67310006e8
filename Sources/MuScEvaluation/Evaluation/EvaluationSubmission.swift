import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScSupport
import SystemPackage

extension Evaluation {
    /// Scores a split without labels by itself and writes what MVTec AD 2's server wants of it: of each image
    /// `anomaly_images/CLASS/SPLIT/NAME.tiff`, one channel of 16-bit floating point at the photograph's size, and
    /// `anomaly_images_thresholded/CLASS/SPLIT/NAME.png`, 255 in the regions and 0 elsewhere.
    ///
    /// - Returns: How many images have a region.
    /// - Throws: ``EvaluationError``.
    package func submit(
        _ split: PrivateSplit, progress: @escaping @Sendable (Progress) -> Bool = { _ in true }
    ) throws(EvaluationError) -> Int {
        let scores: Inspection
        do {
            scores = try score(split.images.map { BatchFile($0, in: dataset.root) }, progress)
        } catch {
            throw .scoring(className: "\(split.className)/\(split.split)", error)
        }
        if let image = scores.images.first(where: { $0.index == nil }) {
            throw .unreadableImage(image.path, reason: image.error ?? "was not scored.")
        }
        let threshold = PixelThreshold(
            image: scores.threshold, maxima: scores.images.map { $0.scoreMSM ?? 0 }, isMoved: scores.rscin.applied
        )
        let cut = BatchRegions.cut(threshold)
        let written = concurrentMap(scores.images.count, threads: threads) { index -> Result<Bool, EvaluationError> in
            do throws(EvaluationError) {
                return .success(try write(scores, index, of: split, cut: cut))
            } catch {
                return .failure(error)
            }
        }
        var marked = 0
        for result in written where try result.get() { marked += 1 }
        return marked
    }

    private func write(
        _ scores: Inspection, _ index: Int, of split: PrivateSplit, cut: MapRegions.Cut
    ) throws(EvaluationError) -> Bool {
        let image = scores.images[index]
        let name = "\(split.className)/\(split.split)/\(image.path.stem ?? "")"
        do {
            // The server compares with masks of the stored pixels.
            let size = try ImageHeader(contentsOf: image.path, options: .reference)
            let map = PatchMap.resized(scores.patchMap(index), grid: scores.grid, width: size.width, height: size.height)
            let mask = GrayImage(
                width: size.width, height: size.height,
                pixels: MapRegions(patches: scores.patchMap(index), grid: scores.grid, width: size.width, height: size.height, cut: cut)
                    .mask)
            let values = FloatImage(width: size.width, height: size.height, samples: map)
            try output.write(try values.tiff16Encoded(), to: "anomaly_images/\(name).tiff")
            try output.write(try mask.pngEncoded(), to: "anomaly_images_thresholded/\(name).png")
            return mask.pixels.contains(255)
        } catch let error as EvaluationError {
            throw error
        } catch let error as ImageError {
            throw .dataset(DatasetError(path: image.path, fault: .image(error)))
        } catch {
            throw .file(output.path.appending("anomaly_images"), reason: "\(error)")
        }
    }
}
