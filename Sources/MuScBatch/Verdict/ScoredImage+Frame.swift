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
