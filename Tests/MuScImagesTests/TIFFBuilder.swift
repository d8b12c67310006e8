import Foundation

/// Writes small uncompressed TIFF files of every kind that the reader knows, and of kinds that it must refuse.
struct TIFFBuilder {
    /// One directory: its pixels and its fields.
    struct Page {
        var width: Int
        var height: Int
        var bits = 8
        /// 1 unsigned, 2 signed, 3 floating point.
        var format = 1
        var samples = 1
        var photometric: Int? = 1
        var compression = 1
        var planar = 1
        /// Each plane's bytes, little-endian; one for pixels that are whole.
        var planes: [[UInt8]]
        /// Further fields: tag, type (3 SHORT, 4 LONG, 1 BYTE, 12 DOUBLE) and the values' bytes.
        var fields: [(tag: Int, type: Int, bytes: [UInt8])] = []
        /// Directories of their own that this one leads to.
        var below: [Page] = []
    }

    var pages: [Page]

    static let sizes = [1: 1, 3: 2, 4: 4, 12: 8]

    var bytes: [UInt8] {
        var file: [UInt8] = [0x49, 0x49, 42, 0, 0, 0, 0, 0]
        var link = 4
        for page in pages {
            let (start, end) = Self.append(page, to: &file)
            Self.set(start, at: link, in: &file)
            link = end
        }
        return file
    }

    /// - Returns: Where the directory begins, and where the offset of the next one stands.
    private static func append(_ page: Page, to file: inout [UInt8]) -> (start: Int, link: Int) {
        let below = page.below.map { append($0, to: &file).start }
        let offsets = page.planes.map { plane in
            defer { file += plane + [UInt8](repeating: 0, count: plane.count % 2) }
            return file.count
        }
        var fields = page.fields
        func add(_ tag: Int, _ type: Int, _ values: [Int]) {
            fields.append((tag, type, values.flatMap { little($0, sizes[type] ?? 2) }))
        }
        add(256, 4, [page.width])
        add(257, 4, [page.height])
        add(258, 3, Array(repeating: page.bits, count: page.samples))
        add(259, 3, [page.compression])
        if let photometric = page.photometric { add(262, 3, [photometric]) }
        add(273, 4, offsets)
        add(277, 3, [page.samples])
        add(278, 4, [page.height])
        add(279, 4, page.planes.map(\.count))
        add(284, 3, [page.planar])
        if page.format != 1 { add(339, 3, Array(repeating: page.format, count: page.samples)) }
        if !below.isEmpty { add(330, 4, below) }
        if page.samples == 4, page.photometric == 2, !page.fields.contains(where: { $0.tag == 338 }) { add(338, 3, [2]) }
        fields.sort { $0.tag < $1.tag }
        var entries: [UInt8] = []
        for field in fields {
            let count = field.bytes.count / (sizes[field.type] ?? 1)
            entries += little(field.tag, 2) + little(field.type, 2) + little(count, 4)
            if field.bytes.count <= 4 {
                entries += field.bytes + [UInt8](repeating: 0, count: 4 - field.bytes.count)
            } else {
                entries += little(file.count, 4)
                file += field.bytes + [UInt8](repeating: 0, count: field.bytes.count % 2)
            }
        }
        let start = file.count
        file += little(entries.count / 12, 2) + entries + [0, 0, 0, 0]
        return (start, file.count - 4)
    }

    private static func set(_ value: Int, at offset: Int, in file: inout [UInt8]) {
        file.replaceSubrange(offset..<offset + 4, with: little(value, 4))
    }

    static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func little<Value: FixedWidthInteger>(_ values: [Value]) -> [UInt8] {
        values.flatMap { value in (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    }

    /// Grey pixels of 8 bits.
    static func grey(_ values: [UInt8], width: Int) -> Page {
        Page(width: width, height: values.count / width, planes: [values])
    }

    /// Grey pixels of 16 bits.
    static func grey16(_ values: [UInt16], width: Int) -> Page {
        Page(width: width, height: values.count / width, bits: 16, planes: [little(values)])
    }

    /// Grey pixels of floating-point numbers of 16, 32 or 64 bits.
    static func float(_ values: [Double], width: Int, bits: Int = 32) -> Page {
        let bytes =
            switch bits {
            case 16: little(values.map { half(Float($0)) })
            case 32: little(values.map { Float($0).bitPattern })
            default: little(values.map(\.bitPattern))
            }
        return Page(width: width, height: values.count / width, bits: bits, format: 3, planes: [bytes])
    }

    /// The nearest half-precision number towards zero.
    static func half(_ value: Float) -> UInt16 {
        let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
        if value.isNaN { return 0x7E00 }
        if value.isInfinite { return sign | 0x7C00 }
        if value == 0 { return sign }
        let exponent = Int(value.exponent) + 15
        if exponent <= 0 { return sign | UInt16(min(value.magnitude * 16_777_216, 1023)) }
        return sign | UInt16(exponent) << 10 | UInt16(value.significandBitPattern >> 13)
    }
}
