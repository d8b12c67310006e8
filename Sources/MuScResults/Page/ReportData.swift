import Foundation
import Glibc
import MuScBatch
import MuScSupport
import SystemPackage

/// What the page's script works with, as JSON: a row an image, the patch maps quantised to one byte a patch between
/// each image's lowest and highest score, the colour maps, and where the plot's axis lies.
struct ReportData {
    let page: ReportPage
    let numbers: ScoreNumbers
    let plot: ScorePlot

    /// The most bytes of patch maps that a page carries, before base64; finer grids are reduced to it.
    private static let mapBudget = 900_000

    var json: String {
        let factor = reduction
        let grid = page.scores.grid
        let width = (grid.width + factor - 1) / factor
        let height = (grid.height + factor - 1) / factor
        let images = rows(0..<page.listed)
        let errors = page.unreadable.map {
            "[\(Markup.json($0.name)),\(Markup.json($0.error ?? "")),\(number(Self.modified($0.path)))]"
        }
        let maps = Colormap.allCases.map { "\"\($0.rawValue)\":\"\(Markup.base64($0.table))\"" }
        let threshold = page.scores.threshold.value
        let fields = [
            "\"grid\":[\(width),\(height)]",
            "\"region\":\(region(factor: factor))",
            "\"threshold\":\(threshold.isFinite ? "\(threshold)" : "null")",
            "\"regionsFrom\":[\(number(page.regions.threshold.value)),\(number(page.regions.cut.low))]",
            "\"decimals\":\(numbers.decimals)",
            "\"chips\":\(ReportPage.chips)",
            "\"lookEnd\":\(page.ranking.lookEnd)",
            "\"single\":\(page.embedded != nil)",
            "\"command\":\(Markup.json(page.reportCommand))",
            "\"colormap\":\"\(page.options.colormap.rawValue)\"",
            "\"normalisation\":\"\(page.options.normalisation.rawValue)\"",
            "\"scale\":[\(page.scale.low),\(page.scale.high),\(ColourScale.below),\(ColourScale.above)]",
            "\"opacity\":\"\(Markup.base64((0..<256).map { UInt8((255 * HeatMapStyle.opacity(Double($0) / 255)).rounded()) }))\"",
            "\"plot\":{\"low\":\(plot.low),\"high\":\(plot.high),\"width\":\(ScorePlot.width),"
                + "\"height\":\(ScorePlot.height),\"sortedEnd\":\(ScorePlot.sortedEnd)}",
            "\"colormaps\":{\(maps.joined(separator: ","))}",
            "\"verdicts\":\(PageVerdicts(run: page.run, ranks: page.ranks).json)",
            "\"folders\":{\"overlay\":\"\(Self.overlays)\",\"thumbnail\":\"\(Self.thumbnails)\"}",
            "\"images\":[\(images.joined(separator: ",\n"))]",
            "\"errors\":[\(errors.joined(separator: ","))]",
        ]
        return "{\((fields + largeBatch).joined(separator: ",\n"))}"
    }

    /// The rows of the images of these ranks, counted from 0.
    func rows(_ range: Range<Int>) -> [String] {
        let factor = reduction
        return range.map { row($0, factor: factor, near: page.near[$0]) }
    }

    private func row(_ index: Int, factor: Int, near: [Int]) -> String {
        let image = page.scored[index]
        let pictures = page.pictures[index]
        let map = AnomalyMap(
            grid: page.scores.grid, values: page.scores.patchMap(image.index ?? 0), region: page.scores.region)
        let (low, high) = map.range
        var cells: [String] = [
            Markup.json(image.name), number(image.score), scoreMSM(of: image), number(image.pValue),
            "\(image.size?.width ?? 1)", "\(image.size?.height ?? 1)",
            image.peak.map { "[\($0.x),\($0.y)]" } ?? "null",
            "\(low)", "\(high)", "\"\(Markup.base64(map.quantised(factor: factor)))\"",
            page.embedded == nil ? url(pictures.overlay, in: Self.overlays) : "null",
            page.embedded == nil ? url(pictures.thumbnail, in: Self.thumbnails) : "null", photograph(index),
            number(Self.modified(image.path)), "[\(near.map(String.init).joined(separator: ","))]",
            url(image.flagged ? pictures.crop : nil),
            page.places(of: image.name),
            regions(of: image),
            "\(page.regions.regions(of: image).count)",
        ]
        // Most images have no crop, no places, no regions; the script fills these in.
        for usual in ["0", "[]", "null", "null"] where cells.last == usual { cells.removeLast() }
        return "[\(cells.joined(separator: ","))]"
    }

    /// MSM's score, or a sign that it is the image's score.
    func scoreMSM(of image: ScoredImage) -> String {
        image.score != nil && image.scoreMSM == image.score ? "\"=\"" : number(image.scoreMSM)
    }

    /// The photograph's URL, or 1 where it lies above the page and its name needs no escaping.
    private func photograph(_ index: Int) -> String {
        guard let url = page.photographURL(index) else { return "null" }
        let name = page.scored[index].name
        return url == "../\(name)" && Markup.url(name) == name ? "1" : Markup.json(url)
    }

    private static let overlays = "overlays/"
    static let thumbnails = "overlays/thumbs/"

    /// The regions of an image: [x, y, width, height, area, score] each, in pixels of the photograph.
    private func regions(of image: ScoredImage) -> String {
        let regions = page.regions.regions(of: image).prefix(BatchRegions.mostOfImage)
        return "[\(regions.map { "[\($0.x),\($0.y),\($0.width),\($0.height),\($0.area),\($0.score)]" }.joined(separator: ","))]"
    }

    func number(_ value: Float?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null" }
    func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "null" }
    func url(_ path: String?) -> String { path.flatMap(page.pictureURL).map { Markup.json($0) } ?? "null" }
    /// A picture's URL without the folder that most of its kind lie in; with `./` before it where it lies elsewhere.
    func url(_ path: String?, in folder: String) -> String {
        path.flatMap(page.pictureURL).map { Markup.json($0.hasPrefix(folder) ? String($0.dropFirst(folder.count)) : "./\($0)") } ?? "null"
    }

    /// A byte a patch of the page's grid, 1 where any of its patches counted; null where all did.
    private func region(factor: Int) -> String {
        guard let region = page.scores.region else { return "null" }
        let counted = AnomalyMap(grid: region.grid, values: region.contains.map { $0 ? 1 : 0 })
        return "\"\(Markup.base64(counted.quantised(factor: factor).map { $0 > 0 ? 1 : 0 }))\""
    }

    /// By how much grids are reduced so that the page stays light, 1 for not at all.
    private var reduction: Int {
        let allowed = max(Self.mapBudget / max(page.listed, 1), 256)
        var factor = 1
        while page.scores.grid.count / (factor * factor) > allowed { factor += 1 }
        return factor
    }

    /// Seconds since 1970 at which the file's content last changed; nil where it is gone.
    static func modified(_ path: FilePath) -> Int? {
        var information = stat()
        return path.withPlatformString { stat($0, &information) } == 0 ? information.st_mtim.tv_sec : nil
    }
}

extension AnomalyMap {
    /// The patch scores as bytes, 0 the image's lowest and 255 its highest, by the maximum over squares of `factor`
    /// patches a side, so that a small peak survives the reduction.
    func quantised(factor: Int) -> [UInt8] {
        let (low, high) = range
        let scale = high > low ? 255 / (high - low) : 0
        var bytes: [UInt8] = []
        for top in stride(from: 0, to: grid.height, by: factor) {
            for left in stride(from: 0, to: grid.width, by: factor) {
                var highest = -Float.infinity
                for y in top..<min(top + factor, grid.height) {
                    for x in left..<min(left + factor, grid.width) { highest = max(highest, values[y * grid.width + x]) }
                }
                let step = ((highest - low) * scale).rounded()
                bytes.append(step >= 255 ? 255 : step > 0 ? UInt8(step) : 0)
            }
        }
        return bytes
    }
}

/// The relative URL of `target` as seen from a page in `folder`, both absolute or relative to the working directory.
package func relativeURL(from folder: String, to target: FilePath) -> String {
    func parts(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        let slash = UInt8(ascii: "/")
        let absolute = path.first == slash ? path : Array(FileManager.default.currentDirectoryPath.utf8) + [slash] + path
        var result: [ArraySlice<UInt8>] = []
        for part in absolute.split(separator: slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = result.popLast() } else { result.append(part) }
        }
        return result
    }
    let from = parts(Array(folder.utf8))
    let to = parts(target.bytes)
    let shared = zip(from, to).prefix { $0 == $1 }.count
    let up = Array(repeating: "..", count: from.count - shared)
    return (up + to.dropFirst(shared).map { Markup.url($0) }).joined(separator: "/")
}
