import CImageCodecs

/// How much work libpng does to make a file small: zlib's level and the choice of filters.
package enum PNGCompression: Int, Sendable, Hashable, CaseIterable {
    /// Stored, not compressed.
    case none = 0
    /// zlib's level 1 and one filter: for overlays, which are written by the hundred.
    case fast = 1
    /// zlib's level 6 and the best of five filters for each row: several times slower.
    case small = 6
    /// zlib's level 9.
    case smallest = 9
}

extension RGBImage {
    /// The image as the content of a PNG file, 8-bit RGB.
    ///
    /// - Throws: `ImageError` where memory runs out.
    package func pngEncoded(_ compression: PNGCompression = .fast) throws(ImageError) -> [UInt8] {
        try pngBytes(pixels, width: width, height: height, channels: 3, bits: 8, compression)
    }
}

extension GrayImage {
    /// The image as the content of a PNG file, 8-bit grey.
    ///
    /// - Throws: `ImageError` where memory runs out.
    package func pngEncoded(_ compression: PNGCompression = .fast) throws(ImageError) -> [UInt8] {
        try pngBytes(pixels, width: width, height: height, channels: 1, bits: 8, compression)
    }
}

extension FloatImage {
    /// The image as the content of a PNG file, 16-bit grey: `range.lowerBound` and below become 0,
    /// `range.upperBound` and above 65535, linearly and rounded in between; not a number becomes 0. An empty range
    /// (both bounds equal) makes what is above it 65535.
    ///
    /// - Throws: `ImageError` where memory runs out.
    package func png16Encoded(
        range: ClosedRange<Float>, _ compression: PNGCompression = .fast
    ) throws(ImageError) -> [UInt8] {
        let low = range.lowerBound
        let scale = 65535 / (range.upperBound - low)
        let deep = samples.map { sample -> UInt16 in
            guard sample > low else { return 0 }
            guard sample < range.upperBound else { return 65535 }
            return UInt16((sample - low) * scale + 0.5)
        }
        return try pngBytes(deep, width: width, height: height, channels: 1, bits: 16, compression)
    }
}

private func pngBytes<Sample: BitwiseCopyable>(
    _ samples: [Sample], width: Int, height: Int, channels: Int, bits: Int, _ compression: PNGCompression
) throws(ImageError) -> [UInt8] {
    precondition(samples.count == width * height * channels)
    guard let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
        throw ImageError(file: "image in memory", kind: .notEncoded(.png, "\(width) × \(height) pixels"))
    }
    return try encodedBytes(as: .png) { output in
        samples.withUnsafeBytes { bytes in
            musc_png_encode(
                bytes.assumingMemoryBound(to: UInt8.self).baseAddress, width, height, Int32(channels), Int32(bits),
                Int32(compression.rawValue), &output)
        }
    }
}
