import MuScBatch
import MuScImages
import MuScResults
import MuScSupport
import SystemPackage

/// The pictures that an evaluation writes for a class.
struct EvaluationPictures: Sendable {
    let labelled: LabelledClass
    let scores: Inspection
    let imageSize: Int
    let output: OutputFolder

    /// The longer side of a miss's pictures, in pixels.
    private static let missSide = 420

    /// Writes an image's photograph and heat map, small, each with the outline of the mask.
    ///
    /// - Returns: The files' paths below the output folder.
    func writeMiss(_ index: Int) throws(EvaluationError) -> (photograph: String, heatMap: String) {
        let image = labelled.images[index]
        let photograph: [UInt8]
        let heatMap: [UInt8]
        do {
            (photograph, heatMap) = try miss(index)
        } catch {
            throw .dataset(DatasetError(path: image.path, fault: .image(error)))
        }
        let stem = "\(Self.fileName(image.type))_\(Self.fileName(image.path.stem ?? "image"))"
        let folder = "misses/\(Self.fileName(labelled.name))"
        try output.write(photograph, to: "\(folder)/\(stem).jpg")
        try output.write(heatMap, to: "\(folder)/\(stem)_map.jpg")
        return ("\(folder)/\(stem).jpg", "\(folder)/\(stem)_map.jpg")
    }

    /// The two pictures of a miss as JPEG.
    private func miss(_ index: Int) throws(ImageError) -> (photograph: [UInt8], heatMap: [UInt8]) {
        let image = labelled.images[index]
        let original = try RGBImage(contentsOf: image.path, options: .reference)
        let scale = min(1, Double(Self.missSide) / Double(max(original.width, original.height)))
        let width = max(1, Int(Double(original.width) * scale))
        let height = max(1, Int(Double(original.height) * scale))
        var photograph = original.resized(width: width, height: height, filter: .bilinear)
        let range = classRange
        var overlay = AnomalyMap(grid: scores.grid, values: scores.patchMap(index)).overlay(
            on: photograph, style: HeatMapStyle(low: range.low, high: range.high, colormap: .jet))
        if !image.masks.isEmpty {
            let truth = try MaskReading(image.masks, rule: labelled.maskRule, width: width, height: height).coverage
            Self.drawOutline(of: truth, on: &photograph)
            Self.drawOutline(of: truth, on: &overlay)
        }
        return (try photograph.jpegEncoded(), try overlay.jpegEncoded())
    }

    /// Writes heat maps alone, without the photograph, as the reference's `vis` does: `CLASS/TYPE/NAME.png`.
    ///
    /// - Parameter scale: With `single` of the anomalous images only, each over its own range; with `whole` of all.
    func writeHeatMaps(scale: ReferenceConfiguration.HeatMapScale, threads: Int) throws(EvaluationError) {
        let whole = classRange
        let colours = Colormap.jet.table
        let faults = concurrentMap(labelled.images.count, threads: threads) { index -> EvaluationError? in
            let image = labelled.images[index]
            guard scale == .whole || image.isAnomalous else { return nil }
            let map = AnomalyMap(grid: scores.grid, values: scores.patchMap(index))
            let range = scale == .whole ? whole : map.range
            let span = range.high > range.low ? range.high - range.low : 1
            let pixels = map.resized(width: imageSize, height: imageSize).flatMap { value -> ArraySlice<UInt8> in
                let colour = Int(min(max((value - range.low) / span * 255, 0), 255))
                return colours[3 * colour..<3 * colour + 3]
            }
            let name = "\(Self.fileName(labelled.name))/\(Self.fileName(image.type))/\(Self.fileName(image.path.stem ?? "image")).png"
            do {
                let picture = RGBImage(width: imageSize, height: imageSize, pixels: pixels)
                try output.write(try picture.pngEncoded(), to: name)
                return nil
            } catch let error as EvaluationError {
                return error
            } catch {
                return .file(output.path.pushing(FilePath(name)), reason: "\(error)")
            }
        }
        if let fault = faults.lazy.compactMap({ $0 }).first { throw fault }
    }

    /// The lowest and the highest patch score of the class.
    private var classRange: (low: Float, high: Float) {
        (scores.patchMaps.min() ?? 0, scores.patchMaps.max() ?? 1)
    }

    /// A name that is one part of a path.
    private static func fileName(_ name: String) -> String {
        let safe = name.map { $0 == "/" ? "-" : $0 }
        return safe.allSatisfy { $0 == "." } ? "_" : String(safe)
    }

    /// Draws the outline of a mask's pixels above 127: white, with a dark line beside it so that it shows on any colour.
    private static func drawOutline(of mask: GrayImage, on picture: inout RGBImage) {
        let (width, height) = (picture.width, picture.height)
        guard mask.width == width, mask.height == height else { return }
        func isInside(_ x: Int, _ y: Int) -> Bool {
            x >= 0 && y >= 0 && x < width && y < height && mask.pixels[y * width + x] > 127
        }
        for y in 0..<height {
            for x in 0..<width {
                let here = isInside(x, y)
                let edge = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].contains { isInside($0.0, $0.1) != here }
                guard edge else { continue }
                for channel in 0..<3 { picture.pixels[3 * (y * width + x) + channel] = here ? 255 : 20 }
            }
        }
    }
}
