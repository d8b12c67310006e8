import SystemPackage

/// An image file format, told by how a file's content begins, never by its name.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case tiff = "TIFF"
    case bmp = "BMP"
    case pnm = "PNM"

    /// The format of content that begins with these bytes, or nil where it is none that is read.
    ///
    /// Eighteen bytes are enough. The answer says what the content claims to be, not that it can be decoded.
    public static func detect(_ bytes: some Collection<UInt8>) -> ImageFormat? {
        let start = Array(bytes.prefix(18))
        func begins(with magic: [UInt8]) -> Bool { start.starts(with: magic) }
        if begins(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if begins(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        // Classic TIFF and BigTIFF, in either byte order.
        if begins(with: [0x49, 0x49, 0x2A, 0x00]) || begins(with: [0x4D, 0x4D, 0x00, 0x2A])
            || begins(with: [0x49, 0x49, 0x2B, 0x00]) || begins(with: [0x4D, 0x4D, 0x00, 0x2B])
        {
            return .tiff
        }
        // "BM" alone also begins many a text, so the size of the header that follows must be one that exists.
        if begins(with: [0x42, 0x4D]), start.count >= 18, start[15...17].allSatisfy({ $0 == 0 }),
            [12, 16, 40, 52, 56, 64, 108, 124].contains(start[14])
        {
            return .bmp
        }
        // "P1" to "P6", then white space or a comment.
        if start.count >= 3, start[0] == 0x50, (0x31...0x36).contains(start[1]),
            [0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C, 0x23].contains(start[2])
        {
            return .pnm
        }
        return nil
    }

    /// The format of a file, of which only the beginning is read; nil where it is none that is read.
    ///
    /// - Throws: `ImageError` where the file cannot be read or is not a regular file.
    public static func detect(contentsOf path: FilePath) throws(ImageError) -> ImageFormat? {
        detect(try FileContent(path, options: DecodingOptions(limits: DecodingLimits(maxFileBytes: .max)), upTo: 18).bytes)
    }
}

extension ImageFormat {
    /// How names of such files end, in lower case: such a file is listed even where its content is no image, so that a
    /// damaged photograph is reported and not passed over.
    var endings: [String] {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif", "jif", "mpo"]
        case .png: ["png"]
        case .tiff: ["tif", "tiff", "btf"]
        case .bmp: ["bmp", "dib"]
        case .pnm: ["pbm", "pgm", "ppm", "pnm"]
        }
    }

    /// Whether a file's beginning has all that its header says; a PNG's orientation and a TIFF's directory may come last.
    var headerComesFirst: Bool {
        switch self {
        case .jpeg, .bmp, .pnm: true
        case .png, .tiff: false
        }
    }

    /// The endings of all formats that are read.
    static let extensions = Set(allCases.flatMap(\.endings))

    /// The formats that are read, for people: `JPEG, PNG, TIFF, BMP and PNM`.
    package static let names =
        allCases.dropLast().map(\.rawValue).joined(separator: ", ") + (allCases.last.map { " and \($0.rawValue)" } ?? "")
}

extension ImageFormat: CustomStringConvertible {
    public var description: String { rawValue }
}
