/// The directory of a zip file, with ZIP64, as PyTorch and Python wheels use it.
///
/// Written after PKWARE's APPNOTE.TXT, sections 4.3 and 4.5. Encrypted and split archives are refused. Entries may not
/// overlap, so no archive unpacks to more than its entries' own declared sizes.
package struct ZipArchive: Sendable {
    /// One file inside.
    package struct Entry: Sendable {
        package let name: String
        /// Whether the content is as it is (stored) or deflated.
        package let isStored: Bool
        /// Where the content lies in the archive.
        package let range: Range<Int>
        /// Bytes of the unpacked content, as declared.
        package let size: Int
        /// CRC-32 of the unpacked content, as declared.
        package let checksum: UInt32
    }

    package let file: MappedFile
    /// All files inside, in the order of the directory.
    package let entries: [Entry]

    /// A directory of more entries than this is refused.
    private static let mostEntries = 200_000

    package static func recognises(_ file: MappedFile) -> Bool {
        file.count >= 22 && file.withUnsafeBytes(0..<4) { $0.elementsEqual([0x50, 0x4b, 0x03, 0x04]) }
    }

    /// Reads the directory.
    ///
    /// - Throws: ``TensorFileError`` where it is damaged.
    package init(file: MappedFile) throws(TensorFileError) {
        self.file = file
        let bytes = LittleEndianBytes(file: file)
        let directory = try Self.directory(bytes)
        var position = directory.range.lowerBound
        var entries: [Entry] = []
        for _ in 0..<directory.entries {
            entries.append(try Self.entry(bytes, &position, end: directory.range.upperBound))
        }
        let inOrder = entries.map(\.range).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        for (before, after) in zip(inOrder, inOrder.dropFirst()) where before.upperBound > after.lowerBound {
            throw bytes.malformed("entries of the zip file overlap at byte \(after.lowerBound)")
        }
        self.entries = entries
    }

    /// Finds the end record, which stands before a comment of up to 64 KiB, and through it the directory.
    private static func directory(
        _ bytes: LittleEndianBytes
    ) throws(TensorFileError) -> (range: Range<Int>, entries: Int) {
        let count = bytes.file.count
        guard count >= 22 else { throw bytes.truncated("a zip file takes at least 22 bytes") }
        var end = count - 22
        let lowest = max(0, count - 22 - 0xffff)
        while try bytes.uint32(end) != 0x0605_4b50 {
            end -= 1
            guard end >= lowest else { throw bytes.truncated("the directory at the end of the zip file is not there") }
        }
        var entries = Int(try bytes.uint16(end + 10))
        var size = Int(try bytes.uint32(end + 12))
        var start = Int(try bytes.uint32(end + 16))
        if end >= 20, try bytes.uint32(end - 20) == 0x0706_4b50 {
            let record = try bytes.size(end - 12)
            guard try bytes.uint32(record) == 0x0606_4b50 else {
                throw bytes.malformed("ZIP64's end record is not in its place")
            }
            entries = try bytes.size(record + 32)
            size = try bytes.size(record + 40)
            start = try bytes.size(record + 48)
        }
        guard start <= end, size <= end - start else {
            throw bytes.malformed("the zip file's directory lies outside of it")
        }
        guard entries <= min(mostEntries, size / 46) else {
            throw bytes.malformed("\(entries) entries in a zip directory of \(size) bytes")
        }
        return (start..<start + size, entries)
    }

    /// One entry of the directory, and through it the place of the content.
    private static func entry(
        _ bytes: LittleEndianBytes, _ position: inout Int, end: Int
    ) throws(TensorFileError) -> Entry {
        guard end - position >= 46, try bytes.uint32(position) == 0x0201_4b50 else {
            throw bytes.malformed("no directory entry at byte \(position) of the zip file")
        }
        let flags = try bytes.uint16(position + 8)
        let method = try bytes.uint16(position + 10)
        let checksum = try bytes.uint32(position + 16)
        var packed = Int(try bytes.uint32(position + 20))
        var size = Int(try bytes.uint32(position + 24))
        let nameLength = Int(try bytes.uint16(position + 28))
        let extraLength = Int(try bytes.uint16(position + 30))
        let commentLength = Int(try bytes.uint16(position + 32))
        var header = Int(try bytes.uint32(position + 42))
        let extraStart = position + 46 + nameLength
        guard extraStart + extraLength + commentLength <= end else {
            throw bytes.malformed("the directory entry at byte \(position) of the zip file is cut short")
        }
        let name = bytes.text(position + 46..<extraStart)
        if let large = try zip64Field(bytes, extraStart..<extraStart + extraLength) {
            // Those of the three that did not fit 32 bits, in this order.
            var field = large.lowerBound
            func widened(_ value: Int) throws(TensorFileError) -> Int {
                guard value == 0xffff_ffff, field + 8 <= large.upperBound else { return value }
                defer { field += 8 }
                return try bytes.size(field)
            }
            size = try widened(size)
            packed = try widened(packed)
            header = try widened(header)
        }
        position = extraStart + extraLength + commentLength
        let label = "entry \(name.quotedForPeople)"
        guard flags & 1 == 0 else { throw bytes.unsupported("\(label) of the zip file is encrypted") }
        guard method == 0 || method == 8 else {
            throw bytes.unsupported(
                "\(label) of the zip file is packed by method \(method); only stored and deflated are read")
        }
        guard method != 0 || packed == size else {
            throw bytes.malformed("\(label) is stored, yet takes \(packed) bytes for \(size)")
        }
        guard header <= bytes.file.count - 30, try bytes.uint32(header) == 0x0403_4b50 else {
            throw bytes.malformed("\(label) is not where the zip directory says (byte \(header))")
        }
        let start = header + 30 + Int(try bytes.uint16(header + 26)) + Int(try bytes.uint16(header + 28))
        guard start <= bytes.file.count, packed <= bytes.file.count - start else {
            throw bytes.truncated("\(label) of \(packed) bytes begins at byte \(start) of \(bytes.file.count)")
        }
        return Entry(name: name, isStored: method == 0, range: start..<start + packed, size: size, checksum: checksum)
    }

    /// The content of the extra field of kind 1, where there is one.
    private static func zip64Field(
        _ bytes: LittleEndianBytes, _ extra: Range<Int>
    ) throws(TensorFileError) -> Range<Int>? {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let end = position + 4 + Int(try bytes.uint16(position + 2))
            guard end <= extra.upperBound else { return nil }
            if try bytes.uint16(position) == 1 { return position + 4..<end }
            position = end
        }
        return nil
    }
}

/// Little-endian numbers at checked places of a file.
struct LittleEndianBytes {
    let file: MappedFile

    func uint16(_ offset: Int) throws(TensorFileError) -> UInt16 { try number(offset) }
    func uint32(_ offset: Int) throws(TensorFileError) -> UInt32 { try number(offset) }

    /// A 64-bit size or offset; one that exceeds the largest `Int` is refused.
    func size(_ offset: Int) throws(TensorFileError) -> Int {
        let value: UInt64 = try number(offset)
        guard let size = Int(exactly: value) else { throw malformed("a size of \(value) bytes at byte \(offset)") }
        return size
    }

    /// The text of the bytes, damaged UTF-8 repaired; the range must lie in the file.
    func text(_ range: Range<Int>) -> String {
        file.withUnsafeBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    private func number<Number: FixedWidthInteger>(_ offset: Int) throws(TensorFileError) -> Number {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, offset <= file.count - size else {
            throw truncated("a number at byte \(offset) of \(file.count)")
        }
        return file.withUnsafeBytes(offset..<offset + size) { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    func truncated(_ what: String) -> TensorFileError { TensorFileError(path: file.path, fault: .truncated(what)) }
    func malformed(_ what: String) -> TensorFileError { TensorFileError(path: file.path, fault: .malformed(what)) }
    func unsupported(_ what: String) -> TensorFileError { TensorFileError(path: file.path, fault: .unsupported(what)) }
}
