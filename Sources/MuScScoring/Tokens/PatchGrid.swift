/// How the patches of an image lie: `height` rows of `width` patches, counted row by row from the top left.
public struct PatchGrid: Sendable, Hashable, Codable {
    /// Patches in a row, at least 1.
    public let width: Int
    /// Rows of patches, at least 1.
    public let height: Int

    /// - Precondition: both sides are positive.
    public init(width: Int, height: Int) {
        precondition(width > 0 && height > 0)
        self.width = width
        self.height = height
    }

    /// The number of patches, `width · height`.
    public var count: Int { width * height }
}
