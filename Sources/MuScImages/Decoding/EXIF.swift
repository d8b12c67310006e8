/// The orientation in EXIF blocks. Everything in them is taken as a claim: offsets are checked, and where a
/// block makes no sense, the image counts as upright.
enum EXIF {
    /// The orientation in the first EXIF block (APP1) of a JPEG file.
    static func orientation(inJPEG bytes: [UInt8]) -> Orientation {
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            switch marker {
            case 0xFF:  // padding
                position += 1
            case 0x01, 0xD0...0xD8:  // no length
                position += 2
            case 0xDA, 0xD9:  // the image itself, or the end
                return .upright
            default:
                let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
                let end = position + 2 + length
                guard length >= 2, end <= bytes.count else { return .upright }
                let identifier: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]  // "Exif", 0, 0
                if marker == 0xE1, length >= 8, bytes[(position + 4)..<end].starts(with: identifier) {
                    return orientation(inTIFFStructure: Array(bytes[(position + 10)..<end]))
                }
                position = end
            }
        }
        return .upright
    }

    /// The orientation in the eXIf chunk of a PNG file.
    static func orientation(inPNG bytes: [UInt8]) -> Orientation {
        var position = 8
        while position + 12 <= bytes.count {
            var length = 0
            for index in 0..<4 { length = length << 8 | Int(bytes[position + index]) }
            let data = position + 8
            guard length <= bytes.count - data - 4 else { return .upright }
            let kind: [UInt8] = [0x65, 0x58, 0x49, 0x66]  // "eXIf"
            if bytes[(position + 4)..<data] == kind[...] {
                return orientation(inTIFFStructure: Array(bytes[data..<(data + length)]))
            }
            position = data + length + 4
        }
        return .upright
    }

    /// The orientation tag of the first directory of a TIFF structure, which is what an EXIF block is.
    static func orientation(inTIFFStructure bytes: [UInt8]) -> Orientation {
        guard bytes.count >= 8 else { return .upright }
        let isLittleEndian = bytes[0] == 0x49
        guard bytes[0] == bytes[1], isLittleEndian || bytes[0] == 0x4D else { return .upright }
        func number(at offset: Int, bytes count: Int) -> Int {
            var value = 0
            for index in 0..<count {
                value = value << 8 | Int(bytes[offset + (isLittleEndian ? count - 1 - index : index)])
            }
            return value
        }
        guard number(at: 2, bytes: 2) == 42 else { return .upright }
        let directory = number(at: 4, bytes: 4)
        guard directory + 2 <= bytes.count else { return .upright }
        for entry in 0..<number(at: directory, bytes: 2) {
            let offset = directory + 2 + entry * 12
            guard offset + 12 <= bytes.count else { return .upright }
            // Tag 0x0112, type 3 (SHORT).
            if number(at: offset, bytes: 2) == 0x0112, number(at: offset + 2, bytes: 2) == 3 {
                return Orientation(rawValue: number(at: offset + 8, bytes: 2)) ?? .upright
            }
        }
        return .upright
    }
}
