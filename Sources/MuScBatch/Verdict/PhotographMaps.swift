import MuScImages
import MuScScoring

/// Gives maps that lie in frames back to the photographs: a grid over the whole photograph, a little finer than the
/// frame's, on which what lies outside the frame has the image's lowest score.
struct PhotographMaps {
    /// Of the batch.
    let frame: AlignmentFrame

    /// Puts maps of the photographs in the place of those of the frames, and says where the parts lay.
    func replaceMaps(of inspection: inout Inspection) {
        guard let photograph = PhotographSurvey(inspection.images).mostFrequent else { return }
        let inFrame = inspection.grid
        let whole = wholeGrid(photograph, inFrame)
        let readable = inspection.images.filter { $0.index != nil }
        var maps: [Float] = []
        maps.reserveCapacity(readable.count * whole.count)
        for image in readable {
            let map = Array(inspection.patchMap(of: image) ?? [])
            maps +=
                image.frame.map { Self.returned(map, of: image, in: $0, from: inFrame, to: whole) }
                ?? PatchMap.resized(map[...], grid: inFrame, width: whole.width, height: whole.height)
        }
        (inspection.grid, inspection.patchMaps) = (whole, maps)
        let size = frame.size(in: photograph)
        var record = AlignmentRecord(
            isTurned: frame.isTurned, follows: frame.follows, width: size.width, height: size.height, images: [])
        for image in readable { if let frame = image.frame { record.images.append(.init(image.name, frame)) } }
        inspection.alignment = record
        inspection.findings += record.findings
    }

    /// The longest side of the grid over photographs.
    private static let longestGrid = 128

    private func wholeGrid(_ photograph: ImageSize, _ grid: PatchGrid) -> PatchGrid {
        let size = frame.size(in: photograph)
        let patch = 0.75 * min(Double(size.width) / Double(grid.width), Double(size.height) / Double(grid.height))
        let pitch = max(patch, Double(max(photograph.width, photograph.height)) / Double(Self.longestGrid))
        func count(_ side: Int) -> Int { min(max(Int((Double(side) / pitch).rounded(.up)), 2), Self.longestGrid) }
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
