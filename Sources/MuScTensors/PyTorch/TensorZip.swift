/// A zip file of tensors: what `torch.save` writes since version 1.6, a TorchScript archive, or NumPy's `.npz`.
struct TensorZip {
    private let zip: ZipArchive
    private let entries: [String: ZipArchive.Entry]

    init(file: MappedFile) throws(TensorFileError) {
        zip = try ZipArchive(file: file)
        entries = Dictionary(zip.entries.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    func tensors() throws(TensorFileError) -> [String: StoredTensor] {
        if let pickle = zip.entries.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }) {
            return try pyTorchTensors(pickle)
        }
        let arrays = zip.entries.filter { $0.name.hasSuffix(".npy") }
        guard !arrays.isEmpty else {
            throw TensorFileError(path: zip.file.path, fault: .unknownFormat("it is a zip file, but holds no tensors"))
        }
        var tensors: [String: StoredTensor] = [:]
        for entry in arrays {
            tensors[String(entry.name.dropLast(4))] = try NumPyFile(file: zip.file, range: try stored(entry)).array
        }
        return tensors
    }

    /// The tensors of `data.pkl`, whose storages are the entries under `data/` beside it.
    private func pyTorchTensors(_ pickle: ZipArchive.Entry) throws(TensorFileError) -> [String: StoredTensor] {
        let root = pickle.name.dropLast("data.pkl".count)
        if let order = entries[root + "byteorder"], zip.file.bytes(try stored(order)).elementsEqual("big".utf8) {
            throw TensorFileError(
                path: zip.file.path, fault: .unsupported("the tensors are big-endian; save them as little-endian"))
        }
        var machine = PickleMachine(file: zip.file, range: try stored(pickle)) { (key) throws(TensorFileError) in
            guard let entry = entries["\(root)data/\(key)"] else {
                throw TensorFileError(
                    path: zip.file.path, fault: .malformed("storage \(key.quotedForPeople) is not in the zip file"))
            }
            return .mapped(zip.file, try stored(entry))
        }
        let (value, heap) = try machine.run()
        return TensorArchive.named(heap.tensors(in: value))
    }

    /// Where the entry's content lies; compressed ones cannot be mapped.
    private func stored(_ entry: ZipArchive.Entry) throws(TensorFileError) -> Range<Int> {
        guard entry.isStored else {
            throw TensorFileError(
                path: zip.file.path,
                fault: .unsupported(
                    "\(entry.name.quotedForPeople) in it is compressed; unpack it and pack it again with `zip -0`"))
        }
        return entry.range
    }
}
