import SystemPackage

extension RGBImage {
    /// Decodes an image file of any ``ImageFormat``, told by its content; of a TIFF one page.
    ///
    /// Pixels are those of Pillow's `Image.open(path).convert("RGB")`: grey is replicated, palettes are looked
    /// up, alpha is dropped and not blended, CMYK is converted, bilevel becomes 0 and 255. Samples of more than
    /// 8 bits are scaled by `options.sampleScaling`.
    ///
    /// - Parameters:
    ///   - path: The file; its name need be neither UTF-8 nor have an extension.
    ///   - options: Orientation, scaling and limits.
    /// - Throws: `ImageError` where the file cannot be read, is no image, incomplete, damaged, of a kind that is
    ///   not read, or larger than the limits.
    package init(contentsOf path: FilePath, options: DecodingOptions = DecodingOptions()) throws(ImageError) {
        let content = try FileContent(path, options: options)
        try self.init(decoding: content.bytes, name: content.name, options: options)
    }

    /// Decodes an image file's content that is in memory, as `init(contentsOf:options:)` does.
    ///
    /// - Parameters:
    ///   - bytes: The whole content.
    ///   - name: Stands for the file in errors.
    package init(
        decoding bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
    ) throws(ImageError) {
        self = try Self.decode(bytes, name: name, options: options).image
    }

    /// Decodes an image file as `init(contentsOf:options:)` does, and says how large it is in full.
    ///
    /// - Returns: The image, which may be reduced where the options say so, and the size of the upright original.
    /// - Throws: `ImageError`.
    package static func decode(
        contentsOf path: FilePath, options: DecodingOptions
    ) throws(ImageError) -> (image: RGBImage, fullSize: ImageSize) {
        let content = try FileContent(path, options: options)
        return try decode(content.bytes, name: content.name, options: options)
    }

    private static func decode(
        _ bytes: [UInt8], name: String, options: DecodingOptions
    ) throws(ImageError) -> (image: RGBImage, fullSize: ImageSize) {
        let encoded = try EncodedImage(bytes, name: name, limits: options.limits, page: options.page)
        return try DecodingGate.pass(bytes: encoded.decodingBytes, name: name) {
            () throws(ImageError) -> (image: RGBImage, fullSize: ImageSize) in
            try decode(encoded, options: options)
        }
    }

    private static func decode(
        _ encoded: EncodedImage, options: DecodingOptions
    ) throws(ImageError) -> (image: RGBImage, fullSize: ImageSize) {
        let raster = try encoded.decoded(options)
        let samples = try encoded.samplesOf8Bits(raster, options.sampleScaling)
        let pixels = raster.channels == 3 ? samples : replicated(samples)
        let stored = RGBImage(width: raster.width, height: raster.height, pixels: pixels)
        let header = ImageHeader(encoded, options: options)
        return (
            options.applyingOrientation ? stored.upright(from: encoded.orientation) : stored,
            ImageSize(width: header.width, height: header.height)
        )
    }
}

extension EncodedImage {
    /// The raster's samples as 8-bit ones, or an error that says how to give the range that is missing.
    func samplesOf8Bits(_ raster: Raster, _ scaling: SampleScaling) throws(ImageError) -> [UInt8] {
        guard let samples = raster.scaledTo8Bits(scaling) else {
            throw ImageError(file: name, kind: .outsideRange(format))
        }
        return samples
    }
}

/// Every grey value three times.
private func replicated(_ grey: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: grey.count * 3) { rgb, count in
        for (index, value) in grey.enumerated() {
            rgb[3 * index] = value
            rgb[3 * index + 1] = value
            rgb[3 * index + 2] = value
        }
        count = grey.count * 3
    }
}
