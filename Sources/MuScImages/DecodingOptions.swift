import SystemPackage

/// How much a file may ask for before it is refused; checked against its header, before anything is allocated.
public struct DecodingLimits: Sendable, Hashable {
    /// The most pixels, width times height. Default: 200 million, the size of the largest industrial sensors
    /// (an image then takes 600 MB).
    public var maxPixels: Int
    /// The longest side, in pixels. Default: one million. A picture of one row and millions of columns is no
    /// photograph, and to resize it takes a table of several times its length.
    public var maxSide: Int
    /// The largest file, in bytes. Default: 2 GiB, which an uncompressed 16-bit RGB image of `maxPixels` fits.
    public var maxFileBytes: Int

    public init(maxPixels: Int = 200_000_000, maxSide: Int = 1_000_000, maxFileBytes: Int = 2 << 30) {
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxFileBytes = maxFileBytes
    }
}

/// How samples of more than 8 bits become 8-bit ones.
public enum SampleScaling: Sendable, Hashable {
    /// The whole range that the file can hold: 16-bit samples keep their upper byte (`value >> 8`, as Pillow
    /// does for 16-bit RGB), floating-point samples of 0 to 1 become 0 to 255, rounded.
    case fullRange
    /// `low` and below become 0, `high` and above 255, linearly and rounded in between. The values are in the
    /// units of the file's samples (0 to 65535 for 16 bits); `high` must be larger than `low`, else everything
    /// up to `low` becomes 0 and the rest 255.
    case range(low: Double, high: Double)
    /// Of whole numbers the lowest so many bits count, 8 to 16: `value >> (bits - 8)`, as a camera of 12 bits would have
    /// written its 8-bit image; what is larger becomes 255. Samples that their file says the largest value of (PGM's
    /// maximum, TIFF of 12 bits) have the full range already and are taken so.
    case significantBits(Int)
}

/// What is done with an image file's content beyond decoding it.
package struct DecodingOptions: Sendable, Hashable {
    /// Turns the image upright as its EXIF block or TIFF tag says; default true, as a camera's user expects.
    /// The reference implementation of MuSc does not, so evaluation leaves it out.
    package var applyingOrientation: Bool
    /// How samples of more than 8 bits become 8-bit ones; default `.fullRange`.
    package var sampleScaling: SampleScaling
    /// Which full page of a TIFF is decoded, counted from 0; other formats have one. Default 0.
    package var page: Int
    /// Decodes a JPEG at the smallest of the scales 1/8 to 8/8 at which its shorter side still has at least this
    /// many pixels: much faster for a thumbnail of a large photograph, not equal to decoding and resizing.
    /// Default nil: full size. Other formats are always decoded at full size.
    package var scaledToAtLeast: Int?
    /// Decodes a JPEG at a half, a quarter or an eighth of its size where the upright image then still has at least
    /// these sides. Default nil: full size. Other formats are always decoded at full size.
    ///
    /// What is resized afterwards to about these sides is near what full decoding gives: libjpeg shrinks by leaving
    /// out the high frequencies of each block, as the resampling filter does.
    package var reducedToCover: ImageSize?
    /// How much a file may ask for.
    package var limits: DecodingLimits
    /// The folder that a file must lie in once its links are followed, absolute and without links itself: what is
    /// linked from elsewhere is refused. Default nil: anywhere.
    package var root: FilePath?

    package init(
        applyingOrientation: Bool = true, sampleScaling: SampleScaling = .fullRange,
        scaledToAtLeast: Int? = nil, reducedToCover: ImageSize? = nil, limits: DecodingLimits = DecodingLimits(),
        root: FilePath? = nil, page: Int = 0
    ) {
        self.root = root
        self.page = page
        self.applyingOrientation = applyingOrientation
        self.sampleScaling = sampleScaling
        self.scaledToAtLeast = scaledToAtLeast
        self.reducedToCover = reducedToCover
        self.limits = limits
    }

    /// As the reference implementation reads images: not turned, full range. (Pillow, through which it reads them,
    /// does turn TIFF files; no data set that it is run on has such.)
    package static let reference = DecodingOptions(applyingOrientation: false)
}
