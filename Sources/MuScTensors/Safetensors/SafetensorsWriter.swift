/// Puts tensors together to a safetensors file.
///
/// ```swift
/// var file = SafetensorsWriter(metadata: ["model": "dinov2_vits14"])
/// file.add("cls_token", floats, shape: [384])
/// try file.write(to: "weights.safetensors")
/// ```
package struct SafetensorsWriter: Sendable {
    private enum Content: Sendable {
        case floats([Float])
        case integers([Int64])
        /// Float16 or uint16.
        case halves([UInt16])
        case bytes([UInt8])
        case stored(StoredTensor)
    }

    private struct Entry: Sendable {
        var name: String
        var scalarType: ScalarType
        var shape: [Int]
        var content: Content
        var byteCount: Int
    }

    /// String pairs kept in the header.
    package var metadata: [String: String]
    private var entries: [Entry] = []

    package init(metadata: [String: String] = [:]) {
        self.metadata = metadata
    }

    /// Adds a tensor of float32, row-major.
    ///
    /// - Precondition: `values.count` is the product of `shape`, and no tensor of this name was added before.
    package mutating func add(_ name: String, _ values: [Float], shape: [Int]) {
        append(name, .float32, shape, .floats(values), count: values.count)
    }

    /// Adds a tensor of float16 from floats, each rounded to the nearest; row-major.
    ///
    /// - Precondition: as for floats. Magnitudes above 65504 become infinite.
    package mutating func add(roundingToHalf name: String, _ values: [Float], shape: [Int]) {
        append(name, .float16, shape, .halves(values.map { Float16($0).bitPattern }), count: values.count)
    }

    /// Adds a tensor of uint16, row-major.
    ///
    /// - Precondition: as for floats.
    package mutating func add(_ name: String, _ values: [UInt16], shape: [Int]) {
        append(name, .uint16, shape, .halves(values), count: values.count)
    }

    /// Adds a tensor of int64, row-major.
    ///
    /// - Precondition: as for floats.
    package mutating func add(_ name: String, _ values: [Int], shape: [Int]) {
        append(name, .int64, shape, .integers(values.map(Int64.init)), count: values.count)
    }

    /// Adds a tensor of uint8, row-major.
    ///
    /// - Precondition: as for floats.
    package mutating func add(_ name: String, _ values: [UInt8], shape: [Int]) {
        append(name, .uint8, shape, .bytes(values), count: values.count)
    }

    /// Adds a tensor of another archive in the type in which it is stored there.
    ///
    /// - Precondition: no tensor of this name was added before.
    package mutating func add(_ name: String, _ tensor: StoredTensor) {
        append(name, tensor.scalarType, tensor.shape, .stored(tensor), count: tensor.count)
    }

    private mutating func append(_ name: String, _ type: ScalarType, _ shape: [Int], _ content: Content, count: Int) {
        precondition(elementCount(shape) == count, "\(name): \(count) values for the shape \(shape)")
        precondition(!entries.contains { $0.name == name } && name != "__metadata__", "\(name) was added before")
        entries.append(
            Entry(name: name, scalarType: type, shape: shape, content: content, byteCount: count * type.size))
    }

    /// The whole file in memory.
    package func bytes() -> [UInt8] {
        var result: [UInt8] = []
        forEachPart { result.append(contentsOf: $0) }
        return result
    }

    /// Writes the file beside its place, flushes it to the disk and moves it there in one step:
    /// whoever opens `path` finds the old file or the whole new one.
    ///
    /// - Parameter flushes: False for files that can be made again: after a loss of power such a file may be damaged.
    /// - Throws: ``TensorFileError`` where the file system refuses; nothing is left behind then.
    package func write(to path: String, flushes: Bool = true) throws(TensorFileError) {
        var file = try AtomicFile(path: path)
        var failure: TensorFileError?
        forEachPart { part in
            guard failure == nil else { return }
            do throws(TensorFileError) { try file.write(part) } catch { failure = error }
        }
        if let failure { throw failure }
        try file.commit(flushes: flushes)
    }

    /// The file's bytes in order, part by part, so that no second copy of the tensors is made.
    private func forEachPart(_ body: (UnsafeRawBufferPointer) -> Void) {
        // Wider types first, so that each tensor is aligned to its type as the format asks.
        let ordered = entries.sorted { (-$0.scalarType.size, $0.name) < (-$1.scalarType.size, $1.name) }
        header(ordered).withUnsafeBytes(body)
        for entry in ordered {
            switch entry.content {
            case .floats(let values): values.withUnsafeBytes(body)
            case .integers(let values): values.withUnsafeBytes(body)
            case .halves(let values): values.withUnsafeBytes(body)
            case .bytes(let values): values.withUnsafeBytes(body)
            case .stored(let tensor): tensor.withUnsafeBytes(body)
            }
        }
    }

    private func header(_ ordered: [Entry]) -> [UInt8] {
        var parts: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(jsonString($0.key)):\(jsonString($0.value))" }
            parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for entry in ordered {
            let end = offset + entry.byteCount
            let shape = entry.shape.map(String.init).joined(separator: ",")
            parts.append(
                "\(jsonString(entry.name)):{\"dtype\":\"\(entry.scalarType.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = [UInt8]("{\(parts.joined(separator: ","))}".utf8)
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) } + json
    }
}

/// `text` as a JSON string with its quotes.
private func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
