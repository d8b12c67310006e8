import Glibc
import SystemPackage

/// Whether a file is an image, by its first bytes and by its extension.
package enum ImageContent {
    /// The formats that are read: JPEG, PNG, TIFF (and BigTIFF), BMP, PNM.
    ///
    /// - Parameter head: The file's first bytes; 18 suffice.
    package static func isImage(head: [UInt8]) -> Bool {
        if head.starts(with: [0xFF, 0xD8, 0xFF]) { return true }
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return true }
        if head.starts(with: [0x49, 0x49, 0x2A, 0x00]) || head.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) { return true }
        if head.starts(with: [0x49, 0x49, 0x2B, 0x00]) || head.starts(with: [0x4D, 0x4D, 0x00, 0x2B]) { return true }
        // "BM" alone begins many a text; the size of the header that follows is one of a few.
        if head.count >= 18, head.starts(with: [0x42, 0x4D]), [12, 16, 40, 52, 56, 64, 108, 124].contains(head[14]),
            head[15] == 0, head[16] == 0, head[17] == 0
        {
            return true
        }
        if head.count >= 3, head[0] == 0x50, (0x31...0x36).contains(head[1]) {
            return [0x20, 0x09, 0x0A, 0x0D, 0x23].contains(head[2])
        }
        return false
    }

    /// Whether a name ends as images' names do.
    package static func hasImageExtension(_ name: FileName) -> Bool {
        guard let dot = name.bytes.lastIndex(of: UInt8(ascii: ".")) else { return false }
        let ending = String(decoding: name.bytes[(dot + 1)...], as: UTF8.self).lowercased()
        return ["jpg", "jpeg", "jpe", "png", "tif", "tiff", "bmp", "pnm", "pbm", "pgm", "ppm"].contains(ending)
    }

    /// Whether a file is to be scored: its content is an image's, or its name says that it should be.
    ///
    /// A file that is named as an image and holds something else, or cannot be opened, belongs to its batch, so that
    /// the results can say that it was unreadable.
    package static func isCandidate(_ path: FilePath, name: FileName) -> Bool {
        if hasImageExtension(name) { return true }
        return isImage(head: head(of: path))
    }

    /// The first 18 bytes, fewer where there are fewer, none where the file cannot be read.
    private static func head(of path: FilePath) -> [UInt8] {
        // Without O_NONBLOCK a FIFO that took the file's place would hold us for ever.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: 18) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, 18))
        }
    }
}
