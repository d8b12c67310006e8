import CImageCodecs

extension RGBImage {
    /// The image as the content of a PNG file, 8-bit RGB.
    ///
    /// - Parameter compressionLevel: zlib's level, 0 (none) to 9; default 1, which is fast and for photographs
    ///   hardly larger than 9. Values outside are clamped.
    /// - Throws: `ImageError` where memory runs out.
    public func pngEncoded(compressionLevel: Int = 1) throws(ImageError) -> [UInt8] {
        let level = Int32(min(max(compressionLevel, 0), 9))
        return try encoded(as: .png) { output in
            musc_png_encode(pixels, UInt32(width), UInt32(height), 3, 8, level, &output)
        }
    }
}

/// Runs an encoder and takes over what it wrote.
func encoded(
    as format: ImageFormat, by encode: (inout musc_encoded) -> musc_codec_result
) throws(ImageError) -> [UInt8] {
    var output = musc_encoded()
    let result = encode(&output)
    defer { musc_encoded_free(&output) }
    if ImageError.Kind(result, format) != nil {
        let message = withUnsafeBytes(of: result.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        throw ImageError(file: "image", kind: .notEncoded(format, message))
    }
    return [UInt8](UnsafeBufferPointer(start: output.bytes, count: output.size))
}
