/// A file of named tensors, memory-mapped: safetensors, PyTorch's zip format (TorchScript included), ONNX constants, or
/// NumPy's `.npz`, `.npy` and pickled arrays.
///
/// Tensors in nested dictionaries, such as a state dict under `teacher`, are named by their keys with dots between.
///
/// The structure is checked in full when the archive is opened; the numbers are read when a tensor is asked for
/// them. A tensor's memory is the file's own, so opening costs no more than the list of names.
package struct TensorArchive: Sendable {
    /// Where the file lies.
    package let path: String
    /// The free-form string pairs that the file carries; empty where its format has none.
    package let metadata: [String: String]
    /// The file's format, recognised by content.
    package let format: Format
    let tensors: [String: StoredTensor]

    /// The formats that are read.
    package enum Format: String, Sendable, Hashable, CaseIterable {
        case safetensors
        case onnx
        /// PyTorch's zip format, TorchScript, or NumPy's `.npz`.
        case zip
        case npy
        /// A pickle of NumPy arrays.
        case pickle

        /// The extension that files of this format usually have, without the dot.
        package var fileExtension: String {
            switch self {
            case .safetensors, .onnx, .npy: rawValue
            case .zip: "pt"
            case .pickle: "pkl"
            }
        }
    }

    /// Opens the file at `path`, whose format is recognised by its content.
    ///
    /// - Parameter ownedByUser: Whether a file of another user is refused; for files in folders that others write to.
    /// - Throws: ``TensorFileError`` naming the file and the fault.
    package init(path: String, ownedByUser: Bool = false) throws(TensorFileError) {
        let file = try MappedFile(path: path, ownedByUser: ownedByUser)
        self.path = path
        guard let format = Self.format(of: file) else {
            throw TensorFileError(path: path, fault: .unknownFormat(Self.guess(file)))
        }
        self.format = format
        switch format {
        case .safetensors: (tensors, metadata) = try SafetensorsReader(file: file).read()
        case .onnx:
            let graph = try ONNXGraph(file: file)
            (tensors, metadata) = (graph.namedTensors(), graph.metadata)
        case .zip: (tensors, metadata) = (try TensorZip(file: file).tensors(), [:])
        case .npy: (tensors, metadata) = (["": try NumPyFile(file: file).array], [:])
        case .pickle: (tensors, metadata) = (Self.named(try NumPyPickle(file: file).arrays), [:])
        }
    }

    private static func format(of file: MappedFile) -> Format? {
        if SafetensorsReader.recognises(file) { return .safetensors }
        if ONNXGraph.recognises(file) { return .onnx }
        if ZipArchive.recognises(file) { return .zip }
        if NumPyFile.recognises(file) { return .npy }
        if NumPyPickle.recognises(file) { return .pickle }
        return nil
    }

    /// Tensors under their keys with dots between; of two with the same name the later one counts, as in Python.
    static func named(_ tensors: [(keys: [String], tensor: StoredTensor)]) -> [String: StoredTensor] {
        Dictionary(tensors.map { ($0.keys.joined(separator: "."), $0.tensor) }, uniquingKeysWith: { $1 })
    }

    /// What the file seems to be instead, for the person who gave it.
    private static func guess(_ file: MappedFile) -> String {
        let start = file.bytes(0..<min(file.count, 16))
        if start.isEmpty { return "it is empty" }
        if start.starts(with: Array("version https://".prefix(16).utf8)) {
            return "it is a Git LFS pointer; fetch the file itself with `git lfs pull`"
        }
        if start.starts(with: Array("<".utf8)) { return "it is a web page or XML" }
        return "it is neither safetensors, nor PyTorch's zip format, nor ONNX, nor NumPy's"
    }

    /// The tensors' names, sorted.
    package var names: [String] { tensors.keys.sorted() }

    /// The tensor of this name, or nil.
    package subscript(name: String) -> StoredTensor? { tensors[name] }

    /// The tensor of this name.
    ///
    /// - Throws: ``TensorFileError`` with the fault `missingTensor` where there is none.
    package func tensor(_ name: String) throws(TensorFileError) -> StoredTensor {
        guard let tensor = tensors[name] else { throw TensorFileError(path: path, fault: .missingTensor(name)) }
        return tensor
    }
}
