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
        var meaning = Raster.Meaning()
    }

    let format: ImageFormat
    let layout: Layout
    let orientation: Orientation
    let bytes: [UInt8]
    let name: String
    /// Where the directory of a TIFF's page begins; 0 for the file's first.
    private let directory: UInt64

    /// - Parameter page: Of a TIFF's full pages, counted from 0.
    init(_ bytes: [UInt8], name: String, limits: DecodingLimits, page: Int = 0) throws(ImageError) {
        func failure(_ kind: ImageError.Kind) -> ImageError { ImageError(file: name, kind: kind) }
        guard !bytes.isEmpty else { throw failure(.empty) }
        guard bytes.count <= limits.maxFileBytes else {
            throw failure(.fileTooLarge(bytes: bytes.count, limit: limits.maxFileBytes))
        }
        // The name stands for the file, and tells camera raw from TIFF.
        let head = Array(bytes.prefix(FileKind.headBytes))
        if case .unread(let unread) = FileKind(name: Array(name.utf8), head: head) {
            throw failure(.unreadFormat(unread))
        }
        guard let format = ImageFormat.detect(head) else { throw failure(.unknownFormat) }

        var orientation = Orientation.upright
        let layout: Layout
        var directory: UInt64 = 0
        switch format {
        case .jpeg:
            layout = try JPEGDecoder.layout(bytes, name: name)
            orientation = EXIF.orientation(inJPEG: bytes)
        case .png:
            layout = try PNGDecoder.layout(bytes, name: name)
            orientation = EXIF.orientation(inPNG: bytes)
        case .tiff:
            let directories = TIFFDirectories(bytes)
            if directories.isCameraRaw { throw failure(.unreadFormat(.cameraRaw)) }
            if page > 0, page >= directories.pages.count { throw failure(.damaged(.tiff, "page \(page + 1) is missing")) }
            let found = directories.pages.indices.contains(page) ? directories.pages[page] : nil
            directory = found?.offset ?? 0
            (layout, orientation) = try TIFFDecoder.layout(bytes, directory: found, name: name)
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
        self.directory = directory
        self.name = name
    }

    /// Decodes the pixels as they are stored: not turned, at their own depth.
    ///
    /// - Parameter options: Of which the scale counts.
    func decoded(_ options: DecodingOptions = DecodingOptions()) throws(ImageError) -> Raster {
        var raster = try stored(options)
        raster.meaning = layout.meaning
        return raster
    }

    private func stored(_ options: DecodingOptions) throws(ImageError) -> Raster {
        switch format {
        case .jpeg: try JPEGDecoder.decode(bytes, layout: layout, eighths: eighths(options), name: name)
        case .png: try PNGDecoder.decode(bytes, layout: layout, name: name)
        case .tiff: try TIFFDecoder.decode(bytes, directory: directory, layout: layout, name: name)
        case .bmp: try BMPDecoder(bytes, name: name).decode()
        case .pnm: try PNMDecoder(bytes, name: name).decode()
        }
    }

    /// The eighths of its size at which a JPEG is decoded.
    private func eighths(_ options: DecodingOptions) -> Int {
        let (width, height) = (layout.width, layout.height)
        if let side = options.scaledToAtLeast {
            return (1..<8).first { min(width * $0 / 8, height * $0 / 8) >= side } ?? 8
        }
        if let wanted = options.reducedToCover {
            let stored = options.applyingOrientation && orientation.swapsSides ? wanted.turned : wanted
            return [1, 2, 4].first { width * $0 / 8 >= stored.width && height * $0 / 8 >= stored.height } ?? 8
        }
        return 8
    }
}
