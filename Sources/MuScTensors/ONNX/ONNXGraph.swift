/// The constants of an ONNX model (its graph's initialisers) and the nodes that use them.
///
/// Field numbers are those of `onnx.proto3` of https://github.com/onnx/onnx.
struct ONNXGraph {
    /// One operation of the graph.
    struct Node {
        var name = ""
        var operation = ""
        var inputs: [String] = []
    }

    private(set) var nodes: [Node] = []
    private(set) var initializers: [String: StoredTensor] = [:]
    private(set) var metadata: [String: String] = [:]
    private let path: String

    /// More nodes or constants than any vision transformer's graph has; more are refused.
    private static let mostEntries = 200_000

    /// Whether the file may be an ONNX model: it begins with field 1, the version of the format, a small number.
    static func recognises(_ file: MappedFile) -> Bool {
        guard file.count > 4 else { return false }
        return file.withUnsafeBytes(0..<3) {
            $0[0] == 0x08 && (1..<0x40).contains($0[1]) && $0[2] & 7 <= 2 && $0[2] > 8
        }
    }

    init(file: MappedFile) throws(TensorFileError) {
        path = file.path
        let model = ProtobufMessage(file: file, range: 0..<file.count)
        var graph: ProtobufMessage?
        try model.forEachField { (number, value) throws(TensorFileError) in
            switch (number, value) {
            case (7, .bytes(let range)): graph = ProtobufMessage(file: file, range: range)
            case (14, .bytes(let range)):
                let pair = try Self.stringPair(ProtobufMessage(file: file, range: range))
                metadata[pair.key] = pair.value
            default: break
            }
        }
        guard let graph else {
            throw TensorFileError(path: path, fault: .malformed("there is no graph in this ONNX model"))
        }
        try graph.forEachField { (number, value) throws(TensorFileError) in
            guard case .bytes(let range) = value else { return }
            switch number {
            case 1: nodes.append(try Self.node(ProtobufMessage(file: file, range: range)))
            case 5:
                let (name, tensor) = try ONNXTensor(ProtobufMessage(file: file, range: range)).stored()
                if let tensor { initializers[name] = tensor }
            default: break
            }
            guard nodes.count <= Self.mostEntries, initializers.count <= Self.mostEntries else {
                throw TensorFileError(
                    path: path, fault: .unsupported("the graph has more than \(Self.mostEntries) nodes or constants"))
            }
        }
    }

    private static func node(_ message: ProtobufMessage) throws(TensorFileError) -> Node {
        var node = Node()
        try message.forEachField { (number, value) throws(TensorFileError) in
            guard case .bytes(let range) = value else { return }
            switch number {
            case 1: node.inputs.append(message.string(range))
            case 3: node.name = message.string(range)
            case 4: node.operation = message.string(range)
            default: break
            }
        }
        return node
    }

    private static func stringPair(_ message: ProtobufMessage) throws(TensorFileError) -> (key: String, value: String) {
        var pair = (key: "", value: "")
        try message.forEachField { (number, value) throws(TensorFileError) in
            guard case .bytes(let range) = value else { return }
            if number == 1 { pair.key = message.string(range) }
            if number == 2 { pair.value = message.string(range) }
        }
        return pair
    }

    /// The initialisers under the names of the modules that they belong to.
    ///
    /// PyTorch's exporter folds constants and then calls them `onnx::MatMul_1966`. The nodes still carry the module's
    /// path (`/encoder/layer.0/mlp/fc1/MatMul`), so such a constant gets the name of the module in which it is used:
    /// a linear layer's matrix `encoder.layer.0.mlp.fc1.weight`, rows and columns exchanged back to `[out, in]`;
    /// any other constant the path with the operation, such as `embeddings.Concat`.
    func namedTensors() -> [String: StoredTensor] {
        var result = initializers
        for node in nodes where node.name.hasPrefix("/") {
            for input in node.inputs where input.hasPrefix("onnx::") {
                guard let tensor = initializers[input] else { continue }
                let module = node.name.split(separator: "/").dropLast().joined(separator: ".")
                let isMatrix = node.operation == "MatMul" && tensor.shape.count == 2
                let name = "\(module).\(isMatrix ? "weight" : node.operation)"
                guard result[name] == nil, let named = isMatrix ? tensor.transposed() : tensor else { continue }
                result[name] = named
                result[input] = nil
            }
        }
        return result
    }
}
