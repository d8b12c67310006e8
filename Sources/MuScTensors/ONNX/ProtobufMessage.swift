/// A message of Protocol Buffers' wire format inside a file, read field by field.
///
/// The format is described at https://protobuf.dev/programming-guides/encoding: a field is a varint of
/// `number << 3 | wire type`, then a varint, 8 bytes, 4 bytes, or a length and as many bytes. Submessages are
/// ranges of the file; nothing is copied, and nothing is nested by itself.
struct ProtobufMessage {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// A string, a submessage or packed numbers.
        case bytes(Range<Int>)
    }

    let file: MappedFile
    let range: Range<Int>

    /// Calls `body` with each field's number and value, in the order of the file.
    ///
    /// - Throws: ``TensorFileError`` where a field does not end inside the message, and what `body` throws.
    func forEachField(_ body: (Int, Value) throws(TensorFileError) -> Void) throws(TensorFileError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let tag = try varint(&position)
            let number = Int(truncatingIfNeeded: tag >> 3)
            guard number > 0, tag <= UInt64(UInt32.max) else {
                throw malformed("field number \(tag >> 3)", at: position)
            }
            switch tag & 7 {
            case 0: try body(number, .varint(try varint(&position)))
            case 1: try body(number, .fixed64(try fixed(&position, UInt64.self)))
            case 2:
                let length = try varint(&position)
                guard length <= UInt64(range.upperBound - position) else {
                    throw truncated("a field of \(length) bytes at byte \(position)")
                }
                let bytes = position..<position + Int(length)
                position = bytes.upperBound
                try body(number, .bytes(bytes))
            case 5: try body(number, .fixed32(try fixed(&position, UInt32.self)))
            default: throw malformed("wire type \(tag & 7)", at: position)
            }
        }
    }

    /// The numbers of a packed field of varints.
    func packedVarints(_ range: Range<Int>) throws(TensorFileError) -> [UInt64] {
        let part = ProtobufMessage(file: file, range: range)
        var position = range.lowerBound
        var result: [UInt64] = []
        while position < range.upperBound { result.append(try part.varint(&position)) }
        return result
    }

    /// The text of a string field, damaged UTF-8 repaired.
    func string(_ range: Range<Int>) -> String {
        file.withUnsafeBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    private func varint(_ position: inout Int) throws(TensorFileError) -> UInt64 {
        var value: UInt64 = 0
        let available = file.withUnsafeBytes(position..<min(position + 10, range.upperBound)) { raw in
            for (index, byte) in raw.enumerated() {
                value |= UInt64(byte & 0x7f) << (7 * UInt64(index))
                if byte < 0x80 { return index + 1 }
            }
            return 0
        }
        guard available > 0 else {
            throw range.upperBound - position < 10
                ? truncated("a number at byte \(position)") : malformed("a number of more than 64 bits", at: position)
        }
        position += available
        return value
    }

    private func fixed<Number: FixedWidthInteger>(
        _ position: inout Int, _: Number.Type
    ) throws(TensorFileError) -> Number {
        let size = MemoryLayout<Number>.size
        guard range.upperBound - position >= size else { throw truncated("a number at byte \(position)") }
        defer { position += size }
        return file.withUnsafeBytes(position..<position + size) {
            Number(littleEndian: $0.loadUnaligned(as: Number.self))
        }
    }

    private func truncated(_ what: String) -> TensorFileError {
        TensorFileError(path: file.path, fault: .truncated(what))
    }

    private func malformed(_ what: String, at position: Int) -> TensorFileError {
        TensorFileError(path: file.path, fault: .malformed("\(what) at byte \(position)"))
    }
}
