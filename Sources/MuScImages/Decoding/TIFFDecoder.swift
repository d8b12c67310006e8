import CImageCodecs

/// TIFF through libtiff, one page at a time.
enum TIFFDecoder {
    static func layout(
        _ bytes: [UInt8], directory: TIFFDirectories.Directory?, name: String
    ) throws(ImageError) -> (layout: EncodedImage.Layout, orientation: Orientation) {
        var header = musc_image_header()
        let offset = directory?.offset ?? 0
        let result = bytes.withUnsafeBufferPointer { musc_tiff_read_header($0.baseAddress, $0.count, offset, &header) }
        if let kind = ImageError.Kind(result, .tiff) { throw ImageError(file: name, kind: kind) }
        // Where the palette cannot be read, libtiff takes its indices for grey.
        if directory?.photometric == 3, header.photometric != 3 {
            throw ImageError(file: name, kind: .damaged(.tiff, "the palette is missing"))
        }
        return (EncodedImage.Layout(header), Orientation(rawValue: Int(header.orientation)) ?? .upright)
    }

    static func decode(
        _ bytes: [UInt8], directory: UInt64, layout: EncodedImage.Layout, name: String
    ) throws(ImageError) -> Raster {
        // A tile may be larger than the image; a sound file's strips and tiles never need more than this.
        let memoryLimit = bytes.count + layout.width * layout.height * 16 + (64 << 20)
        return try layout.raster(.tiff, name: name) { pixels, capacity in
            bytes.withUnsafeBufferPointer {
                musc_tiff_decode($0.baseAddress, $0.count, directory, memoryLimit, pixels, capacity)
            }
        }
    }
}
