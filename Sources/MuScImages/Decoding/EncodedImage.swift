/// Content whose header has been read and found within the limits; its pixels can be decoded.
struct EncodedImage: Sendable {
    /// How the pixels come out of the decoder.
    struct Layout: Sendable, Hashable {
        enum SampleType: Sendable, Hashable { case uint8, uint16, float32 }

        var width: Int
        var height: Int
        /// 1 (grey) or 3 (RGB).
        var channels: Int
        var bitsPerSample: Int
        var sampleType: SampleType
    }

    let format: ImageFormat
    let layout: Layout
    let orientation: Orientation
    let bytes: [UInt8]
    let name: String

    init(_ bytes: [UInt8], name: String, limits: DecodingLimits) throws(ImageError) {
        func failure(_ kind: ImageError.Kind) -> ImageError { ImageError(file: name, kind: kind) }
        guard !bytes.isEmpty else { throw failure(.empty) }
        guard bytes.count <= limits.maxFileBytes else {
            throw failure(.fileTooLarge(bytes: bytes.count, limit: limits.maxFileBytes))
        }
        guard let format = ImageFormat.detect(bytes) else { throw failure(.unknownFormat) }

        var orientation = Orientation.upright
        let layout: Layout
        switch format {
        case .jpeg:
            layout = try JPEGDecoder.layout(bytes, name: name)
            orientation = EXIF.orientation(inJPEG: bytes)
        case .png:
            layout = try PNGDecoder.layout(bytes, name: name)
            orientation = EXIF.orientation(inPNG: bytes)
        case .tiff:
            (layout, orientation) = try TIFFDecoder.layout(bytes, name: name)
        case .bmp:
            layout = try BMPDecoder(bytes, name: name).layout
        case .pnm:
            layout = try PNMDecoder(bytes, name: name).layout
        }
        guard layout.width > 0, layout.height > 0 else {
            throw failure(.damaged(format, "the image is \(layout.width) × \(layout.height) pixels"))
        }
        let (pixels, overflow) = layout.width.multipliedReportingOverflow(by: layout.height)
        // The second bound keeps all sizes that follow from this one within `Int`, whatever the limits say.
        guard !overflow, pixels <= limits.maxPixels, pixels <= 1 << 40 else {
            throw failure(.tooManyPixels(width: layout.width, height: layout.height, limit: limits.maxPixels))
        }
        guard max(layout.width, layout.height) <= limits.maxSide else {
            throw failure(.sideTooLong(width: layout.width, height: layout.height, limit: limits.maxSide))
        }
        self.format = format
        self.layout = layout
        self.orientation = orientation
        self.bytes = bytes
        self.name = name
    }

    /// Decodes the pixels as they are stored: not turned, at their own depth.
    ///
    /// - Parameter scaledToAtLeast: As in `DecodingOptions`.
    func decoded(scaledToAtLeast side: Int? = nil) throws(ImageError) -> Raster {
        switch format {
        case .jpeg: try JPEGDecoder.decode(bytes, layout: layout, scaledToAtLeast: side, name: name)
        case .png: try PNGDecoder.decode(bytes, layout: layout, name: name)
        case .tiff: try TIFFDecoder.decode(bytes, layout: layout, name: name)
        case .bmp: try BMPDecoder(bytes, name: name).decode()
        case .pnm: try PNMDecoder(bytes, name: name).decode()
        }
    }
}
