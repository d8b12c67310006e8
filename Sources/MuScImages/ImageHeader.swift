import SystemPackage

/// What an image file says about itself, read without decoding its pixels.
package struct ImageHeader: Sendable, Hashable {
    /// The format, told by the content.
    package let format: ImageFormat
    /// Pixels in a row and rows, as the decoded image will have them: with the sides swapped where the
    /// orientation asks for it and the options apply it.
    package let width: Int, height: Int
    /// Bits of one sample in the file, 1 to 32; of a palette image, the bits of an index.
    package let bitsPerSample: Int
    /// Whether the image has colours: false for grey and bilevel.
    package let isColour: Bool
    /// How the stored pixels must be turned; `.upright` where the file says nothing.
    package let orientation: Orientation

    /// Reads a file's header.
    ///
    /// - Parameters:
    ///   - path: The file; its name need be neither UTF-8 nor have an extension.
    ///   - options: Whether width and height are those of the upright image, and the limits.
    /// - Throws: `ImageError` where the file cannot be read, is no image, its header is damaged or incomplete,
    ///   or what it promises exceeds the limits.
    package init(contentsOf path: FilePath, options: DecodingOptions = DecodingOptions()) throws(ImageError) {
        // The beginning is enough for most files, and over a network much faster.
        let start = try FileContent(path, options: options, upTo: 1 << 16)
        if !start.isComplete, ImageFormat.detect(start.bytes)?.headerComesFirst == true,
            let encoded = try? EncodedImage(start.bytes, name: start.name, limits: options.limits, page: options.page)
        {
            self.init(encoded, options: options)
            return
        }
        let content = start.isComplete ? start : try FileContent(path, options: options)
        let encoded = try EncodedImage(content.bytes, name: content.name, limits: options.limits, page: options.page)
        self.init(encoded, options: options)
    }

    /// Reads the header of content that is in memory; `name` stands for the file in errors.
    package init(
        decoding bytes: [UInt8], name: String, options: DecodingOptions = DecodingOptions()
    ) throws(ImageError) {
        let encoded = try EncodedImage(bytes, name: name, limits: options.limits, page: options.page)
        self.init(encoded, options: options)
    }

    init(_ encoded: EncodedImage, options: DecodingOptions) {
        let swapped = options.applyingOrientation && encoded.orientation.swapsSides
        format = encoded.format
        width = swapped ? encoded.layout.height : encoded.layout.width
        height = swapped ? encoded.layout.width : encoded.layout.height
        bitsPerSample = encoded.layout.bitsPerSample
        isColour = encoded.layout.channels == 3
        orientation = encoded.orientation
    }
}
