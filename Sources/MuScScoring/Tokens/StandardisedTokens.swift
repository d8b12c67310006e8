/// The patch tokens of a set of images for one layer, each image's normalised over all its channels and positions.
///
/// LNAMD's first step; ``LNAMD/aggregate(_:r:threads:)`` makes the ``UnitTokens`` of a degree from it.
package struct StandardisedTokens: Sendable {
    /// The number of images.
    package let images: Int
    /// How the patches of every image lie.
    package let grid: PatchGrid
    /// Channels of a patch vector.
    package let channels: Int
    /// `[images, grid.count, channels]` row-major.
    package let values: [Float]

    init(images: Int, grid: PatchGrid, channels: Int, values: [Float]) {
        precondition(values.count == images * grid.count * channels)
        self.images = images
        self.grid = grid
        self.channels = channels
        self.values = values
    }

    /// Tokens that are all zero.
    package static func zeros(images: Int, grid: PatchGrid, channels: Int) -> StandardisedTokens {
        StandardisedTokens(
            images: images, grid: grid, channels: channels,
            values: [Float](repeating: 0, count: images * grid.count * channels))
    }

    /// Calls `body` with the vectors of one image, `[grid.count, channels]`.
    func withVectors(of image: Int, _ body: (UnsafePointer<Float>) -> Void) {
        values.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base + image * grid.count * channels) }
        }
    }
}
