import CImageCodecs

/// Runs an encoder and takes over what it wrote.
func encodedBytes(
    as format: ImageFormat, by encode: (inout musc_encoded) -> musc_codec_result
) throws(ImageError) -> [UInt8] {
    var output = musc_encoded()
    let result = encode(&output)
    defer { musc_encoded_free(&output) }
    guard result.status == MUSC_CODEC_OK else {
        throw ImageError(file: "image in memory", kind: .notEncoded(format, result.words))
    }
    return [UInt8](UnsafeBufferPointer(start: output.bytes, count: output.size))
}
