import FoundationEssentials

/// Reads the safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes.
///
/// Checked as the format's own library does: every tensor's bytes lie inside the file, have the size that its
/// shape asks for, and together they cover the file without gap or overlap.
struct SafetensorsReader {
    let file: MappedFile

    /// A header holds some 100 bytes a tensor; a longer one than this is not of a network that is read here.
    static let longestHeader = 8 << 20

    /// Whether the content may be safetensors: a plausible header length, then a JSON object.
    static func recognises(_ file: MappedFile) -> Bool {
        guard file.count >= 10 else { return false }
        return file.withUnsafeBytes(0..<9) { raw in
            raw[8] == UInt8(ascii: "{") && raw.loadUnaligned(as: UInt64.self) <= 1 << 40
        }
    }

    func read() throws(TensorFileError) -> (tensors: [String: StoredTensor], metadata: [String: String]) {
        let header = try header()
        let dataStart = 8 + header.length
        let dataCount = file.count - dataStart
        var tensors: [String: StoredTensor] = [:]
        tensors.reserveCapacity(header.entries.tensors.count)
        var position = 0
        let inOrder = header.entries.tensors.sorted {
            ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key)
        }
        for (name, entry) in inOrder {
            let label = "tensor \(name.quotedForPeople)"
            guard let scalarType = ScalarType(rawValue: entry.dtype) else {
                throw fault(
                    .unsupported("\(label) is stored as \(entry.dtype.quotedForPeople), which is not read here"))
            }
            guard entry.begin >= 0, entry.end >= entry.begin else {
                throw fault(.malformed("\(label) has the offsets \(entry.begin) to \(entry.end)"))
            }
            guard entry.end <= dataCount else {
                throw fault(.truncated("\(label) ends at byte \(entry.end) of \(dataCount) that are there"))
            }
            guard entry.begin == position else {
                let what = entry.begin < position ? "overlaps the tensor before it" : "leaves a gap before it"
                throw fault(.malformed("\(label) \(what) (begins at byte \(entry.begin), expected \(position))"))
            }
            position = entry.end
            let range = dataStart + entry.begin..<dataStart + entry.end
            guard let tensor = StoredTensor(scalarType: scalarType, shape: entry.shape, bytes: .mapped(file, range))
            else {
                throw fault(
                    .malformed(
                        "\(label) of shape \(entry.shape) and type \(entry.dtype) does not take \(range.count) bytes"))
            }
            tensors[name] = tensor
        }
        guard position == dataCount else {
            throw fault(.malformed("\(dataCount - position) bytes after the last tensor belong to none"))
        }
        return (tensors, header.entries.metadata)
    }

    private func header() throws(TensorFileError) -> (entries: Header, length: Int) {
        guard file.count >= 8 else { throw fault(.truncated("\(file.count) bytes, a header's length takes 8")) }
        let length = file.withUnsafeBytes(0..<8) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(Self.longestHeader) else {
            throw fault(
                .malformed("a header of \(length) bytes is longer than the \(Self.longestHeader) that are read"))
        }
        guard Int(length) <= file.count - 8 else {
            throw fault(.truncated("a header of \(length) bytes in a file of \(file.count)"))
        }
        let bytes = file.bytes(8..<8 + Int(length))
        do {
            return (try JSONDecoder().decode(Header.self, from: Data(bytes)), Int(length))
        } catch {
            throw fault(.malformed("the header is not the JSON of a safetensors file (\(Self.reason(error)))"))
        }
    }

    private func fault(_ fault: TensorFileError.Fault) -> TensorFileError {
        TensorFileError(path: file.path, fault: fault)
    }

    /// Where in the header something is wrong, and what.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "at \(path.quotedForPeople): \(context.debugDescription)"
    }
}

/// The JSON header: an entry a tensor, and string pairs under `__metadata__`.
private struct Header: Decodable {
    struct Entry: Decodable {
        var dtype: String
        var shape: [Int]
        var begin: Int
        var end: Int

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            dtype = try container.decode(String.self, forKey: .dtype)
            shape = try container.decode([Int].self, forKey: .shape)
            let offsets = try container.decode([Int].self, forKey: .offsets)
            guard offsets.count == 2 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .offsets, in: container, debugDescription: "two offsets expected")
            }
            (begin, end) = (offsets[0], offsets[1])
        }
    }

    struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var tensors: [String: Entry] = [:]
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for name in container.allKeys {
            if name.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: name)
            } else {
                tensors[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
        }
    }
}
