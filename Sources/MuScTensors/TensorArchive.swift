/// A file of named tensors, memory-mapped: safetensors, PyTorch's zip format or ONNX initialisers.
public struct TensorArchive: Sendable {
    /// Where the file lies.
    public let path: String
    /// The free-form string pairs that the file carries; empty where its format has none.
    public let metadata: [String: String]
    let tensors: [String: StoredTensor]

    /// The tensors' names, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// The tensor of this name, or nil.
    public subscript(name: String) -> StoredTensor? { tensors[name] }
}

/// How a tensor's numbers are stored.
public enum ScalarType: String, Sendable, Hashable {
    case float64 = "F64", float32 = "F32", float16 = "F16", bfloat16 = "BF16"
    case int64 = "I64", int32 = "I32", int16 = "I16", int8 = "I8"
    case uint64 = "U64", uint32 = "U32", uint16 = "U16", uint8 = "U8", bool = "BOOL"
}

/// One tensor of an archive; its bytes stay in the mapped file until they are asked for.
public struct StoredTensor: Sendable {
    public let scalarType: ScalarType
    /// Row-major; empty for a scalar.
    public let shape: [Int]
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
}
