import CImageCodecs

/// JPEG through libjpeg, with the settings that Pillow uses.
enum JPEGDecoder {
    static func layout(_ bytes: [UInt8], name: String) throws(ImageError) -> EncodedImage.Layout {
        var header = musc_image_header()
        let result = bytes.withUnsafeBufferPointer { musc_jpeg_read_header($0.baseAddress, $0.count, &header) }
        if let kind = ImageError.Kind(result, .jpeg) { throw ImageError(file: name, kind: kind) }
        return EncodedImage.Layout(header)
    }

    static func decode(
        _ bytes: [UInt8], layout: EncodedImage.Layout, eighths: Int, name: String
    ) throws(ImageError) -> Raster {
        var layout = layout
        layout.width = (layout.width * eighths + 7) / 8
        layout.height = (layout.height * eighths + 7) / 8
        return try layout.raster(.jpeg, name: name) { pixels, capacity in
            bytes.withUnsafeBufferPointer { input in
                musc_jpeg_decode(input.baseAddress, input.count, Int32(eighths), pixels, capacity)
            }
        }
    }
}
