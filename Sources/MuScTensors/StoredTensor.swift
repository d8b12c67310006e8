/// One tensor of an archive; its bytes stay in the mapped file until they are asked for.
package struct StoredTensor: Sendable {
    package let scalarType: ScalarType
    /// Row-major; empty for a scalar.
    package let shape: [Int]
    /// The number of elements, the product of `shape`.
    package let count: Int
    let bytes: TensorBytes
    /// Distance in elements from one index to the next in each dimension; nil where the elements lie row-major without gaps.
    let strides: [Int]?

    /// The tensor of `shape` whose elements lie row-major in `bytes`; nil unless the sizes agree.
    init?(scalarType: ScalarType, shape: [Int], bytes: TensorBytes) {
        guard let count = elementCount(shape), let size = checkedProduct(count, scalarType.size), size == bytes.count
        else {
            return nil
        }
        self.scalarType = scalarType
        self.shape = shape
        self.count = count
        self.bytes = bytes
        strides = nil
    }

    /// A view into `bytes` with a stride for each dimension; nil unless every element lies inside `bytes`.
    init?(scalarType: ScalarType, shape: [Int], strides: [Int], bytes: TensorBytes) {
        guard let count = elementCount(shape), strides.count == shape.count else { return nil }
        var last = 0
        var dense = 1
        var contiguous = true
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 && count > 0 {
            guard stride >= 0, let reach = checkedProduct(extent - 1, stride) else { return nil }
            let (sum, overflow) = last.addingReportingOverflow(reach)
            guard !overflow else { return nil }
            last = sum
            contiguous = contiguous && stride == dense
            dense *= extent
        }
        // A stride of 0 repeats elements: a small file could claim a tensor of any size.
        guard count == 0 || last < bytes.count / scalarType.size, count <= bytes.count / scalarType.size else {
            return nil
        }
        self.scalarType = scalarType
        self.shape = shape
        self.count = count
        self.bytes = contiguous ? bytes.prefix(count * scalarType.size) : bytes
        self.strides = contiguous ? nil : strides
    }

    /// Calls `body` with the elements' bytes, row-major and little-endian; the pointer is valid only inside.
    ///
    /// The bytes come straight from the mapped file except where a PyTorch file keeps a transposed view, which is put in order first.
    package func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard let strides else { return try bytes.withUnsafeBytes(body) }
        let ordered = bytes.withUnsafeBytes { gather(from: $0, strides: strides) }
        return try ordered.withUnsafeBytes { try body($0) }
    }

    /// All elements as `Float`, row-major; F16, BF16 and F32 exactly, wider types rounded, BOOL as 0 and 1.
    package func floats() -> [Float] {
        let result: [Float] = withUnsafeBytes { raw in
            switch scalarType {
            case .float64: convert(raw, Double.self) { Float($0) }
            case .float32: convert(raw, Float.self) { $0 }
            case .float16: convert(raw, UInt16.self) { Float(halfBitPattern: $0) }
            case .bfloat16: convert(raw, UInt16.self) { Float(brainBitPattern: $0) }
            case .int64: convert(raw, Int64.self) { Float($0) }
            case .int32: convert(raw, Int32.self) { Float($0) }
            case .int16: convert(raw, Int16.self) { Float($0) }
            case .int8: convert(raw, Int8.self) { Float($0) }
            case .uint64: convert(raw, UInt64.self) { Float($0) }
            case .uint32: convert(raw, UInt32.self) { Float($0) }
            case .uint16: convert(raw, UInt16.self) { Float($0) }
            case .uint8: convert(raw, UInt8.self) { Float($0) }
            case .bool: convert(raw, UInt8.self) { $0 == 0 ? 0 : 1 }
            }
        }
        bytes.release()
        return result
    }

    /// Calls `body` with all elements as ``floats()`` gives them, from where they lie if they are stored so; the pointer
    /// is valid only inside.
    package func withFloats<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        let direct: Result? =
            scalarType != .float32 || strides != nil
            ? nil
            : withUnsafeBytes { raw in
                guard Int(bitPattern: raw.baseAddress) % MemoryLayout<Float>.alignment == 0 else { return nil }
                return body(raw.bindMemory(to: Float.self))
            }
        guard let direct else { return floats().withUnsafeBufferPointer(body) }
        bytes.release()
        return direct
    }

    /// All elements as `Int`, row-major; BOOL as 0 and 1, floating-point numbers rounded toward zero and clamped, NaN as 0.
    package func integers() -> [Int] {
        withUnsafeBytes { raw -> [Int] in
            switch scalarType {
            case .float64: convert(raw, Double.self) { clampedInteger($0) }
            case .float32: convert(raw, Float.self) { clampedInteger(Double($0)) }
            case .float16: convert(raw, UInt16.self) { clampedInteger(Double(Float(halfBitPattern: $0))) }
            case .bfloat16: convert(raw, UInt16.self) { clampedInteger(Double(Float(brainBitPattern: $0))) }
            case .int64: convert(raw, Int64.self) { Int($0) }
            case .int32: convert(raw, Int32.self) { Int($0) }
            case .int16: convert(raw, Int16.self) { Int($0) }
            case .int8: convert(raw, Int8.self) { Int($0) }
            case .uint64: convert(raw, UInt64.self) { Int(clamping: $0) }
            case .uint32: convert(raw, UInt32.self) { Int($0) }
            case .uint16: convert(raw, UInt16.self) { Int($0) }
            case .uint8: convert(raw, UInt8.self) { Int($0) }
            case .bool: convert(raw, UInt8.self) { $0 == 0 ? 0 : 1 }
            }
        }
    }

    /// `count` numbers of type `Stored`, wherever they are aligned.
    private func convert<Stored: BitwiseCopyable, Number>(
        _ raw: UnsafeRawBufferPointer, _: Stored.Type, _ number: (Stored) -> Number
    ) -> [Number] {
        let size = MemoryLayout<Stored>.size
        return [Number](unsafeUninitializedCapacity: count) { buffer, initialised in
            for index in 0..<count {
                buffer.initializeElement(
                    at: index, to: number(raw.loadUnaligned(fromByteOffset: index &* size, as: Stored.self)))
            }
            initialised = count
        }
    }

    /// The matrix with rows and columns exchanged, as a view; nil unless there are two dimensions.
    func transposed() -> StoredTensor? {
        guard shape.count == 2 else { return nil }
        let strides = strides ?? [shape[1], 1]
        return StoredTensor(
            scalarType: scalarType, shape: shape.reversed(), strides: strides.reversed(), bytes: bytes)
    }

    /// The elements of a strided view, row-major.
    private func gather(from raw: UnsafeRawBufferPointer, strides: [Int]) -> [UInt8] {
        switch scalarType.size {
        case 8: gather(from: raw, strides: strides, as: UInt64.self)
        case 4: gather(from: raw, strides: strides, as: UInt32.self)
        case 2: gather(from: raw, strides: strides, as: UInt16.self)
        default: gather(from: raw, strides: strides, as: UInt8.self)
        }
    }

    /// Row after row of the last dimension; the initialiser has checked that all elements lie inside.
    private func gather<Element: BitwiseCopyable>(
        from raw: UnsafeRawBufferPointer, strides: [Int], as _: Element.Type
    ) -> [UInt8] {
        let size = MemoryLayout<Element>.size
        let (rowLength, step) = (shape.last ?? 1, (strides.last ?? 1) * size)
        return [UInt8](unsafeUninitializedCapacity: count * size) { result, initialised in
            var index = [Int](repeating: 0, count: shape.count)
            while initialised < count * size {
                var offset = 0
                for dimension in shape.indices.dropLast() { offset += index[dimension] * strides[dimension] * size }
                for _ in 0..<rowLength {
                    let element = raw.loadUnaligned(fromByteOffset: offset, as: Element.self)
                    UnsafeMutableRawBufferPointer(result).storeBytes(
                        of: element, toByteOffset: initialised, as: Element.self)
                    offset += step
                    initialised += size
                }
                for dimension in shape.indices.dropLast().reversed() {
                    index[dimension] += 1
                    if index[dimension] < shape[dimension] { break }
                    index[dimension] = 0
                }
            }
        }
    }
}

/// Where a tensor's bytes lie: in the mapped file, or in memory where a format has no plain copy of them.
enum TensorBytes: Sendable {
    case mapped(MappedFile, Range<Int>)
    case memory(ArraySlice<UInt8>)

    var count: Int {
        switch self {
        case .mapped(_, let range): range.count
        case .memory(let bytes): bytes.count
        }
    }

    /// The first `length` bytes.
    func prefix(_ length: Int) -> TensorBytes {
        switch self {
        case .mapped(let file, let range): .mapped(file, range.prefix(length))
        case .memory(let bytes): .memory(bytes.prefix(length))
        }
    }

    /// What follows the first `length` bytes, of which there must be as many.
    func dropFirst(_ length: Int) -> TensorBytes {
        switch self {
        case .mapped(let file, let range): .mapped(file, range.dropFirst(length))
        case .memory(let bytes): .memory(bytes.dropFirst(length))
        }
    }

    func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        switch self {
        case .mapped(let file, let range): try file.withUnsafeBytes(range, body)
        case .memory(let bytes):
            try bytes.withUnsafeBytes { try body($0) }
        }
    }

    /// Lets go of the pages that hold the bytes, so that a converted network is not in memory twice.
    func release() {
        if case .mapped(let file, let range) = self { file.release(range) }
    }
}

/// The product of the extents; nil where one is negative or the product does not fit.
func elementCount(_ shape: [Int]) -> Int? {
    guard shape.count <= 64, shape.allSatisfy({ $0 >= 0 }) else { return nil }
    if shape.contains(0) { return 0 }
    var count = 1
    for extent in shape {
        guard let product = checkedProduct(count, extent) else { return nil }
        count = product
    }
    return count
}

func checkedProduct(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
}

private func clampedInteger(_ value: Double) -> Int {
    if value.isNaN { return 0 }
    if value >= 0x1p63 { return .max }
    if value <= -0x1p63 { return .min }
    return Int(value)
}
