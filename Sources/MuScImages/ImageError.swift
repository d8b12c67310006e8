/// Why a file could not be read as an image, or an image could not be written.
///
/// Its description names the file, says what happened and what can be done about it, in one sentence each.
public struct ImageError: Error, Sendable, Hashable {
    /// What went wrong.
    public enum Kind: Sendable, Hashable {
        /// The file could not be opened or read; the text is the system's reason.
        case unreadable(String)
        /// The path leads to a folder, a device or a pipe.
        case notAFile
        /// A link leads to a file outside of the folder that files must lie in.
        case leadsOutside
        /// The file has no content.
        case empty
        /// The content begins like none of the formats that are read.
        case unknownFormat
        /// A picture of a format that is known and not read.
        case unreadFormat(UnreadFormat)
        /// The content stops before the image is complete.
        case endsEarly(ImageFormat)
        /// The content contradicts its format; the text is the decoder's reason.
        case damaged(ImageFormat, String)
        /// A sound file, but of a variant that is not read; the text says which.
        case unsupported(ImageFormat, String)
        /// Floating-point samples leave the range from 0 to 1, and no other is given.
        case outsideRange(ImageFormat)
        /// The file is larger than the limit, both in bytes.
        case fileTooLarge(bytes: Int, limit: Int)
        /// The header promises more pixels than the limit.
        case tooManyPixels(width: Int, height: Int, limit: Int)
        /// The header promises a side of more pixels than the limit.
        case sideTooLong(width: Int, height: Int, limit: Int)
        /// Something in the file asks for more memory than the limits allow; the text says what.
        case tooMuchMemory(ImageFormat, String)
        /// To decode the image takes more memory than the process can have, both in bytes.
        case noMemory(bytes: Int, available: Int)
        /// The image could not be encoded; the text is the encoder's reason.
        case notEncoded(ImageFormat, String)
    }

    /// The file, or the name that was given to the bytes, fit to be shown: bytes that are not UTF-8 and
    /// control characters are replaced.
    public let file: String
    /// What went wrong.
    public let kind: Kind

    /// An error about the file or bytes of this name.
    public init(file: String, kind: Kind) {
        self.file = String(
            String.UnicodeScalarView(
                file.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
                }))
        self.kind = kind
    }
}

extension ImageError: CustomStringConvertible {
    public var description: String { "\(file): \(kind.description)" }
}

extension ImageError.Kind: CustomStringConvertible {
    /// What happened and what to do, without the file's name.
    public var description: String {
        switch self {
        case .unreadable(let reason):
            "cannot be read (\(reason)). Check that it exists and that this user may read it."
        case .notAFile:
            "is not a regular file. Give the path of an image file."
        case .leadsOutside:
            "is a link out of its drop folder, and is not followed. Copy the image itself."
        case .empty:
            "the file is empty. Copy it again, or wait until it has been written."
        case .unknownFormat:
            "is not an image that can be read. \(ImageFormat.names) are read, whatever the file's name."
        case .unreadFormat(let format):
            "is \(format), which is not read. \(format.remedy)"
        case .endsEarly(let format):
            "the file ends early: the \(format) image is incomplete. Copy it again, or wait until it has been written."
        case .damaged(let format, let reason):
            "the \(format) data is damaged (\(reason)). Copy it again, or save the image anew."
        case .unsupported(let format, let reason):
            "this kind of \(format) is not read (\(reason)). Save the image as PNG or TIFF of 8 or 16 unsigned bits, or as JPEG."
        case .outsideRange(let format):
            """
            the \(format) holds floating-point values outside 0 to 1, which is the range that images.range: full takes. \
            Set images.range to auto, or to [low, high] in the file's own numbers.
            """
        case .fileTooLarge(let bytes, let limit):
            "the file has \(bytes) bytes; at most \(limit) are read (images.max_megabytes). Save it smaller, or raise the limit."
        case .tooManyPixels(let width, let height, let limit):
            """
            the image is said to be \(width) × \(height) pixels; at most \(limit) pixels are decoded \
            (images.max_pixels). \
            Save it smaller, or raise the limit.
            """
        case .sideTooLong(let width, let height, let limit):
            """
            the image is said to be \(width) × \(height) pixels; a side of at most \(limit) pixels is decoded. \
            Cut it into parts, or raise the limit.
            """
        case .tooMuchMemory(let format, let reason):
            "the \(format) data asks for more memory than is allowed (\(reason)). Save the image anew."
        case .noMemory(let bytes, let available):
            """
            decoding the image takes \(bytes >> 20) MiB, and \(available >> 20) MiB are to be had. \
            Save it smaller, or give musc more memory.
            """
        case .notEncoded(let format, let reason):
            "could not be written as \(format) (\(reason)). Free some memory or write a smaller image."
        }
    }
}
