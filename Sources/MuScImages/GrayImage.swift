import SystemPackage

/// An image of one 8-bit channel, such as a mask: row by row from the top left, without padding.
package struct GrayImage: Sendable, Hashable {
    /// Pixels in a row, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// `height · width` values, 0 to 255. Values may be changed; their number must stay.
    package var pixels: [UInt8]

    /// Wraps pixels that are already in place.
    ///
    /// - Precondition: `width` and `height` are positive and `pixels.count == width * height`.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height)
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The luma of a colour image as Pillow's `convert("L")` computes it, ITU-R BT.601 in 16-bit fixed point:
    /// (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down. Grey values stay as they are.
    package init(_ image: RGBImage) {
        self.init(width: image.width, height: image.height, pixels: luma(image.pixels))
    }

    /// Decodes an image file as grey, with Pillow's pixels of `Image.open(path).convert("L")`.
    ///
    /// - Parameters:
    ///   - path: The file; its name need be neither UTF-8 nor have an extension.
    ///   - options: Orientation, scaling and limits.
    /// - Throws: `ImageError`, as `RGBImage.init(contentsOf:options:)`.
    package init(contentsOf path: FilePath, options: DecodingOptions = DecodingOptions()) throws(ImageError) {
        let content = try FileContent(path, options: options)
        try self.init(decoding: content.bytes, name: content.name, options: options)
    }

    /// Decodes an image file's content that is in memory as grey; `name` stands for the file in errors.
    package init(
        decoding bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
    ) throws(ImageError) {
        let encoded = try EncodedImage(bytes, name: name, limits: options.limits, page: options.page)
        self = try DecodingGate.pass(bytes: encoded.decodingBytes, name: name) { () throws(ImageError) in
            try Self(encoded, options: options)
        }
    }

    private init(_ encoded: EncodedImage, options: DecodingOptions) throws(ImageError) {
        let raster = try encoded.decoded(options)
        let samples = try encoded.samplesOf8Bits(raster, options.sampleScaling)
        let stored = GrayImage(
            width: raster.width, height: raster.height, pixels: raster.channels == 3 ? luma(samples) : samples)
        self = options.applyingOrientation ? stored.upright(from: encoded.orientation) : stored
    }

    /// The image turned upright, given the orientation in which it is stored.
    package func upright(from orientation: Orientation) -> GrayImage {
        guard orientation != .upright else { return self }
        let turned = orientation.upright(pixels, width: width, height: height, channels: 1)
        return orientation.swapsSides
            ? GrayImage(width: height, height: width, pixels: turned)
            : GrayImage(width: width, height: height, pixels: turned)
    }

    /// The image at another size, bit for bit as Pillow's `resize` makes it of an image of mode L; see
    /// `RGBImage.resized(width:height:filter:)`.
    ///
    /// - Precondition: Both sides are positive.
    package func resized(width newWidth: Int, height newHeight: Int, filter: ResamplingFilter) -> GrayImage {
        guard (newWidth, newHeight) != (width, height) else { return self }
        let resized = resample(
            pixels, width: width, height: height, channels: 1, newWidth: newWidth, newHeight: newHeight,
            filter: filter)
        return GrayImage(width: newWidth, height: newHeight, pixels: resized)
    }
}

private func luma(_ rgb: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: rgb.count / 3) { grey, count in
        rgb.withUnsafeBufferPointer { rgb in
            for index in 0..<(rgb.count / 3) {
                let red = UInt32(rgb[3 * index]), green = UInt32(rgb[3 * index + 1]), blue = UInt32(rgb[3 * index + 2])
                grey[index] = UInt8(truncatingIfNeeded: (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
            }
        }
        count = rgb.count / 3
    }
}
