import CImageCodecs

extension FloatImage {
    /// The image as the content of a TIFF file, one channel of 32-bit floating point, not compressed: the values
    /// as they are, for other programs to read.
    ///
    /// - Throws: `ImageError` where memory runs out, or the file would exceed TIFF's 4 GiB.
    package func tiffEncoded() throws(ImageError) -> [UInt8] { try encoded(samples, bits: 32) }

    /// The same of 16-bit floating point: values to about three digits, for servers that ask for them so.
    ///
    /// - Throws: `ImageError`, as `tiffEncoded()`.
    package func tiff16Encoded() throws(ImageError) -> [UInt8] { try encoded(samples.map { Float16($0) }, bits: 16) }

    private func encoded<Sample: BitwiseCopyable>(_ samples: [Sample], bits: Int32) throws(ImageError) -> [UInt8] {
        precondition(samples.count == width * height)
        guard samples.count < 1 << 30, let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
            throw ImageError(file: "image in memory", kind: .notEncoded(.tiff, "more than 4 GiB"))
        }
        return try encodedBytes(as: .tiff) { output in
            samples.withUnsafeBytes { musc_tiff_encode_float($0.baseAddress, width, height, bits, &output) }
        }
    }
}
