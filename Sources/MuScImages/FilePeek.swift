import Glibc
import SystemPackage

/// What little of a file tells: whether its samples have more than 8 bits, and how many pages it has.
///
/// At most a few hundred bytes are read of each file, of a TIFF its directories. What cannot be told counts as one page
/// of 8 bits; decoding then says what is wrong.
package struct FilePeek: Sendable, Hashable {
    /// Whether samples have more than 8 bits, or are signed or floating-point numbers.
    package var isDeep = false
    /// Full pages of a TIFF; 1 for everything else.
    package var pages = 1
    /// Whether these differ in size or kind.
    package var pagesDiffer = false

    /// How many images the file gives where all pages are taken.
    package var images: Int { pagesDiffer ? 1 : max(pages, 1) }

    /// - Parameter root: The folder that the file must lie in once its links are followed; nil for anywhere.
    package init(_ path: FilePath, root: FilePath? = nil) {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else { return }
        defer { try? file.close() }
        if let root, !root.holds(openFile: file.rawValue) { return }
        func read(_ offset: UInt64, _ count: Int) -> [UInt8]? {
            guard let start = Int64(exactly: offset), count >= 0 else { return nil }
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = (try? file.read(fromAbsoluteOffset: start, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
            }
            return bytes.count == count ? bytes : nil
        }
        // A pipe in the file's place has no offsets to read from.
        guard let head = read(0, 32) ?? read(0, 8) else { return }
        switch ImageFormat.detect(head) {
        case .png: isDeep = head.count > 24 && head[24] == 16
        case .pnm:
            let start = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
                filled = (try? file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
            }
            isDeep = (try? PNMDecoder(start, name: ""))?.layout.sampleType == .uint16
        case .tiff:
            let directories = TIFFDirectories(reading: read)
            guard let first = directories.pages.first, !directories.isCameraRaw else { return }
            isDeep = directories.pages.contains(where: \.isDeep)
            pages = directories.pages.count
            pagesDiffer = !directories.pages.allSatisfy { $0.isAlike(first) }
        case .jpeg, .bmp, nil: break
        }
    }
}
