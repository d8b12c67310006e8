/// A zip archive in memory whose files are stored as they are, without compression (PKWARE's APPNOTE, version 2.0).
struct ZipWriter {
    private var content: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    /// Adds a file; the archive must stay below 4 GiB and 65,536 files.
    mutating func add(_ name: String, _ bytes: [UInt8]) {
        let offset = content.count
        var header: [UInt8] = []
        // Version 2.0, names in UTF-8, stored, 1 January 1980, so that equal content gives equal archives.
        for field in [20, 1 << 11, 0, 0, 1 << 5 | 1] as [UInt16] { header.append(littleEndian: field) }
        header.append(littleEndian: Self.crc32(bytes))
        header.append(littleEndian: UInt32(bytes.count))
        header.append(littleEndian: UInt32(bytes.count))
        header.append(littleEndian: UInt16(name.utf8.count))
        header.append(littleEndian: UInt16(0))
        content.append(littleEndian: UInt32(0x0403_4b50))
        content += header + Array(name.utf8) + bytes
        directory.append(littleEndian: UInt32(0x0201_4b50))
        directory.append(littleEndian: UInt16(20))
        directory += header
        // Comment, disk, internal and external attributes: none.
        directory += [UInt8](repeating: 0, count: 10)
        directory.append(littleEndian: UInt32(offset))
        directory += Array(name.utf8)
        count += 1
    }

    /// The whole archive.
    func finished() -> [UInt8] {
        var bytes = content + directory
        bytes.append(littleEndian: UInt32(0x0605_4b50))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt16(count))
        bytes.append(littleEndian: UInt16(count))
        bytes.append(littleEndian: UInt32(directory.count))
        bytes.append(littleEndian: UInt32(content.count))
        bytes.append(littleEndian: UInt16(0))
        return bytes
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
