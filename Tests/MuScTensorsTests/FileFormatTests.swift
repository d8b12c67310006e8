import Goldens
import MuScTensors
import ScratchFolders
import Testing

@Suite("File formats")
struct FileFormatTests {
    private func fixture(_ name: String) throws -> TensorArchive {
        try TensorArchive(path: "\(Goldens.fixtures)/weights/\(name)")
    }

    @Test("Views of a PyTorch file give the numbers that PyTorch shows, row by row")
    func views() throws {
        let file = try fixture("views.pth")
        func floats(_ name: String) throws -> [Float] { try file.tensor(name).floats() }
        #expect(try floats("rows") == (6..<18).map(Float.init))
        #expect(try file.tensor("columns").shape == [4, 2])
        #expect(try floats("columns") == [1, 2, 7, 8, 13, 14, 19, 20])
        #expect(try floats("transposed") == (0..<6).flatMap { column in (0..<4).map { Float($0 * 6 + column) } })
        #expect(try floats("strided") == [0, 3, 12, 15])
        #expect(
            try file.tensor("cube").integers()
                == (0..<4).flatMap { k in (0..<2).flatMap { i in (0..<3).map { i * 12 + $0 * 4 + k } } })
        #expect(try file.tensor("cube").shape == [4, 2, 3])
        #expect(try file.tensor("scalar").shape == [])
        #expect(try file.tensor("scalar").integers() == [7])
        #expect(try floats("bool") == [1, 0])
        #expect(try floats("bytes") == [1, 255])
        #expect(try floats("doubles") == [1.5, 2.5])
        #expect(try file.tensor("empty").shape == [0, 3])
    }

    @Test("A training checkpoint gives its tensors under their keys with dots between")
    func checkpoint() throws {
        let file = try fixture("dinov2_native.checkpoint.pth")
        let plain = try TensorArchive(path: "\(Goldens.fixtures)/goldens/dinov2_native.weights.facebook.safetensors")
        let name = "attn.qkv.weight"
        #expect(
            try file.tensor("teacher.module.backbone.blocks.0.1.\(name)").floats()
                == plain.tensor("blocks.1.\(name)").floats())
        #expect(file.names.contains("student.module.backbone.cls_token"))
        #expect(file.names.allSatisfy { $0.hasPrefix("teacher.") || $0.hasPrefix("student.") })
    }

    @Test("A TorchScript archive gives its modules' parameters")
    func torchScript() throws {
        let file = try fixture("clip_gelu_native.weights.torchscript.pt")
        let plain = try TensorArchive(
            path: "\(Goldens.fixtures)/goldens/clip_gelu_native.weights.open_clip.safetensors")
        #expect(Set(file.names) == Set(plain.names + ["input_resolution"]))
        for name in plain.names {
            #expect(try file.tensor(name).scalarType == .float16)
            #expect(try Goldens.maximumDifference(file.tensor(name).floats(), plain.tensor(name).floats()) < 2e-3)
        }
    }

    @Test("Bfloat16 is read within its rounding")
    func bfloat16() throws {
        let file = try fixture("dinov2_native.bfloat16.bin")
        let plain = try TensorArchive(path: "\(Goldens.fixtures)/goldens/dinov2_native.weights.facebook.safetensors")
        for name in plain.names {
            #expect(try file.tensor(name).scalarType == .bfloat16)
            for (ours, theirs) in zip(try file.tensor(name).floats(), try plain.tensor(name).floats()) {
                #expect(abs(ours - theirs) <= abs(theirs) / 256)
            }
        }
    }

    @Test("An ONNX model gives its constants under the names of their modules")
    func onnx() throws {
        let file = try fixture("dinov2_native.weights.onnx")
        let plain = try TensorArchive(path: "\(Goldens.fixtures)/goldens/dinov2_native.weights.hf.safetensors")
        for name in plain.names where !name.contains("position") && !name.contains("mask") {
            #expect(try file.tensor("backbone." + name).floats() == plain.tensor(name).floats())
            #expect(try file.tensor("backbone." + name).shape == plain.tensor(name).shape)
        }
        #expect(try file.tensor("listed").floats() == [1.5, -2, 3])
        #expect(try file.tensor("halves").floats() == [1.5, -2])
        #expect(try file.tensor("shape").integers() == [0, -1, 384])
        #expect(!file.names.contains { $0.hasPrefix("onnx::") })
    }

    @Test("NumPy's arrays are read in either order, big-endian ones refused")
    func numPy() throws {
        let half = try #require(fixture("half.npy")[""])
        #expect(half.shape == [2, 3] && half.scalarType == .float16 && half.floats() == [0, 1, 2, 3, 4, 5])
        let fortran = try #require(fixture("fortran.npy")[""])
        #expect(fortran.shape == [2, 3] && fortran.scalarType == .float64 && fortran.floats() == [0, 1, 2, 3, 4, 5])
        let both = try fixture("arrays.npz")
        #expect(try both.tensor("a").floats() == [0, 1, 2, 3, 4, 5])
        #expect(try both.tensor("b").integers() == [0, 1, 2, 3])
        let error = #expect(throws: TensorFileError.self) { try fixture("big_endian.npy") }
        #expect(error?.description.contains("big-endian") == true)
    }

    @Test("Pickled arrays keep their order and keys in every protocol", arguments: 2...5)
    func pickledArrays(pickleProtocol: Int) throws {
        let file = try NumPyPickle(path: "\(Goldens.fixtures)/weights/arrays.protocol\(pickleProtocol).dat")
        #expect(file.arrays.map(\.keys) == [["bottle", "0"], ["bottle", "1", "deep"], ["column-major"], ["7"]])
        #expect(file.arrays.map(\.tensor.shape) == [[2, 3], [3], [2, 3], [1, 3]])
        #expect(
            file.arrays.map { $0.tensor.floats() } == [
                [0, 1, 2, 3, 4, 5], [2, 2, 2], [0, 1, 2, 3, 4, 5], [0, 1, 2],
            ])
    }

    @Test(
        "The reference's image features are read", .enabled(if: Goldens.exists("rscin/mvtec_ad_cls.dat")),
        arguments: [("mvtec_ad_cls", 15), ("visa_cls", 12)])
    func imageFeatures(name: String, classes: Int) throws {
        let file = try NumPyPickle(path: Goldens.path("rscin/\(name).dat"))
        #expect(file.arrays.count == classes)
        for (keys, array) in file.arrays {
            #expect(keys.count == 1 && array.shape.last == 768 && array.scalarType == .float16)
            let row = array.floats().prefix(768)
            #expect(abs(row.reduce(0) { $0 + $1 * $1 } - 1) < 0.01, "\(keys): image features of CLIP have unit length")
        }
    }

    @Test(
        "A pickle that imports anything else is refused by that name",
        arguments: [
            ("os_system", "posix.system"), ("eval", "eval"), ("exec", "exec"), ("getattr", "getattr"),
            ("subprocess", ".call"),
        ])
    func refused(fixture name: String, function: String) throws {
        for kind in ["protocol2.pkl", "protocol4.pkl"] {
            let error = #expect(throws: TensorFileError.self) { try fixture("refused.\(name).\(kind)") }
            #expect(error?.description.contains(function) == true)
            #expect(error?.description.contains("nothing of it was run") == true)
        }
    }

    @Test("A hostile PyTorch file is refused by the name of what it would run")
    func refusedArchive() {
        let error = #expect(throws: TensorFileError.self) { try fixture("refused.os_system.pth") }
        #expect(error?.description.contains("posix.system") == true)
    }

    @Test("PyTorch's old format is refused with the line that converts it")
    func oldFormat() {
        let error = #expect(throws: TensorFileError.self) { try fixture("old_format.pth") }
        #expect(error?.description.contains("torch.save(torch.load(") == true)
    }

    @Test("What is no file of tensors is told for what it seems to be")
    func otherFiles() throws {
        let scratch = try ScratchFolder()
        let cases: [(content: String, message: String)] = [
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
            ("<!DOCTYPE html><html></html>", "web page"), ("hello, this is text", "neither safetensors"),
        ]
        for (content, message) in cases {
            let path = try scratch.write("file", Array(content.utf8))
            let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
            #expect(error?.description.contains(message) == true)
        }
    }
}
