/// The aggregated patch vectors of a set of images for one layer and one degree r, each of unit length.
///
/// What LNAMD makes and MSM compares.
package struct UnitTokens: Sendable {
    /// The number of images.
    package let images: Int
    /// How the patches of every image lie.
    package let grid: PatchGrid
    /// Channels of a patch vector.
    package let channels: Int
    /// `[images, grid.count, channels]` row-major.
    package let values: [Float]

    /// - Precondition: `values.count == images * grid.count * channels`.
    package init(images: Int, grid: PatchGrid, channels: Int, values: [Float]) {
        precondition(values.count == images * grid.count * channels)
        self.images = images
        self.grid = grid
        self.channels = channels
        self.values = values
    }
}
