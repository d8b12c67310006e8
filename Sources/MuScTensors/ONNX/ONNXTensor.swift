/// One `TensorProto` of an ONNX model.
struct ONNXTensor {
    private let message: ProtobufMessage
    private var name = ""
    private var shape: [Int] = []
    private var dataType: UInt64 = 0
    private var isExternal = false
    /// Numbers that are listed one by one take up to eight times their room in the file; exporters do so only for short lists.
    private static let mostCollectedBytes = 8 << 20
    /// Where the numbers lie as they are in memory: `raw_data`, or one packed field of floats.
    private var contiguous: Range<Int>?
    /// Numbers that came one by one or as varints, put together little-endian.
    private var collected: [UInt8] = []

    init(_ message: ProtobufMessage) throws(TensorFileError) {
        self.message = message
        try message.forEachField { (number, value) throws(TensorFileError) in
            switch (number, value) {
            case (1, .varint(let extent)): try appendExtent(extent)
            case (1, .bytes(let range)):
                guard range.count <= 640 else { throw fault(.malformed("a constant has more than 64 dimensions")) }
                for extent in try message.packedVarints(range) { try appendExtent(extent) }
            case (2, .varint(let type)): dataType = type
            case (4, .fixed32(let bits)): append(bits)
            case (10, .fixed64(let bits)): append(bits)
            case (4, .bytes(let range)), (9, .bytes(let range)), (10, .bytes(let range)): contiguous = range
            case (5, .varint(let number)), (7, .varint(let number)), (11, .varint(let number)): append(varint: number)
            case (5, .bytes(let range)), (7, .bytes(let range)), (11, .bytes(let range)):
                guard range.count <= Self.mostCollectedBytes / 8 else { throw tooManyNumbers }
                for number in try message.packedVarints(range) { append(varint: number) }
            case (8, .bytes(let range)): name = message.string(range)
            case (13, _), (14, .varint(1)): isExternal = true
            default: break
            }
            guard collected.count <= Self.mostCollectedBytes else {
                throw tooManyNumbers
            }
        }
    }

    /// The tensor and its name; nil for text, which is no tensor here.
    func stored() throws(TensorFileError) -> (name: String, tensor: StoredTensor?) {
        let label = "constant \(name.quotedForPeople)"
        if dataType == 8 { return (name, nil) }
        guard !isExternal else {
            throw fault(
                .unsupported("\(label) lies in another file (ONNX external data); export the model into one file"))
        }
        guard let scalarType else {
            throw fault(.unsupported("\(label) is of ONNX's data type \(dataType), which is not read here"))
        }
        let bytes: TensorBytes = contiguous.map { .mapped(message.file, $0) } ?? .memory(collected[...])
        guard let tensor = StoredTensor(scalarType: scalarType, shape: shape, bytes: bytes) else {
            throw fault(
                .malformed(
                    "\(label) of shape \(shape) and type \(scalarType.rawValue) does not take \(bytes.count) bytes"))
        }
        return (name, tensor)
    }

    private var scalarType: ScalarType? {
        switch dataType {
        case 1: .float32
        case 2: .uint8
        case 3: .int8
        case 4: .uint16
        case 5: .int16
        case 6: .int32
        case 7: .int64
        case 9: .bool
        case 10: .float16
        case 11: .float64
        case 12: .uint32
        case 13: .uint64
        case 16: .bfloat16
        default: nil
        }
    }

    private mutating func appendExtent(_ extent: UInt64) throws(TensorFileError) {
        guard shape.count < 64 else { throw fault(.malformed("a constant has more than 64 dimensions")) }
        shape.append(Int(truncatingIfNeeded: extent))
    }

    private mutating func append(varint number: UInt64) {
        switch scalarType?.size ?? 8 {
        case 1: append(UInt8(truncatingIfNeeded: number))
        case 2: append(UInt16(truncatingIfNeeded: number))
        case 4: append(UInt32(truncatingIfNeeded: number))
        default: append(number)
        }
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { collected.append(contentsOf: $0) }
    }

    private var tooManyNumbers: TensorFileError {
        fault(.unsupported("constant \(name.quotedForPeople) lists more than a million numbers one by one"))
    }

    private func fault(_ fault: TensorFileError.Fault) -> TensorFileError {
        TensorFileError(path: message.file.path, fault: fault)
    }
}
