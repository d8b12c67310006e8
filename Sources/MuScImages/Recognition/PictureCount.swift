/// How many pictures a file holds whose format is read as one: the frames of an animated PNG, the views of a stereo camera
/// in a JPEG, PNM and BMP files one behind the other.
///
/// Only headers are read. Everything in the file is taken as a claim: what cannot be followed ends the count.
enum PictureCount {
    /// Gives up to so many bytes at an offset, 0 or more; none behind the file's end, and none for a count below 1.
    typealias Read = (_ offset: Int, _ count: Int) -> [UInt8]

    /// The most headers that are followed in one file.
    private static let most = 65_536

    /// The number of pictures, at least 1.
    static func count(_ format: ImageFormat, _ read: Read) -> Int {
        switch format {
        case .png: ofPNG(read)
        case .jpeg: ofJPEG(read)
        case .pnm: ofPNM(read)
        case .bmp: ofBMP(read)
        // Told by its directories, as pages.
        case .tiff: 1
        }
    }

    /// The frames that the chunk acTL states; the picture that other programs show may be none of them.
    private static func ofPNG(_ read: Read) -> Int {
        var (position, frames, isFrame) = (8, 0, false)
        for _ in 0..<most {
            let head = read(position, 8)
            guard head.count == 8 else { break }
            switch String(decoding: head[4...], as: UTF8.self) {
            case "acTL":
                let said = read(position + 8, 4)
                guard said.count == 4 else { return 1 }
                frames = bigEndian(said[...])
            case "fcTL": isFrame = true
            case "IDAT", "IEND": return max(frames == 0 || isFrame ? frames : frames + 1, 1)
            default: break
            }
            position += 12 + bigEndian(head[..<4])
        }
        return 1
    }

    /// The pictures of CIPA's Multi-Picture Format (`.mpo`), which other programs take for a JPEG of one.
    ///
    /// Previews of the first are no pictures, nor are a telephone's maps of its brightness and depth.
    private static func ofJPEG(_ read: Read) -> Int {
        let first = JPEGSegments(at: 0, read)
        guard let index = first.index, let size = first.size else { return 1 }
        let further = index.entries.dropFirst().filter { entry in
            guard entry.offset > 0, entry.kind >> 16 != 1 else { return false }
            let found = JPEGSegments(at: index.start + entry.offset, read)
            guard let other = found.size, !found.isGainMap else { return false }
            // Of no stated kind and smaller: made from the first.
            return entry.kind != 0 || other.width >= size.width || other.height >= size.height
        }
        return 1 + further.count
    }

    /// Raw PNM files may follow each other; those of numbers in text hold one picture.
    private static func ofPNM(_ read: Read) -> Int {
        var (position, count) = (0, 0)
        while count < most {
            let start = read(position, 4096)
            guard ImageFormat.detect(start) == .pnm, let header = try? PNMDecoder(start, name: "") else {
                // A picture of a kind that is not read.
                let isAnother = count > 0 && [.pam, .pfm].contains(UnreadFormat.detect(start))
                return max(isAnother ? count + 1 : count, 1)
            }
            count += 1
            guard let bytes = header.bytesOfFile else { break }
            position += bytes
            // Some programs end a picture with a new line.
            position += read(position, 2).prefix { $0 == 0x0A || $0 == 0x0D }.count
        }
        return max(count, 1)
    }

    /// Bitmaps one behind the other, each of the size that it states.
    private static func ofBMP(_ read: Read) -> Int {
        var (position, count) = (0, 0)
        while count < most {
            let head = read(position, 18)
            guard ImageFormat.detect(head) == .bmp else { break }
            count += 1
            let bytes = head[2..<6].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard bytes >= 26 else { break }
            position += bytes
        }
        return max(count, 1)
    }

    static func bigEndian(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
