import MuScImages
import MuScScoring

extension ScoredImage {
    /// The pixel of the upright original on which the middle of a patch lies.
    ///
    /// - Parameter size: The original's.
    func middle(ofPatch patch: Int, on grid: PatchGrid, size: ImageSize) -> PixelPosition {
        guard let frame else {
            return PixelPosition(
                x: (2 * (patch % grid.width) + 1) * size.width / (2 * grid.width),
                y: (2 * (patch / grid.width) + 1) * size.height / (2 * grid.height))
        }
        let point = frame.toPhotograph(
            (Double(patch % grid.width) + 0.5) / Double(grid.width), (Double(patch / grid.width) + 0.5) / Double(grid.height))
        return PixelPosition(x: Self.inside(point.x, size.width), y: Self.inside(point.y, size.height))
    }

    /// The patch on which a pixel of the upright original lies; nil where that has no size.
    func patch(at pixel: PixelPosition, on grid: PatchGrid) -> Int? {
        guard let size, size.width > 0, size.height > 0 else { return nil }
        if let inverse = frame?.toPhotograph.inverse {
            let place = inverse(Double(pixel.x) + 0.5, Double(pixel.y) + 0.5)
            return Self.inside(place.y * Double(grid.height), grid.height) * grid.width
                + Self.inside(place.x * Double(grid.width), grid.width)
        }
        let x = min(pixel.x * grid.width / size.width, grid.width - 1)
        return min(pixel.y * grid.height / size.height, grid.height - 1) * grid.width + x
    }

    private static func inside(_ value: Double, _ count: Int) -> Int { min(max(Int(value.rounded(.down)), 0), count - 1) }
}

extension Inspection {
    /// Gives maps that lie in frames back to the photographs: a grid over the whole photograph, a little finer than the
    /// frame's, on which what lies outside the frame has the image's lowest score.
    ///
    /// - Parameter frame: Of the batch.
    mutating func returnToPhotographs(from frame: BatchAlignment) {
        guard let photograph = PhotographSurvey(images).mostFrequent else { return }
        let inFrame = grid
        let whole = Self.wholeGrid(photograph, frame.frame, grid)
        let readable = images.filter { $0.index != nil }
        var maps: [Float] = []
        maps.reserveCapacity(readable.count * whole.count)
        for image in readable {
            let map = Array(patchMap(of: image) ?? [])
            maps +=
                image.frame.map { Self.returned(map, of: image, in: $0, from: inFrame, to: whole) }
                ?? PatchMap.resized(map[...], grid: inFrame, width: whole.width, height: whole.height)
        }
        (grid, patchMaps) = (whole, maps)
        var record = AlignmentRecord(
            isTurned: frame.frame.isTurned, follows: frame.frame.follows, width: frame.frame.size(in: photograph).width,
            height: frame.frame.size(in: photograph).height, images: [])
        for image in readable { if let frame = image.frame { record.images.append(.init(image.name, frame)) } }
        alignment = record
        findings += record.findings
    }

    /// The longest side of the grid over photographs.
    private static let longestGrid = 128

    private static func wholeGrid(_ photograph: ImageSize, _ frame: AlignmentFrame, _ grid: PatchGrid) -> PatchGrid {
        let size = frame.size(in: photograph)
        let patch = 0.75 * min(Double(size.width) / Double(grid.width), Double(size.height) / Double(grid.height))
        let pitch = max(patch, Double(max(photograph.width, photograph.height)) / Double(longestGrid))
        func count(_ side: Int) -> Int { min(max(Int((Double(side) / pitch).rounded(.up)), 2), longestGrid) }
        return PatchGrid(width: count(photograph.width), height: count(photograph.height))
    }

    private static func returned(
        _ map: [Float], of image: ScoredImage, in frame: PartFrame, from grid: PatchGrid, to whole: PatchGrid
    ) -> [Float] {
        let lowest = map.min() ?? 0
        guard let size = image.size, let inverse = frame.toPhotograph.inverse else { return Array(repeating: lowest, count: whole.count) }
        // Grids are stretched so that their outer patches' middles lie on the picture's edges.
        func position(_ index: Int, of count: Int, over side: Int) -> Double {
            count > 1 ? Double(index) / Double(count - 1) * Double(side - 1) + 0.5 : Double(side) / 2
        }
        var result = [Float](repeating: lowest, count: whole.count)
        for row in 0..<whole.height {
            for column in 0..<whole.width {
                let place = inverse(
                    position(column, of: whole.width, over: size.width), position(row, of: whole.height, over: size.height))
                guard (0...1).contains(place.x), (0...1).contains(place.y) else { continue }
                result[row * whole.width + column] = value(map, grid, place.x, place.y)
            }
        }
        // The peak falls between the points of the grid; the nearest of them has it.
        if let peak = image.peak, let highest = image.scoreMSM {
            let column = Int((Double(peak.x) / Double(max(size.width - 1, 1)) * Double(whole.width - 1)).rounded())
            let row = Int((Double(peak.y) / Double(max(size.height - 1, 1)) * Double(whole.height - 1)).rounded())
            result[min(max(row, 0), whole.height - 1) * whole.width + min(max(column, 0), whole.width - 1)] = highest
        }
        return result
    }

    /// A map's value at shares of the frame's sides.
    private static func value(_ map: [Float], _ grid: PatchGrid, _ x: Double, _ y: Double) -> Float {
        let (column, row) = (x * Double(grid.width - 1), y * Double(grid.height - 1))
        let (left, top) = (min(Int(column), max(grid.width - 2, 0)), min(Int(row), max(grid.height - 2, 0)))
        let (right, bottom) = (min(left + 1, grid.width - 1), min(top + 1, grid.height - 1))
        let (u, v) = (Float(column - Double(left)), Float(row - Double(top)))
        let upper = map[top * grid.width + left] * (1 - u) + map[top * grid.width + right] * u
        let lower = map[bottom * grid.width + left] * (1 - u) + map[bottom * grid.width + right] * u
        return upper * (1 - v) + lower * v
    }
}

extension AlignmentRecord {
    /// What is to be said of single images.
    var findings: [Finding] {
        let groups: [([String], ([String]) -> Finding)] = [
            (names { $0.fault != nil }, { .partsNotFound($0) }),
            (names { $0.fault == nil && $0.hasMoreOutside }, { .besideParts($0) }),
            (names { $0.fault == nil && $0.isAstray }, { .partsAstray($0) }),
        ]
        return groups.compactMap { $0.isEmpty ? nil : $1($0) }
    }
}
