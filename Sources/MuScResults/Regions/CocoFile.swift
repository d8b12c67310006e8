import Foundation
import MuScBatch
import MuScScoring

/// `regions.coco.json`: the regions in the format of the COCO data set, which labelling tools open. One category,
/// `defect`; masks as uncompressed run lengths, column by column from the top left, boxes as [x, y, width, height].
enum CocoFile {
    static let name = "regions.coco.json"

    private struct File: Encodable {
        struct Image: Encodable {
            var id: Int
            var file_name: String
            var width: Int
            var height: Int
        }
        struct Category: Encodable {
            var id = 1
            var name = "defect"
            var supercategory = "defect"
        }
        struct Segmentation: Encodable {
            var size: [Int]
            var counts: [Int]
        }
        struct Annotation: Encodable {
            var id: Int
            var image_id: Int
            var category_id = 1
            var bbox: [Int]
            var area: Int
            var segmentation: Segmentation
            /// COCO marks masks given as run lengths so.
            var iscrowd = 1
            var score: Float
        }
        var info: [String: String]
        var images: [Image]
        var categories = [Category()]
        var annotations: [Annotation]
    }

    /// - Parameter scored: Images with their regions.
    static func bytes(_ scored: [ScoredImage], _ regions: BatchRegions) throws(ResultsError) -> [UInt8] {
        var file = File(info: ["description": "Regions found by musc; scores are distances, 0 to 2."], images: [], annotations: [])
        for image in scored {
            guard let place = image.index, regions.images.indices.contains(place) else { continue }
            let found = regions.images[place]
            let id = file.images.count + 1
            file.images.append(File.Image(id: id, file_name: image.name, width: found.width, height: found.height))
            let runs = Dictionary(grouping: found.runs, by: \.region)
            for (index, region) in found.regions.enumerated() {
                file.annotations.append(
                    File.Annotation(
                        id: file.annotations.count + 1, image_id: id,
                        bbox: [region.x, region.y, region.width, region.height], area: region.area,
                        segmentation: File.Segmentation(
                            size: [found.height, found.width],
                            counts: counts(of: runs[index] ?? [], box: region, height: found.height, area: found.width * found.height)),
                        score: region.score))
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try [UInt8](encoder.encode(file)) + [UInt8(ascii: "\n")]
        } catch {
            throw ResultsError(kind: .system, path: name, detail: "cannot be encoded: \(error)")
        }
    }

    /// Lengths of runs of 0 and 1 in turn, down one column after the other, beginning with 0.
    private static func counts(of runs: [MapRegions.Run], box: MapRegion, height: Int, area: Int) -> [Int] {
        var columns = [[Range<Int>]](repeating: [], count: box.width)
        for run in runs {
            for x in run.columns {
                let column = x - box.x
                if let last = columns[column].last, last.upperBound == run.y {
                    columns[column][columns[column].count - 1] = last.lowerBound..<run.y + 1
                } else {
                    columns[column].append(run.y..<run.y + 1)
                }
            }
        }
        var counts: [Int] = []
        var end = 0
        for (index, column) in columns.enumerated() {
            let first = (box.x + index) * height
            for run in column {
                let (start, stop) = (first + run.lowerBound, first + run.upperBound)
                if start == end, !counts.isEmpty {
                    counts[counts.count - 1] += stop - start
                } else {
                    counts += [start - end, stop - start]
                }
                end = stop
            }
        }
        let rest = area - end
        return rest > 0 ? counts + [rest] : counts
    }
}
