import CImageCodecs

/// The orientation in EXIF blocks. Everything in them is taken as a claim: offsets are checked, and where a
/// block makes no sense, the image counts as upright.
enum EXIF {
    /// The orientation in the first EXIF block (APP1) of a JPEG file; where none says it, in its XMP packet.
    static func orientation(inJPEG bytes: [UInt8]) -> Orientation {
        var position = 2
        var said: Orientation?
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            switch marker {
            case 0xFF: // padding
                position += 1
            case 0x01, 0xD0...0xD8: // no length
                position += 2
            case 0xDA, 0xD9: // the image itself, or the end
                return said ?? .upright
            default:
                let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
                let end = position + 2 + length
                guard length >= 2, end <= bytes.count else { return said ?? .upright }
                let content = bytes[(position + 4)..<end]
                if marker == 0xE1, content.starts(with: "Exif\0\0".utf8) {
                    if let found = found(inTIFFStructure: Array(content.dropFirst(6))) { return found }
                } else if marker == 0xE1, content.starts(with: "http://ns.adobe.com/xap/1.0/\0".utf8) {
                    said = said ?? found(inXMP: content)
                }
                position = end
            }
        }
        return said ?? .upright
    }

    /// The orientation in the eXIf chunk of a PNG file, or in the text chunks that programs wrote before there was one;
    /// where none says it, in its XMP packet.
    static func orientation(inPNG bytes: [UInt8]) -> Orientation {
        var position = 8
        var said: Orientation?
        while position + 12 <= bytes.count {
            var length = 0
            for index in 0..<4 { length = length << 8 | Int(bytes[position + index]) }
            let data = position + 8
            guard length <= bytes.count - data - 4 else { return said ?? .upright }
            let content = bytes[data..<(data + length)]
            switch String(decoding: bytes[(position + 4)..<data], as: UTF8.self) {
            case "eXIf":
                if let found = found(inTIFFStructure: Array(content)) { return found }
            case "zTXt", "tEXt":
                said = said ?? found(inRawProfile: content, isCompressed: bytes[position + 4] == UInt8(ascii: "z"))
            case "iTXt" where content.starts(with: "XML:com.adobe.xmp\0".utf8):
                said = said ?? found(inXMP: content)
            default: break
            }
            position = data + length + 4
        }
        return said ?? .upright
    }

    /// ImageMagick's way to keep EXIF in a PNG: a keyword, and after the word `exif` and a count, the block in hexadecimal.
    private static func found(inRawProfile chunk: ArraySlice<UInt8>, isCompressed: Bool) -> Orientation? {
        guard let end = chunk.firstIndex(of: 0), chunk[..<end].starts(with: "Raw profile type ".utf8) else { return nil }
        var text = Array(chunk[(end + 1)...])
        if isCompressed {
            // A method, always 0, then the data. The orientation is among the first tags.
            text = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                count = text.dropFirst().withUnsafeBufferPointer {
                    musc_inflate($0.baseAddress, $0.count, buffer.baseAddress, buffer.count)
                }
            }
        }
        let words = text.split(whereSeparator: { $0 == 0x20 || (0x09...0x0D).contains($0) }).dropFirst(2)
        let digits = words.joined().compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        var block = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        if block.starts(with: "Exif\0\0".utf8) { block.removeFirst(6) }
        return found(inTIFFStructure: block)
    }

    /// The number that follows `tiff:Orientation`, as an attribute or as an element.
    private static func found(inXMP packet: ArraySlice<UInt8>) -> Orientation? {
        let name = Array("tiff:Orientation".utf8)
        // A packet may have megabytes, so that slices are made only where the first letter fits.
        let offset = packet.withUnsafeBufferPointer { bytes in
            bytes.indices.first { bytes[$0] == name[0] && bytes[$0...].starts(with: name) }
        }
        guard let offset else { return nil }
        let value = packet[(packet.startIndex + offset + name.count)...].drop { [0x20, 0x3D, 0x22, 0x27, 0x3E].contains($0) }
        return value.first.flatMap { Orientation(rawValue: Int($0) - 0x30) }
    }

    /// The orientation tag of the first directory of a TIFF structure, which is what an EXIF block is.
    private static func found(inTIFFStructure bytes: [UInt8]) -> Orientation? {
        guard bytes.count >= 8 else { return nil }
        let isLittleEndian = bytes[0] == 0x49
        guard bytes[0] == bytes[1], isLittleEndian || bytes[0] == 0x4D else { return nil }
        func number(at offset: Int, bytes count: Int) -> Int {
            var value = 0
            for index in 0..<count {
                value = value << 8 | Int(bytes[offset + (isLittleEndian ? count - 1 - index : index)])
            }
            return value
        }
        guard number(at: 2, bytes: 2) == 42 else { return nil }
        let directory = number(at: 4, bytes: 4)
        guard directory + 2 <= bytes.count else { return nil }
        for entry in 0..<number(at: directory, bytes: 2) {
            let offset = directory + 2 + entry * 12
            guard offset + 12 <= bytes.count else { return nil }
            // Tag 0x0112, type 3 (SHORT), or 4 (LONG) as some programs write it.
            let type = number(at: offset + 2, bytes: 2)
            if number(at: offset, bytes: 2) == 0x0112, type == 3 || type == 4 {
                return Orientation(rawValue: number(at: offset + 8, bytes: type == 3 ? 2 : 4))
            }
        }
        return nil
    }
}
