/// The directories of a TIFF file, read without libtiff: which of them are full pages, and of what kind.
///
/// Classic TIFF and BigTIFF in either byte order. Everything in the file is taken as a claim: what cannot be followed
/// ends the list.
struct TIFFDirectories {
    /// One directory, as far as it decides whether it is an image of its own.
    struct Directory: Sendable, Hashable {
        /// Where it begins, in bytes.
        var offset: UInt64
        var width = 0, height = 0
        /// The most bits that a sample has.
        var bits = 1
        /// SampleFormat: 1 unsigned, 2 signed, 3 floating point.
        var format = 1
        var samplesPerPixel = 1
        var photometric: Int?
        var isReduced = false
        var isMask = false
        var isDNG = false
        var subdirectories: [UInt64] = []

        /// Whether it holds what a sensor saw: a colour filter array, or linear raw.
        var isSensorData: Bool { photometric == 32803 || photometric == 34892 }
        var isFull: Bool { !isReduced && !isMask && width > 0 && height > 0 }
        /// Whether its samples do not fit 8 bits.
        var isDeep: Bool { bits > 8 || format == 2 || format == 3 }

        func isAlike(_ other: Directory) -> Bool {
            (width, height, bits, format, samplesPerPixel) == (other.width, other.height, other.bits, other.format, other.samplesPerPixel)
                && photometric == other.photometric
        }
    }

    /// The full pages: those of the file's chain that are no reduced copies and no masks; where there are none, those of
    /// the first directory's subdirectories; and where these are none either, whatever comes first.
    let pages: [Directory]
    /// Whether the file is camera raw, of which at most a preview could be read.
    let isCameraRaw: Bool

    /// The most directories that are followed.
    private static let most = 65_536

    /// - Parameter read: Gives `count` bytes at an offset, or nil where there are not as many.
    init(reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]?) {
        guard let reader = Reader(read) else {
            (pages, isCameraRaw) = ([], false)
            return
        }
        var chain: [Directory] = []
        var seen: Set<UInt64> = []
        var next = reader.first
        while next != 0, seen.insert(next).inserted, chain.count < Self.most, let found = reader.directory(at: next, read) {
            chain.append(found.directory)
            next = found.next
        }
        let below = (chain.first?.subdirectories ?? []).prefix(64).compactMap { reader.directory(at: $0, read)?.directory }
        isCameraRaw = (chain + below).contains { $0.isDNG || $0.isSensorData }
        let full = chain.filter(\.isFull)
        let inner = below.filter(\.isFull)
        pages = !full.isEmpty ? full : !inner.isEmpty ? inner : Array(chain.prefix(1))
    }

    init(_ bytes: [UInt8]) {
        self.init { offset, count in
            guard let start = Int(exactly: offset), start <= bytes.count, count <= bytes.count - start else { return nil }
            return Array(bytes[start..<start + count])
        }
    }
}

/// Reads numbers of a TIFF structure.
private struct Reader {
    let isLittleEndian: Bool
    let isBig: Bool
    var first: UInt64 = 0

    init?(_ read: (UInt64, Int) -> [UInt8]?) {
        guard let header = read(0, 8), header[0] == header[1], header[0] == 0x49 || header[0] == 0x4D else { return nil }
        isLittleEndian = header[0] == 0x49
        isBig = header[isLittleEndian ? 2 : 3] == 43
        if isBig {
            guard let long = read(8, 8) else { return nil }
            first = number(long[...])
        } else {
            first = number(header[4...])
        }
    }

    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        (isLittleEndian ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The directory at an offset, and where the next one is, 0 for none.
    func directory(
        at offset: UInt64, _ read: (UInt64, Int) -> [UInt8]?
    ) -> (directory: TIFFDirectories.Directory, next: UInt64)? {
        let (countSize, entrySize, wordSize) = isBig ? (8, 20, 8) : (2, 12, 4)
        guard let head = read(offset, countSize) else { return nil }
        let count = number(head[...])
        guard count <= 4096, let table = read(offset &+ UInt64(countSize), Int(count) * entrySize) else { return nil }
        var directory = TIFFDirectories.Directory(offset: offset)
        for index in 0..<Int(count) {
            let entry = table[(index * entrySize)..<((index + 1) * entrySize)]
            let start = entry.startIndex
            let tag = number(entry[start..<start + 2])
            guard Self.tags.contains(tag) else { continue }
            let size = [1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8][number(entry[start + 2..<start + 4])] ?? 0
            let many = number(entry[start + 4..<start + 4 + wordSize])
            let field = entry[(start + 4 + wordSize)...]
            guard size > 0, many > 0 else { continue }
            let wanted = Int(min(many, 64)) * size
            let bytes: [UInt8]
            if many <= wordSize / size {
                bytes = Array(field.prefix(wanted))
            } else {
                guard let far = read(number(field), wanted) else { continue }
                bytes = far
            }
            directory.take(tag, stride(from: 0, to: bytes.count, by: size).map { number(bytes[$0..<$0 + size]) })
        }
        let end = offset &+ UInt64(countSize + Int(count) * entrySize)
        return (directory, read(end, wordSize).map { number($0[...]) } ?? 0)
    }

    private static let tags: Set<UInt64> = [254, 255, 256, 257, 258, 262, 277, 330, 339, 50706]
}

extension TIFFDirectories.Directory {
    fileprivate mutating func take(_ tag: UInt64, _ values: [UInt64]) {
        let first = Int(clamping: values[0])
        switch tag {
        case 254:
            isReduced = isReduced || first & 1 != 0
            isMask = isMask || first & 4 != 0
        case 255: isReduced = isReduced || first == 2
        case 256: width = first
        case 257: height = first
        case 258: bits = Int(clamping: values.max() ?? 1)
        case 262: photometric = first
        case 277: samplesPerPixel = first
        case 330: subdirectories = values
        case 339: format = Int(clamping: values.max() ?? 1)
        default: isDNG = true
        }
    }
}
