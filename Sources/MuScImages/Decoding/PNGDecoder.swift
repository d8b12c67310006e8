import CImageCodecs

/// PNG through libpng.
enum PNGDecoder {
    static func layout(_ bytes: [UInt8], name: String) throws(ImageError) -> EncodedImage.Layout {
        var header = musc_image_header()
        let result = bytes.withUnsafeBufferPointer { musc_png_read_header($0.baseAddress, $0.count, &header) }
        if let kind = ImageError.Kind(result, .png) { throw ImageError(file: name, kind: kind) }
        return EncodedImage.Layout(header)
    }

    static func decode(
        _ bytes: [UInt8], layout: EncodedImage.Layout, name: String
    ) throws(ImageError) -> Raster {
        try layout.raster(.png, name: name) { pixels, capacity in
            bytes.withUnsafeBufferPointer { musc_png_decode($0.baseAddress, $0.count, pixels, capacity) }
        }
    }
}
