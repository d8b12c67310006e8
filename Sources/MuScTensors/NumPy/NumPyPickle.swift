/// A Python pickle of NumPy arrays in dictionaries and lists, such as the reference's `.dat` files of image features.
///
/// Only arrays and plain values are built; a pickle that asks for anything else is refused, and nothing of it is run.
package struct NumPyPickle: Sendable {
    /// The arrays in the order of the pickle, each with the keys (of lists: the positions) that lead to it.
    package let arrays: [(keys: [String], tensor: StoredTensor)]

    /// Reads the pickle at `path`, of any protocol from 2 to 5.
    ///
    /// - Throws: ``TensorFileError`` naming the file and the fault.
    package init(path: String) throws(TensorFileError) {
        try self.init(file: MappedFile(path: path))
    }

    /// Whether the file begins as pickles of protocol 2 and later do.
    static func recognises(_ file: MappedFile) -> Bool {
        file.count > 2 && file.withUnsafeBytes(0..<2) { $0[0] == 0x80 && (2...5).contains($0[1]) }
    }

    init(file: MappedFile) throws(TensorFileError) {
        // PyTorch before 1.6 wrote several pickles and then raw storages, led by this number.
        let oldMagic: [UInt8] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
        if file.count > 14, file.bytes(2..<14) == oldMagic {
            throw TensorFileError(
                path: file.path,
                fault: .unsupported(
                    "this is PyTorch's format from before version 1.6; convert it with "
                        + "python3 -c \"import sys, torch; torch.save(torch.load(sys.argv[1], map_location='cpu'), sys.argv[2])\" OLD NEW"
                ))
        }
        var machine = PickleMachine(file: file, range: 0..<file.count)
        let (value, heap) = try machine.run()
        arrays = heap.tensors(in: value)
    }
}
