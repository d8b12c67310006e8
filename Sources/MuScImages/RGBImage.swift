/// An image of 8 bits a channel: red, green, blue, row by row from the top left, without padding.
public struct RGBImage: Sendable, Hashable {
    /// Pixels in a row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// `height · width · 3` values, 0 to 255. Values may be changed; their number must stay.
    public var pixels: [UInt8]

    /// Wraps pixels that are already in place.
    ///
    /// - Precondition: `width` and `height` are positive and `pixels.count == width * height * 3`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
