import CImageCodecs

extension RGBImage {
    /// The image as the content of a baseline JPEG file, with chroma at half the resolution.
    ///
    /// - Parameter quality: libjpeg's quality, 1 to 100; values outside are clamped. Default 85, at which a
    ///   photograph shows no flaws at its own size.
    /// - Throws: `ImageError` where a side has more than 65500 pixels, libjpeg's limit, or memory runs out.
    package func jpegEncoded(quality: Int = 85) throws(ImageError) -> [UInt8] {
        try jpegBytes(pixels, width: width, height: height, channels: 3, quality: quality)
    }
}

extension GrayImage {
    /// The image as the content of a baseline JPEG file; see `RGBImage.jpegEncoded(quality:)`.
    package func jpegEncoded(quality: Int = 85) throws(ImageError) -> [UInt8] {
        try jpegBytes(pixels, width: width, height: height, channels: 1, quality: quality)
    }
}

private func jpegBytes(
    _ pixels: [UInt8], width: Int, height: Int, channels: Int, quality: Int
) throws(ImageError) -> [UInt8] {
    precondition(pixels.count == width * height * channels)
    guard width <= 65500, height <= 65500 else {
        throw ImageError(
            file: "image in memory", kind: .notEncoded(.jpeg, "\(width) × \(height) pixels, a side has at most 65500"))
    }
    return try encodedBytes(as: .jpeg) { output in
        musc_jpeg_encode(
            pixels, UInt32(width), UInt32(height), Int32(channels), Int32(min(max(quality, 1), 100)), &output)
    }
}
