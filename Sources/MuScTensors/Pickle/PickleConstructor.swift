/// The names that a pickle may import, and what is built where it calls them.
enum PickleConstructor {
    /// `collections.OrderedDict`
    case orderedDictionary
    /// `torch.Size`, a tuple of integers
    case size
    /// `torch._utils._rebuild_tensor_v2` and, with a type at the end, `_v3`
    case tensor
    /// `torch._utils._rebuild_parameter`
    case parameter
    /// `torch.FloatStorage` and its kin; nil for `UntypedStorage`
    case storageType(ScalarType?)
    /// `torch.float32` and its kin
    case tensorType(ScalarType)
    /// A class of a TorchScript archive, `__torch__.…`; kept as a bag of attributes
    case scriptObject
    /// `torch.jit._pickle.build_intlist` and its kin: the list itself
    case scriptList
    /// `numpy.core.multiarray._reconstruct`
    case emptyArray
    /// `numpy.ndarray`, an argument of the former
    case arrayClass
    /// `numpy.dtype`
    case numberType
    /// `numpy.core.multiarray.scalar`
    case scalar
    /// `numpy.core.numeric._frombuffer`
    case arrayFromBuffer
    /// `_codecs.encode`, by which old pickles write bytes as Latin-1 text
    case latin1Bytes

    enum Fault: Error {
        case malformed(String)
        case unsupported(String)
    }

    init?(name: String) {
        switch name {
        case "collections.OrderedDict": self = .orderedDictionary
        case "torch.Size": self = .size
        case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3": self = .tensor
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state": self = .parameter
        case "torch.storage.UntypedStorage", "torch.UntypedStorage": self = .storageType(nil)
        case "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
            "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist",
            "torch.jit._pickle.restore_type_tag":
            self = .scriptList
        case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct": self = .emptyArray
        case "numpy.ndarray": self = .arrayClass
        case "numpy.dtype": self = .numberType
        case "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar": self = .scalar
        case "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer": self = .arrayFromBuffer
        case "_codecs.encode": self = .latin1Bytes
        default:
            if name.hasPrefix("__torch__.") {
                self = .scriptObject
            } else if name.hasPrefix("torch."), let type = Self.storageTypes[String(name.dropFirst(6))] {
                self = .storageType(type)
            } else if name.hasPrefix("torch."), let type = Self.tensorTypes[String(name.dropFirst(6))] {
                self = .tensorType(type)
            } else {
                return nil
            }
        }
    }

    private static let storageTypes: [String: ScalarType] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]

    private static let tensorTypes: [String: ScalarType] = [
        "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
        "int32": .int32, "int16": .int16, "int8": .int8, "uint64": .uint64, "uint32": .uint32, "uint16": .uint16,
        "uint8": .uint8, "bool": .bool,
    ]

    private static let numPyTypes: [String: ScalarType] = [
        "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16, "i1": .int8,
        "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    ]

    /// The value that a call with these arguments stands for.
    func build(_ arguments: [PickleValue], _ heap: inout PickleHeap) throws(Fault) -> PickleValue {
        switch self {
        case .orderedDictionary: return try dictionary(arguments, &heap)
        case .size, .scriptList:
            guard let first = arguments.first, heap.elements(first) != nil else {
                throw .malformed("a list was expected")
            }
            return first
        case .tensor: return try tensor(arguments, heap)
        case .parameter:
            guard case .tensor? = arguments.first else { throw .malformed("a tensor was expected") }
            return arguments[0]
        case .scriptObject: return heap.add(.object(attributes: .none))
        case .emptyArray:
            guard case .global("numpy.ndarray")? = arguments.first else {
                throw .malformed("numpy.ndarray was expected")
            }
            return heap.add(.array(nil))
        case .numberType:
            guard case .text(let code)? = arguments.first else { throw .malformed("a type's code was expected") }
            if code.hasPrefix(">") { throw .unsupported("the array is big-endian; save it as little-endian") }
            let plain = code.first.map { "<=|".contains($0) } == true ? String(code.dropFirst()) : code
            guard let type = Self.numPyTypes[plain] else {
                throw .unsupported("arrays of NumPy's type \(code.quotedForPeople) are not read here")
            }
            return .numberType(type)
        case .scalar:
            guard arguments.count == 2, case .numberType(let type) = arguments[0],
                case .bytes(let bytes) = arguments[1],
                let value = StoredTensor(scalarType: type, shape: [], bytes: bytes)
            else { throw .malformed("a type and its bytes were expected") }
            return type.isFloatingPoint ? .real(Double(value.floats()[0])) : .integer(value.integers()[0])
        case .arrayFromBuffer:
            guard arguments.count == 4, case .bytes(let bytes) = arguments[0],
                case .numberType(let type) = arguments[1],
                let shape = heap.integers(arguments[2]), case .text(let order) = arguments[3]
            else { throw .malformed("bytes, type, shape and order were expected") }
            return .tensor(try Self.array(type, shape, isColumnMajor: order == "F", bytes))
        case .latin1Bytes:
            guard arguments.count == 2, case .text(let text) = arguments[0], case .text(let coding) = arguments[1],
                ["latin1", "latin-1"].contains(coding), text.unicodeScalars.allSatisfy({ $0.value < 256 })
            else { throw .malformed("Latin-1 text was expected") }
            return .bytes(.memory(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }[...]))
        case .storageType, .tensorType, .arrayClass: throw .malformed("it is not called in any file of tensors")
        }
    }

    private func dictionary(_ arguments: [PickleValue], _ heap: inout PickleHeap) throws(Fault) -> PickleValue {
        var pairs: [(key: PickleValue, value: PickleValue)] = []
        if let first = arguments.first {
            guard let items = heap.elements(first) else { throw .malformed("a list of pairs was expected") }
            for item in items {
                guard let pair = heap.elements(item), pair.count == 2 else { throw .malformed("a pair was expected") }
                pairs.append((pair[0], pair[1]))
            }
        }
        return heap.add(.dictionary(pairs))
    }

    /// `(storage, offset, shape, strides, requires_grad, hooks[, type])`
    private func tensor(_ arguments: [PickleValue], _ heap: PickleHeap) throws(Fault) -> PickleValue {
        guard arguments.count >= 4, case .storage(let bytes, let storageType) = arguments[0],
            case .integer(let offset) = arguments[1], let shape = heap.integers(arguments[2]),
            let strides = heap.integers(arguments[3])
        else { throw .malformed("a storage, its offset, shape and strides were expected") }
        var scalarType = storageType
        if arguments.count >= 7, case .global(let name) = arguments[6],
            case .tensorType(let named)? = PickleConstructor(name: name)
        {
            scalarType = named
        }
        guard let scalarType else { throw .malformed("a tensor without a type") }
        guard offset >= 0, let start = checkedProduct(offset, scalarType.size), start <= bytes.count,
            let tensor = StoredTensor(
                scalarType: scalarType, shape: shape, strides: strides, bytes: bytes.dropFirst(start))
        else {
            throw .malformed(
                "a tensor of shape \(shape), strides \(strides) and offset \(offset) leaves its storage of \(bytes.count) bytes"
            )
        }
        return .tensor(tensor)
    }
}

// MARK: - NumPy's states

extension PickleConstructor {
    /// The array of `ndarray.__setstate__`: `(version, shape, dtype, is column-major, bytes)`.
    static func array(state: PickleValue, _ heap: PickleHeap) throws(Fault) -> StoredTensor {
        guard let parts = heap.elements(state), parts.count == 5, let shape = heap.integers(parts[1]),
            case .numberType(let type) = parts[2], case .bool(let isColumnMajor) = parts[3]
        else { throw .malformed("version, shape, type, order and bytes were expected") }
        guard case .bytes(let bytes) = parts[4] else {
            throw .unsupported("the array holds Python objects or text, not numbers")
        }
        return try array(type, shape, isColumnMajor: isColumnMajor, bytes)
    }

    static func array(
        _ type: ScalarType, _ shape: [Int], isColumnMajor: Bool, _ bytes: TensorBytes
    ) throws(Fault) -> StoredTensor {
        var strides: [Int]?
        if isColumnMajor, shape.count > 1, elementCount(shape) != nil {
            var step = 1
            strides = shape.map { extent in
                defer { step &*= extent }
                return step
            }
        }
        let rowMajor = StoredTensor(scalarType: type, shape: shape, bytes: bytes)
        let array = strides.map { StoredTensor(scalarType: type, shape: shape, strides: $0, bytes: bytes) } ?? rowMajor
        guard rowMajor != nil, let array else {
            throw .malformed("an array of shape \(shape) and type \(type.rawValue) does not take \(bytes.count) bytes")
        }
        return array
    }

    /// The state of `numpy.dtype`: `(version, byte order, …)`; `>` is big-endian, which is refused for wide numbers.
    static func checkByteOrder(state: PickleValue, _ type: ScalarType, _ heap: PickleHeap) throws(Fault) {
        guard let parts = heap.elements(state), parts.count >= 2, case .text(let order) = parts[1] else {
            throw .malformed("version and byte order were expected")
        }
        if order == ">" && type.size > 1 { throw .unsupported("the array is big-endian; save it as little-endian") }
    }
}
