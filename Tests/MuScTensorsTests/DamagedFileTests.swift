import Glibc
import Goldens
import MuScSupport
import MuScTensors
import ScratchFolders
import Testing

/// Files that a broken disk, a cut download or a hostile author may hand in: each ends in an error that names the file, or
/// in tensors that can be read, never in a crash, a hang or a large allocation.
@Suite("Damaged files")
struct DamagedFileTests {
    static let files = [
        "goldens/dinov2_native.weights.facebook.safetensors", "goldens/dino_native_p8.weights.facebook.pth",
        "weights/clip_gelu_native.weights.torchscript.pt", "weights/dinov2_native.weights.onnx", "weights/views.pth",
        "weights/arrays.npz", "weights/fortran.npy", "weights/arrays.protocol2.dat", "weights/arrays.protocol5.dat",
    ]

    @Test("A file that is cut anywhere is refused by its name, or read as far as it makes sense", arguments: files)
    func cut(file: String) throws {
        let bytes = try content(file)
        let scratch = try ScratchFolder()
        for step in 0..<200 {
            let path = try scratch.write("cut", Array(bytes.prefix(bytes.count * step / 200)))
            try expectErrorOrTensors(path)
        }
    }

    @Test("Bytes flipped at 2,000 places do no harm", arguments: files)
    func flipped(file: String) throws {
        let bytes = try content(file)
        let scratch = try ScratchFolder()
        let path = try scratch.write("flipped", bytes)
        let descriptor = open(path, O_WRONLY)
        defer { close(descriptor) }
        var random = SeededGenerator(seed: 2026)
        for flip in 0..<2000 {
            // Half of them at the ends, where these formats keep their structure.
            let near = min(bytes.count, 8192)
            let place =
                switch flip % 4 {
                case 0: Int.random(in: 0..<near, using: &random)
                case 1: bytes.count - 1 - Int.random(in: 0..<near, using: &random)
                default: Int.random(in: 0..<bytes.count, using: &random)
                }
            var byte = bytes[place] ^ UInt8.random(in: 1...255, using: &random)
            pwrite(descriptor, &byte, 1, place)
            try expectErrorOrTensors(path)
            byte = bytes[place]
            pwrite(descriptor, &byte, 1, place)
        }
    }

    @Test("Random bytes behind each format's first bytes do no harm")
    func noise() throws {
        let scratch = try ScratchFolder()
        let starts: [[UInt8]] = [
            [0x80, 0x02], [0x80, 0x04], Array("PK\u{3}\u{4}".utf8), [0x93] + Array("NUMPY\u{1}\u{0}".utf8),
            [0x08, 0x07, 0x12],
            [0x20, 0, 0, 0, 0, 0, 0, 0, UInt8(ascii: "{")],
        ]
        var random = SeededGenerator(seed: 7)
        for start in starts {
            for _ in 0..<300 {
                let noise = (0..<Int.random(in: 0..<400, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                try expectErrorOrTensors(scratch.write("noise", start + noise))
            }
        }
    }

    // MARK: Pickles

    @Test(
        "A hostile or broken pickle is refused",
        arguments: [
            ("cposix\nsystem\n(S'true'\ntR.", "posix.system"),
            ("c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"),
            ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "storage"),
            ("ctorch\nload\n(S'x'\ntR.", "torch.load"),
            ("cnumpy\nload\n.", "numpy.load"),
            ("ccollections\nOrderedDict\n(S'x'\ntR.", "pairs"),
            ("(iposix\nsystem\n.", "instruction"),
            ("S'storage'\nQ.", "outside of the pickle"),
            ("Pposix\n.", "instruction"),
            ("S'text'\n)R.", "it calls a text"),
            ("S'text'\n}b.", "is given a state"),
            (".", "stack is empty"), ("0.", "stack is empty"), ("t.", "no open mark"), ("(1t.", "no open mark"),
            ("K\u{1}a.", "stack is empty"), ("K\u{1}K\u{2}a.", "appended to an integer"),
            ("}K\u{1}(u.", ""), ("}(K\u{1}u.", "an entry is put into"), ("h\u{7}.", "entry 7"),
            ("Iabc\n.", "no integer"), ("c", "without an end"), ("X\u{7f}\u{7f}\u{7f}\u{7f}abc.", "cut short"),
            ("cnumpy.core.multiarray\n_reconstruct\n(cposix\nsystem\ntR.", "posix.system"),
            ("c__torch__.Model\nRun\n)R)R.", "it calls a container"),
        ])
    func hostilePickle(program: String, message: String) throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write("hostile.pkl", [0x80, 0x02] + Array(program.utf8))
        guard !message.isEmpty else { return try expectErrorOrTensors(path) }
        let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        #expect(error?.description.contains(path) == true)
    }

    @Test("Pickles that multiply, circle, nest or run for ever end soon")
    func endlessPickles() throws {
        let scratch = try ScratchFolder()
        // Sixty lists, each of two references to the one before: 2⁶⁰ elements if followed.
        var doubling: [UInt8] = [0x80, 0x02] + Array("]q\u{0}".utf8)
        for level in UInt8(1)...60 {
            doubling += Array("](h".utf8) + [level - 1] + Array("h".utf8) + [level - 1] + Array("eq".utf8) + [level]
        }
        doubling += Array(".".utf8)
        // A list that holds itself, and a dictionary that does.
        let circle: [UInt8] =
            [0x80, 0x02] + Array("]q\u{0}h\u{0}a}q\u{1}(X\u{1}\u{0}\u{0}\u{0}ah\u{1}u(h\u{0}h\u{1}t.".utf8)
        let nested: [UInt8] =
            [0x80, 0x02] + [UInt8](repeating: UInt8(ascii: "]"), count: 100_000)
            + [UInt8](repeating: UInt8(ascii: "a"), count: 99_999) + Array(".".utf8)
        let endless: [UInt8] = [0x80, 0x02] + [UInt8](repeating: UInt8(ascii: "N"), count: 3_000_000) + Array(".".utf8)
        let marks: [UInt8] = [0x80, 0x02] + [UInt8](repeating: UInt8(ascii: "("), count: 1_000_000) + Array("t.".utf8)
        let clock = ContinuousClock()
        for program in [doubling, circle, nested, endless, marks] {
            let path = try scratch.write("endless.pkl", program)
            let time = try clock.measure { try expectErrorOrTensors(path) }
            #expect(time < .seconds(20))
        }
    }

    @Test(
        "A tensor that leaves its storage is refused",
        arguments: [
            ("0", "4", "1", "2"), ("3", "2", "1", "2"), ("0", "4611686018427387904", "1", "2"),
            ("0", "2", "4611686018427387904", "2"),
            ("0", "-1", "1", "2"), ("-1", "1", "1", "2"), ("0", "2", "-1", "2"), ("0", "1000000000000", "0", "2"),
            ("9223372036854775807", "1", "1", "2"), ("0", "2", "1", "4611686018427387905"), ("0", "2", "1", "-1"),
            ("0", "2", "1", "3"),
        ])
    func tensorOutsideStorage(offset: String, extent: String, stride: String, count: String) throws {
        let scratch = try ScratchFolder()
        let pickle = """
            ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI\(count)\ntQI\(offset)\n\
            (I\(extent)\nt(I\(stride)\ntI00\nccollections\nOrderedDict\n)RtR.
            """
        let zip = StoredZip([
            ("a/data.pkl", [0x80, 0x02] + Array(pickle.utf8)), ("a/data/0", [UInt8](repeating: 0, count: 8)),
        ])
        let path = try scratch.write("outside.pth", zip.bytes)
        let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        #expect(error?.description.contains(path) == true)
    }

    // MARK: Zip files

    @Test("Zip files whose directory lies are refused")
    func lyingZips() throws {
        let scratch = try ScratchFolder()
        let pickle: [UInt8] = [0x80, 0x02] + Array("}.".utf8)
        let plain = StoredZip([("a/data.pkl", pickle), ("a/data/0", [1, 2, 3, 4])])
        #expect(try TensorArchive(path: scratch.write("plain", plain.bytes)).names == [])
        /// A field of the first directory entry, by its offset there, and its value.
        func lie(_ offset: Int, _ value: [UInt8], _ message: String) throws {
            var bytes = plain.bytes
            bytes.replaceSubrange(plain.directory + offset..<plain.directory + offset + value.count, with: value)
            let path = try scratch.write("lie", bytes)
            let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
            #expect(error?.description.contains(message) == true, "\(String(describing: error))")
        }
        try lie(20, [0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f], "cut short")
        try lie(20, [3, 0, 0, 0], "stored, yet takes")
        try lie(42, [0xf0, 0xff, 0xff, 0x7f], "is not where")
        try lie(42, [1, 0, 0, 0], "is not where")
        try lie(10, [9, 0], "method 9")
        try lie(10, [8, 0], "is compressed")
        try lie(8, [1, 0], "encrypted")
        try lie(0, [0], "no directory entry")
        // The second entry at the place of the first: an archive that unpacks to more than its size.
        var overlap = StoredZip([("a/data.pkl", pickle), ("b/data.pkl", pickle)])
        overlap.pointSecondEntryAtFirst()
        let error = #expect(throws: TensorFileError.self) {
            try TensorArchive(path: scratch.write("overlap", overlap.bytes))
        }
        #expect(error?.description.contains("overlap") == true)
    }

    @Test("A deflated entry that unpacks to more than it says is stopped")
    func zipBomb() throws {
        let archive = try ZipArchive(
            file: MappedFile(path: "\(Goldens.fixtures)/weights/musc_test_weights-1.0-py3-none-any.whl"))
        let model = try #require(archive.entries.first { $0.name.hasSuffix("model.onnx") })
        var unpacked = 0
        try archive.extract(model) { (piece) throws(TensorFileError) in unpacked += piece.count }
        #expect(unpacked == model.size)
        let scratch = try ScratchFolder()
        let bytes = try content("weights/musc_test_weights-1.0-py3-none-any.whl")
        let end = bytes.count - 22
        let directory = Int(bytes[end + 16]) | Int(bytes[end + 17]) << 8 | Int(bytes[end + 18]) << 16
        for (field, value) in [
            (24, [UInt8(100), 0, 0, 0]), (24, [0xff, 0xff, 0xff, 0x7f]), (16, [1, 2, 3, 4]), (20, [50, 0, 0, 0]),
        ] {
            var changed = bytes
            changed.replaceSubrange(directory + field..<directory + field + 4, with: value)
            let zip = try ZipArchive(file: MappedFile(path: scratch.write("bomb", changed)))
            let entry = try #require(zip.entries.first)
            var written = 0
            #expect(throws: TensorFileError.self) {
                try zip.extract(entry) { (piece) throws(TensorFileError) in written += piece.count }
            }
            #expect(written <= model.size)
        }
    }

    // MARK: ONNX and NumPy

    @Test(
        "Constants of an ONNX model that promise more than there is are refused",
        arguments: [
            (
                [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x10, 0x01, 0x4a, 0x04, 0, 0, 0, 0],
                "does not take"
            ),
            (
                [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x10, 0x01, 0x4a, 0x00],
                "does not take"
            ),
            ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "more than 64 bits"),
            ([0x08, 0x01, 0x10, 0x01, 0x4a, 0x7f, 0], "cut short"),
            ([0x08, 0x01, 0x10, 0x63, 0x4a, 0x01, 0], "data type 99"),
            ([0x08, 0x01, 0x10, 0x01, 0x70, 0x01], "another file"),
            ([0x0b], "wire type 3"), ([0x08], "cut short"), ([0x00, 0x01], "field number 0"),
        ] as [([UInt8], String)])
    func onnx(tensor: [UInt8], message: String) throws {
        let scratch = try ScratchFolder()
        let graph = [0x2a, UInt8(tensor.count)] + tensor
        let path = try scratch.write("m.onnx", [0x08, 0x07, 0x3a, UInt8(graph.count)] + graph)
        let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test(
        "Headers of NumPy's arrays that promise more than there is are refused",
        arguments: [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
            "{'shape': (1,), }", "{", "",
        ])
    func numPy(header: String) throws {
        let scratch = try ScratchFolder()
        let bytes: [UInt8] =
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + [0, 0, 0, 0]
        let path = try scratch.write("a.npy", bytes)
        let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        #expect(error?.description.contains(path) == true)
    }

    // MARK: -

    private func content(_ file: String) throws -> [UInt8] {
        let file = try MappedFile(path: "\(Goldens.fixtures)/\(file)")
        return file.bytes(0..<file.count)
    }

    /// Opens the file; where that works, every tensor can be read.
    private func expectErrorOrTensors(_ path: String) throws {
        do throws(TensorFileError) {
            let archive = try TensorArchive(path: path)
            for name in archive.names {
                guard let tensor = archive[name] else { continue }
                #expect(tensor.floats().count == tensor.count)
                #expect(tensor.integers().count == tensor.count)
            }
        } catch {
            #expect(error.path == path)
            #expect(error.description.contains(path))
        }
    }
}

/// A zip file of stored entries, put together by hand so that it can be made to lie.
private struct StoredZip {
    var bytes: [UInt8] = []
    /// Where the directory begins.
    var directory = 0
    private var secondEntry = 0

    init(_ files: [(name: String, content: [UInt8])]) {
        var entries: [UInt8] = []
        func number(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        for (index, (name, content)) in files.enumerated() {
            if index == 1 { secondEntry = entries.count }
            let sizes =
                number(0, 4) + number(content.count, 4) + number(content.count, 4) + number(name.utf8.count, 2)
                + number(0, 2)
            entries +=
                [0x50, 0x4b, 1, 2, 20, 0, 20, 0] + number(0, 8) + sizes + number(0, 10) + number(bytes.count, 4)
                + Array(name.utf8)
            bytes += [0x50, 0x4b, 3, 4, 20, 0] + number(0, 8) + sizes + Array(name.utf8) + content
        }
        directory = bytes.count
        bytes += entries + [0x50, 0x4b, 5, 6, 0, 0, 0, 0]
        bytes +=
            number(files.count, 2) + number(files.count, 2) + number(entries.count, 4) + number(directory, 4)
            + number(0, 2)
    }

    mutating func pointSecondEntryAtFirst() {
        bytes.replaceSubrange(directory + secondEntry + 42..<directory + secondEntry + 46, with: [0, 0, 0, 0])
    }
}
