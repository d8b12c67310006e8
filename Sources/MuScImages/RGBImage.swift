/// An image of 8 bits a channel: red, green, blue, row by row from the top left, without padding.
package struct RGBImage: Sendable, Hashable {
    /// Pixels in a row, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// `height · width · 3` values, 0 to 255. Values may be changed; their number must stay.
    package var pixels: [UInt8]

    /// Wraps pixels that are already in place.
    ///
    /// - Precondition: `width` and `height` are positive and `pixels.count == width * height * 3`.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The image turned upright, given the orientation in which it is stored.
    package func upright(from orientation: Orientation) -> RGBImage {
        guard orientation != .upright else { return self }
        let turned = orientation.upright(pixels, width: width, height: height, channels: 3)
        return orientation.swapsSides
            ? RGBImage(width: height, height: width, pixels: turned)
            : RGBImage(width: width, height: height, pixels: turned)
    }

    /// The image at another size, bit for bit as Pillow's `resize` makes it.
    ///
    /// Rows are resampled first, then columns; the filter widens by the shrink factor (so that shrinking does not
    /// alias); weights are fixed-point numbers of 22 fractional bits, and each pass rounds to 8 bits. The aspect
    /// ratio is whatever the new sides make it.
    ///
    /// - Precondition: Both sides are positive.
    package func resized(width newWidth: Int, height newHeight: Int, filter: ResamplingFilter) -> RGBImage {
        guard (newWidth, newHeight) != (width, height) else { return self }
        let resized = resample(
            pixels, width: width, height: height, channels: 3, newWidth: newWidth, newHeight: newHeight,
            filter: filter)
        return RGBImage(width: newWidth, height: newHeight, pixels: resized)
    }

    /// A rectangle that may reach beyond the edges, which are replicated there.
    func crop(left: Int, top: Int, width cutWidth: Int, height cutHeight: Int) -> RGBImage {
        let columns = (left..<left + cutWidth).map { 3 * min(max($0, 0), width - 1) }
        var result = [UInt8](repeating: 0, count: 3 * cutWidth * cutHeight)
        pixels.withUnsafeBufferPointer { pixels in
            result.withUnsafeMutableBufferPointer { result in
                for y in 0..<cutHeight {
                    let row = 3 * width * min(max(top + y, 0), height - 1)
                    for x in 0..<cutWidth {
                        let (source, target) = (row + columns[x], 3 * (y * cutWidth + x))
                        for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
                    }
                }
            }
        }
        return RGBImage(width: cutWidth, height: cutHeight, pixels: result)
    }
}
