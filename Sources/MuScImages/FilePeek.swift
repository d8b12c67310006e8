import Glibc
import SystemPackage

/// What little of a file tells: whether its samples have more than 8 bits, and how many pages or pictures it has.
///
/// Headers alone are read, of a TIFF its directories. What cannot be told counts as one page
/// of 8 bits; decoding then says what is wrong.
package struct FilePeek: Sendable, Hashable {
    /// Whether samples have more than 8 bits, or are signed or floating-point numbers.
    package var isDeep = false
    /// Full pages of a TIFF; 1 for everything else.
    package var pages = 1
    /// Whether these differ in size or kind.
    package var pagesDiffer = false
    /// Pictures of a file that is no TIFF, of which the first alone is read.
    package var pictures = 1

    /// How many images the file gives where all pages are taken.
    package var images: Int { pagesDiffer ? 1 : max(pages, 1) }

    private init() {}

    /// - Parameter root: The folder that the file must lie in once its links are followed; nil for anywhere.
    package init(_ path: FilePath, root: FilePath? = nil) {
        self.init()
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else { return }
        defer { try? file.close() }
        if let root, !root.holds(openFile: file.rawValue) { return }
        self.init { offset, count in
            [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                // A pipe in the file's place has no offsets to read from.
                filled = (try? file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
            }
        }
    }

    /// - Parameter content: Gives up to so many bytes at an offset; none behind the file's end.
    package init(reading content: (_ offset: Int64, _ count: Int) -> [UInt8]) {
        // Most headers lie in the first bytes.
        let start = content(0, 1024)
        func some(_ offset: Int, _ count: Int) -> [UInt8] {
            guard offset >= 0, count > 0 else { return [] }
            if offset + count <= start.count { return Array(start[offset..<offset + count]) }
            return start.count < 1024 ? Array(start.dropFirst(offset).prefix(count)) : content(Int64(offset), count)
        }
        func exactly(_ offset: UInt64, _ count: Int) -> [UInt8]? {
            guard let place = Int(exactly: offset), place < Int.max - count, count >= 0 else { return nil }
            let bytes = some(place, count)
            return bytes.count == count ? bytes : nil
        }
        guard let format = ImageFormat.detect(start) else { return }
        switch format {
        case .png: isDeep = start.count > 24 && start[24] == 16
        case .pnm: isDeep = (try? PNMDecoder(some(0, 4096), name: ""))?.layout.sampleType == .uint16
        case .tiff:
            let directories = TIFFDirectories(reading: exactly)
            guard let first = directories.pages.first, !directories.isCameraRaw else { return }
            isDeep = directories.pages.contains(where: \.isDeep)
            pages = directories.pages.count
            pagesDiffer = !directories.pages.allSatisfy { $0.isAlike(first) }
        case .jpeg, .bmp: break
        }
        pictures = PictureCount.count(format, some)
    }
}
