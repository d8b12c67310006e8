import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport

/// The connected regions of every image of a batch that reach the pixel threshold: where, how many and how large.
package struct BatchRegions: Sendable {
    /// The pixel threshold, and how regions are cut out.
    package let threshold: PixelThreshold
    package let cut: MapRegions.Cut
    /// The regions of each readable image, by its place in the patch maps.
    package let images: [MapRegions]

    /// How regions are cut out: they grow around what reaches the pixel threshold down to a share of it, less the margin
    /// where the map falls off from a higher place. What reaches the threshold is the core alone of a faint and large
    /// defect, and more than a bright and small one. Measured by `examples/regions_table.sh`.
    package static func cut(_ threshold: PixelThreshold, leastArea: Int = 0) -> MapRegions.Cut {
        MapRegions.Cut(level: threshold.value, growth: 0.75, contrast: 0.85, leastArea: leastArea)
    }

    /// The most regions of one image that are listed, and of all images together; the rest are counted.
    static let mostOfImage = 20
    static let mostOfBatch = 5_000

    /// - Parameters:
    ///   - leastArea: Regions of fewer pixels of the photograph are left out.
    ///   - threads: The most threads to use; an image is the smallest piece of work.
    package init(of scores: Inspection, leastArea: Int = 0, threads: Int = 1) {
        let readable = scores.images.filter { $0.index != nil }.sorted { ($0.index ?? 0) < ($1.index ?? 0) }
        let threshold = PixelThreshold(
            image: scores.threshold, maxima: readable.map { $0.scoreMSM ?? 0 }, isMoved: scores.rscin.applied)
        let cut = Self.cut(threshold, leastArea: leastArea)
        self.threshold = threshold
        self.cut = cut
        images = concurrentMap(readable.count, threads: threads) { index in
            let size = readable[index].size ?? ImageSize(side: 1)
            return MapRegions(
                patches: scores.patchMap(index), grid: scores.grid, width: size.width, height: size.height,
                region: scores.region, cut: cut)
        }
    }

    /// The regions of an image; none where it could not be read.
    package func regions(of image: ScoredImage) -> [MapRegion] {
        image.index.flatMap { images.indices.contains($0) ? images[$0].regions : nil } ?? []
    }

    /// What `run.json` and `--json` say of regions: a bounded number of them, with how many there are.
    package struct Record: Sendable, Hashable, Codable {
        /// Infinite, written as text, where nothing can be told.
        package var pixelThreshold: Float
        /// Regions grow around what reaches the threshold down to this score.
        package var low: Float
        package var leastArea: Int
        package var explanation: String
        /// All regions of the batch.
        package var count: Int
        /// How many of them are listed below.
        package var listed: Int
        /// Images with a region, in the order of their scores.
        package var images: [Image]

        package struct Image: Sendable, Hashable, Codable {
            package var image: String
            package var count: Int
            package var regions: [MapRegion]
        }
    }

    /// - Parameter scored: The images, the most anomalous first.
    package func record(_ scored: [ScoredImage]) -> Record {
        var record = Record(
            pixelThreshold: threshold.value, low: cut.low, leastArea: cut.leastArea, explanation: threshold.explanation,
            count: 0, listed: 0, images: [])
        for image in scored {
            let all = regions(of: image)
            guard !all.isEmpty else { continue }
            let shown = Array(all.prefix(min(Self.mostOfImage, Self.mostOfBatch - record.listed)))
            record.count += all.count
            record.listed += shown.count
            record.images.append(Record.Image(image: image.name, count: all.count, regions: shown))
        }
        return record
    }

    /// The table `regions.csv` with its header: a row a region, all of them, images in the order given and the highest
    /// region of each first.
    package func rows(_ scored: [ScoredImage]) -> [[Workbook.Cell]] {
        var rows: [[Workbook.Cell]] = [Self.columns.map { .text($0) }]
        for image in scored {
            for (number, region) in regions(of: image).enumerated() {
                let numbers: [String] = [
                    "\(number + 1)", "\(region.x)", "\(region.y)", "\(region.width)", "\(region.height)", "\(region.area)",
                    Float(region.share).csvText, decimalText(region.centroidX, 1), decimalText(region.centroidY, 1),
                    "\(region.peakX)", "\(region.peakY)", region.score.csvText, region.meanScore.csvText,
                    Float(region.elongation).csvText,
                ]
                rows.append([.text(image.name)] + numbers.map { .figure($0) })
            }
        }
        return rows
    }

    static let columns = [
        "image", "region", "x", "y", "width", "height", "area", "share", "centroid_x", "centroid_y", "peak_x", "peak_y", "score",
        "mean_score", "elongation",
    ]
}
