import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import MuScSupport
import SystemPackage

/// All figures of one class from its scores, labels and masks.
struct ClassFigures: Sendable {
    let ranking: RankMetrics
    let pixels: RankMetrics?
    let overlap: PerRegionOverlap?
    /// PRO to the limit, by sorting.
    let exactOverlap: ExactOverlap?
    /// sPRO, where the data set says when a defect saturates.
    let saturatedOverlap: ExactOverlap?
    let own: OwnThreshold
    let groups: [GroupMetrics]

    /// - Parameters:
    ///   - masks: At the maps' size; empty without masks.
    ///   - defects: Of sPRO; nil where the data set has no saturations.
    ///   - side: Of the maps, in pixels.
    ///   - limit: Of PRO and sPRO.
    init(
        of labelled: LabelledClass, _ scores: Inspection, masks: [UInt8], defects: [DefectRegion]?, side: Int,
        limit: Double, threads: Int
    ) throws(MetricError) {
        let values = scores.images.map { $0.score ?? 0 }
        let flagged = scores.images.map(\.flagged)
        let anomalous = labelled.images.map(\.isAnomalous)
        ranking = try RankMetrics(scores: values, anomalous: anomalous)
        groups = try GroupMetrics.groups(of: labelled.images, scores: values, flagged: flagged)
        let threshold = PixelThreshold(
            image: scores.threshold, maxima: scores.images.map { $0.scoreMSM ?? 0 }, isMoved: scores.rscin.applied)
        let images = Confusion(flagged: flagged, anomalous: anomalous)
        guard labelled.hasMasks else {
            (pixels, overlap, exactOverlap, saturatedOverlap) = (nil, nil, nil, nil)
            own = OwnThreshold(
                imageThreshold: scores.threshold.value, images: images, pixelThreshold: threshold.value, pixels: nil)
            return
        }
        let maps = Self.pixelMaps(scores, side: side, threads: threads)
        pixels = try RankMetrics(scores: maps, labels: masks, threads: threads)
        overlap = try PerRegionOverlap(maps: maps, masks: masks, width: side, height: side, threads: threads)
        exactOverlap = try ExactOverlap(
            maps: maps, masks: masks, width: side, height: side, limit: limit, threads: threads)
        if let defects {
            saturatedOverlap = try ExactOverlap(
                maps: maps, masks: masks, area: side * side, defects: defects, limit: limit, threads: threads)
        } else {
            saturatedOverlap = nil
        }
        // What is submitted are the regions that a user would have seen.
        let cut = BatchRegions.cut(threshold)
        let marked = concurrentMap(scores.images.count, threads: threads) { index in
            MapRegions(
                patches: scores.patchMap(index), grid: scores.grid, width: side, height: side, region: scores.region, cut: cut
            ).mask
        }.flatMap { $0 }
        own = OwnThreshold(
            imageThreshold: scores.threshold.value, images: images, pixelThreshold: threshold.value,
            pixels: try Confusion(marked: marked, labels: masks, threads: threads))
    }

    /// The maps of all images at the size that is evaluated, `[images, side, side]` row-major.
    private static func pixelMaps(_ scores: Inspection, side: Int, threads: Int) -> [Float] {
        let area = side * side
        let count = scores.images.count
        return [Float](unsafeUninitializedCapacity: count * area) { buffer, initialised in
            // Each image fills the part that belongs to its index, and together they fill all.
            nonisolated(unsafe) let maps = buffer
            concurrentLoop(count, threads: threads) { index in
                let map = PatchMap.resized(scores.patchMap(index), grid: scores.grid, width: side, height: side)
                _ = maps[index * area..<(index + 1) * area].initialize(fromContentsOf: map)
            }
            initialised = count * area
        }
    }
}

extension LabelledClass {
    /// The defects of all images with their saturations, for sPRO: one for each value of each mask.
    ///
    /// Absolute saturations are given in pixels of the photograph, and become as much less as its pixels do.
    ///
    /// - Parameter side: Of the evaluated maps, in pixels.
    /// - Returns: nil where the data set has no saturations; and how many defects have no pixel left at this size.
    /// - Throws: ``DatasetError`` for a mask that cannot be decoded, and a value without a saturation.
    func defects(side: Int, threads: Int) throws(DatasetError) -> (defects: [DefectRegion]?, vanished: Int) {
        guard let saturation, hasMasks else { return (nil, 0) }
        let read = concurrentMap(images.count, threads: threads) { index -> Result<[DefectRegion?], DatasetError> in
            do throws(DatasetError) {
                var defects: [DefectRegion?] = []
                for mask in images[index].masks {
                    defects += try Self.defects(in: mask, image: index, saturation: saturation, side: side)
                }
                return .success(defects)
            } catch {
                return .failure(error)
            }
        }
        var all: [DefectRegion?] = []
        for result in read { all += try result.get() }
        return (all.compactMap { $0 }, all.count { $0 == nil })
    }

    private static func defects(
        in file: FilePath, image: Int, saturation: Saturation, side: Int
    ) throws(DatasetError) -> [DefectRegion?] {
        let mask: GrayImage
        do throws(ImageError) {
            mask = try GrayImage(contentsOf: file, options: .reference)
        } catch {
            throw DatasetError(path: file, fault: .image(error))
        }
        let scale = Double(side * side) / Double(mask.width * mask.height)
        var defects: [DefectRegion?] = []
        for value in Set(mask.pixels).subtracting([0]).sorted() {
            let own = GrayImage(width: mask.width, height: mask.height, pixels: mask.pixels.map { $0 == value ? 255 : 0 })
            let resized = own.resized(width: side, height: side, filter: .bilinear).pixels
            var runs: [Range<Int>] = []
            for (pixel, coverage) in resized.enumerated() where coverage == 255 {
                if let last = runs.last, last.upperBound == pixel {
                    runs[runs.count - 1] = last.lowerBound..<pixel + 1
                } else {
                    runs.append(pixel..<pixel + 1)
                }
            }
            let area = runs.reduce(0) { $0 + $1.count }
            let limit = try saturation.pixels(of: value, area: max(1, area), scale: scale)
            defects.append(area == 0 ? nil : DefectRegion(image: image, runs: runs, saturation: limit))
        }
        return defects
    }
}
