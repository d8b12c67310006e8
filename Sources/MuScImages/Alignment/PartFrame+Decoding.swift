import SystemPackage

extension PartFrame {
    /// Decodes what lies in the frame of an image file, at a size; a JPEG at a half or less where that suffices.
    ///
    /// - Parameters:
    ///   - options: Of which `reducedToCover` is chosen anew where it is not nil.
    ///   - size: Of the result.
    ///   - photograph: The upright photograph's size.
    /// - Throws: `ImageError`.
    package func decode(
        of path: FilePath, options: DecodingOptions, size: ImageSize, photograph: ImageSize, filter: ResamplingFilter
    ) throws(ImageError) -> RGBImage {
        var options = options
        if options.reducedToCover != nil {
            let steps = toPhotograph.steps
            // The frame itself keeps at least as many pixels as it is to have, and twice as many where it is turned.
            let needed = max(Double(size.width) / steps.across, Double(size.height) / steps.down) * (toPhotograph.isStraight ? 1 : 2)
            func covered(_ side: Int) -> Int { Int((Double(side) * min(needed, 1)).rounded(.up)) }
            options.reducedToCover = ImageSize(width: covered(photograph.width), height: covered(photograph.height))
        }
        let (image, full) = try RGBImage.decode(contentsOf: path, options: options)
        let map = toPhotograph.scaled(Double(image.width) / Double(full.width), Double(image.height) / Double(full.height))
        return FrameCut(map, size: size, filter: filter)(image)
    }
}
