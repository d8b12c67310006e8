import CZlib

extension ZipArchive {
    /// Unpacks one entry, piece by piece, and checks its CRC-32.
    ///
    /// - Parameter write: Gets the content in order, up to 1 MiB at a time.
    /// - Throws: ``TensorFileError`` where the content is damaged or larger than declared, and what `write` throws.
    package func extract(
        _ entry: Entry, write: (UnsafeRawBufferPointer) throws(TensorFileError) -> Void
    ) throws(TensorFileError) {
        let checksum =
            entry.isStored ? try copy(entry, write) : try inflate(entry, write)
        guard checksum == entry.checksum else { throw malformed(entry, "its checksum is wrong") }
    }

    private static let pieceSize = 1 << 20

    private func copy(
        _ entry: Entry, _ write: (UnsafeRawBufferPointer) throws(TensorFileError) -> Void
    ) throws(TensorFileError) -> UInt32 {
        var checksum: UInt = 0
        var position = entry.range.lowerBound
        while position < entry.range.upperBound {
            let piece = file.bytes(position..<min(position + Self.pieceSize, entry.range.upperBound))
            checksum = crc32(checksum, piece, UInt32(piece.count))
            try give(piece, piece.count, write)
            position += piece.count
        }
        return UInt32(truncatingIfNeeded: checksum)
    }

    private func inflate(
        _ entry: Entry, _ write: (UnsafeRawBufferPointer) throws(TensorFileError) -> Void
    ) throws(TensorFileError) -> UInt32 {
        var stream = z_stream()
        // Negative window bits: deflate without zlib's own header, as zip has it.
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw malformed(entry, "it cannot be unpacked")
        }
        defer { inflateEnd(&stream) }
        var checksum: UInt = 0
        var (position, unpacked) = (entry.range.lowerBound, 0)
        var output = [UInt8](repeating: 0, count: Self.pieceSize)
        while true {
            var input = file.bytes(position..<min(position + Self.pieceSize, entry.range.upperBound))
            let available = input.count
            let status = input.withUnsafeMutableBufferPointer { input in
                output.withUnsafeMutableBufferPointer { output in
                    // zlib reads and writes within the two counts; both pointers are used inside this call only.
                    stream.next_in = input.baseAddress
                    stream.avail_in = UInt32(input.count)
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
            }
            let consumed = available - Int(stream.avail_in)
            let produced = Self.pieceSize - Int(stream.avail_out)
            position += consumed
            unpacked += produced
            guard unpacked <= entry.size else {
                throw malformed(entry, "it unpacks to more than its \(entry.size) bytes")
            }
            checksum = crc32(checksum, output, UInt32(produced))
            try give(output, produced, write)
            if status == Z_STREAM_END { break }
            guard status == Z_OK, consumed + produced > 0 else {
                throw malformed(entry, "its compressed content is damaged")
            }
        }
        guard unpacked == entry.size else {
            throw malformed(entry, "it unpacks to \(unpacked) bytes, not \(entry.size)")
        }
        return UInt32(truncatingIfNeeded: checksum)
    }

    /// Hands the first `count` bytes on; the closure of an array's pointer cannot carry the typed error itself.
    private func give(
        _ bytes: [UInt8], _ count: Int, _ write: (UnsafeRawBufferPointer) throws(TensorFileError) -> Void
    ) throws(TensorFileError) {
        let result = bytes.withUnsafeBytes { raw -> Result<Void, TensorFileError> in
            do throws(TensorFileError) {
                return .success(try write(UnsafeRawBufferPointer(rebasing: raw.prefix(count))))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func malformed(_ entry: Entry, _ what: String) -> TensorFileError {
        TensorFileError(path: file.path, fault: .malformed("\(entry.name.quotedForPeople) in the zip file: \(what)"))
    }
}
