/// An image of one 32-bit floating-point channel, such as an anomaly map: row by row from the top left.
package struct FloatImage: Sendable, Hashable {
    /// Pixels in a row, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// `height · width` values of any range. Values may be changed; their number must stay.
    package var samples: [Float]

    /// Wraps samples that are already in place.
    ///
    /// - Precondition: `width` and `height` are positive and `samples.count == width * height`.
    package init(width: Int, height: Int, samples: [Float]) {
        precondition(width > 0 && height > 0 && samples.count == width * height)
        self.width = width
        self.height = height
        self.samples = samples
    }
}
