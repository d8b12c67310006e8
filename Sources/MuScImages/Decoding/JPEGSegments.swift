/// What the segments of a JPEG say before its pixels begin.
struct JPEGSegments {
    /// The list of a Multi-Picture file's pictures.
    struct Index {
        /// Where the offsets count from, in bytes.
        var start: Int
        /// Of each picture the kind that it states, 24 bits, and its offset; 0 for the first.
        var entries: [(kind: Int, offset: Int)]
    }

    private(set) var index: Index?
    private(set) var size: (width: Int, height: Int)?
    /// The marker of the frame, which tells how it is compressed: 0xC0 for baseline.
    private(set) var frame: UInt8?
    /// Whether the picture says where another one is to be brighter.
    private(set) var isGainMap = false

    /// - Parameter start: Where the picture begins; of the file's first, what makes it a gain map is not looked for.
    init(at start: Int, _ read: PictureCount.Read) {
        guard read(start, 3) == [0xFF, 0xD8, 0xFF] else { return }
        var position = start + 2
        for _ in 0..<1024 {
            let head = read(position, 4)
            guard head.count == 4, head[0] == 0xFF else { return }
            // Any number of FF may stand before a marker.
            if head[1] == 0xFF {
                position += 1
                continue
            }
            let length = Int(head[2]) << 8 | Int(head[3])
            guard length >= 2 else { return }
            switch head[1] {
            case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(head[1]), 0xF7:
                frame = head[1]
                let sides = read(position + 5, 4)
                guard sides.count == 4 else { return }
                size = (PictureCount.bigEndian(sides[2...]), PictureCount.bigEndian(sides[..<2]))
                return
            case 0xDA, 0xD9: return
            // A segment that is too short for the name it begins with has no content.
            case 0xE2 where length > 6 && read(position + 4, 4) == Array("MPF\0".utf8):
                let content = read(position + 8, length - 6)
                index = index ?? Self.index(content, at: position + 8)
            case 0xE1 where start > 0, 0xE2 where start > 0: look(at: read(position + 4, length - 2))
            default: break
            }
            position += 2 + length
        }
    }

    private mutating func look(at content: [UInt8]) {
        if content.starts(with: "http://ns.adobe.com/xap/1.0/".utf8) {
            let text = String(decoding: content, as: UTF8.self)
            isGainMap = isGainMap || text.contains("hdrgm:") || text.contains("HDRGainMap")
        } else if content.starts(with: "urn:iso:std:iso:ts:21496".utf8) {
            isGainMap = true
        }
    }

    /// Reads the index's entries from a TIFF structure of one directory.
    private static func index(_ bytes: [UInt8], at start: Int) -> Index? {
        guard bytes.count >= 8, bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4D else { return nil }
        let isLittleEndian = bytes[0] == 0x49
        func number(at offset: Int, bytes count: Int) -> Int {
            guard offset >= 0, offset <= bytes.count - count else { return 0 }
            let part = bytes[offset..<offset + count]
            return isLittleEndian ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : PictureCount.bigEndian(part)
        }
        let directory = number(at: 4, bytes: 4)
        for entry in 0..<number(at: directory, bytes: 2) {
            let place = directory + 2 + 12 * entry
            guard place + 12 <= bytes.count else { return nil }
            guard number(at: place, bytes: 2) == 0xB002 else { continue }
            let (length, table) = (number(at: place + 4, bytes: 4), number(at: place + 8, bytes: 4))
            guard table <= bytes.count, length <= bytes.count - table else { return nil }
            let places = stride(from: table, through: table + length - 16, by: 16)
            return Index(
                start: start,
                entries: places.map { (number(at: $0, bytes: 4) & 0xFF_FFFF, number(at: $0 + 8, bytes: 4)) })
        }
        return nil
    }
}
