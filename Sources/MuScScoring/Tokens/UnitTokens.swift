/// The aggregated patch vectors of a set of images for one layer and one degree r, each of unit length.
///
/// What LNAMD makes and MSM compares.
public struct UnitTokens: Sendable {
    /// The number of images.
    public let images: Int
    /// How the patches of every image lie.
    public let grid: PatchGrid
    /// Channels of a patch vector.
    public let channels: Int
    /// `[images, grid.count, channels]` row-major.
    public let values: [Float]

    /// - Precondition: `values.count == images * grid.count * channels`.
    public init(images: Int, grid: PatchGrid, channels: Int, values: [Float]) {
        precondition(values.count == images * grid.count * channels)
        self.images = images
        self.grid = grid
        self.channels = channels
        self.values = values
    }
}
