/// A small grey copy of a photograph, by which two photographs of the same part are known.
package struct ImageLook: Sendable, Hashable {
    /// Pixels of a side, whatever the photograph's shape.
    package static let side = 192

    /// `side · side` values, 0 to 255, row by row.
    package let pixels: [UInt8]
    /// Why the photograph says nothing of a part; nil where it may.
    package let blank: BlankReason?

    /// - Precondition: `pixels` has `side · side` values.
    package init(pixels: [UInt8], blank: BlankReason? = nil) {
        precondition(pixels.count == Self.side * Self.side)
        self.pixels = pixels
        self.blank = blank
    }

    /// Of a photograph as the network sees it, or larger.
    package init(_ image: RGBImage) {
        let small = image.resized(width: Self.side, height: Self.side, filter: .bilinear)
        self.init(pixels: GrayImage(small).pixels, blank: Exposure(image).blankReason)
    }
}
