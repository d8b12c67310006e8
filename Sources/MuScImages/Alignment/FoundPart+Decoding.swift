import SystemPackage

extension FoundPart {
    /// Looks for the part in an upright photograph.
    ///
    /// - Parameter copy: The size of the copy in which it is looked for; see ``copySize(of:)``.
    package init(_ image: RGBImage, copy: ImageSize) { self.init(PartCopy(image, size: copy)) }

    /// Looks for the part in an image file, which is decoded as small as its format allows.
    ///
    /// - Parameters:
    ///   - options: As the photograph is decoded to be compared; its own scale is not looked at.
    ///   - copy: The size of the copy in which the part is looked for; see ``copySize(of:)``.
    /// - Returns: The part, and the size of the upright photograph.
    /// - Throws: `ImageError`.
    package static func find(
        in path: FilePath, options: DecodingOptions, copy: ImageSize
    ) throws(ImageError) -> (part: FoundPart, photograph: ImageSize) {
        var options = options
        options.reducedToCover = nil
        options.scaledToAtLeast = min(copy.width, copy.height)
        let (image, size) = try RGBImage.decode(contentsOf: path, options: options)
        return (FoundPart(image, copy: copy), size)
    }

    /// The size of the copies of photographs of this size: at most 256 pixels a side.
    package static func copySize(of photograph: ImageSize) -> ImageSize { PartCopy.size(of: photograph) }
}
