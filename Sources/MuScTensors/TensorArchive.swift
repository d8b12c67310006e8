/// A file of named tensors, memory-mapped: safetensors, PyTorch's zip format or ONNX initialisers.
///
/// The structure is checked in full when the archive is opened; the numbers are read when a tensor is asked for
/// them. A tensor's memory is the file's own, so opening costs no more than the list of names.
public struct TensorArchive: Sendable {
    /// Where the file lies.
    public let path: String
    /// The free-form string pairs that the file carries; empty where its format has none.
    public let metadata: [String: String]
    let tensors: [String: StoredTensor]

    /// Opens the file at `path`, whose format is recognised by its content.
    ///
    /// - Throws: ``TensorFileError`` naming the file and the fault.
    public init(path: String) throws(TensorFileError) {
        let file = try MappedFile(path: path)
        self.path = path
        (tensors, metadata) = try SafetensorsReader(file: file).read()
    }

    /// The tensors' names, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// The tensor of this name, or nil.
    public subscript(name: String) -> StoredTensor? { tensors[name] }

    /// The tensor of this name.
    ///
    /// - Throws: ``TensorFileError`` with the fault `missingTensor` where there is none.
    public func tensor(_ name: String) throws(TensorFileError) -> StoredTensor {
        guard let tensor = tensors[name] else { throw TensorFileError(path: path, fault: .missingTensor(name)) }
        return tensor
    }
}
