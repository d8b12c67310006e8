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

extension RGBImage {
    /// Decodes what lies in a frame of a photograph, at a size; a JPEG at a half or less where that suffices.
    ///
    /// - Parameters:
    ///   - options: Of which `reducedToCover` is chosen anew where it is not nil.
    ///   - size: Of the result.
    /// - Throws: `ImageError`.
    package static func decode(
        _ frame: PartFrame, of path: FilePath, options: DecodingOptions, size: ImageSize, photograph: ImageSize,
        filter: ResamplingFilter
    ) throws(ImageError) -> RGBImage {
        var options = options
        if options.reducedToCover != nil {
            let steps = frame.toPhotograph.steps
            // The frame itself keeps at least as many pixels as it is to have, and twice as many where it is turned.
            let needed = max(Double(size.width) / steps.across, Double(size.height) / steps.down) * (frame.toPhotograph.isStraight ? 1 : 2)
            func covered(_ side: Int) -> Int { Int((Double(side) * min(needed, 1)).rounded(.up)) }
            options.reducedToCover = ImageSize(width: covered(photograph.width), height: covered(photograph.height))
        }
        let (image, full) = try decode(contentsOf: path, options: options)
        let map = frame.toPhotograph.scaled(Double(image.width) / Double(full.width), Double(image.height) / Double(full.height))
        return image.cut(map, size: size, filter: filter)
    }
}
