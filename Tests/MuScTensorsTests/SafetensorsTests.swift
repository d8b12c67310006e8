import Goldens
import MuScTensors
import ScratchFolders
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
    @Test("A golden file gives its tensors' names, shapes and numbers")
    func golden() throws {
        let archive = try Goldens.archive("dinov2_native.weights.facebook.safetensors")
        let token = try archive.tensor("cls_token")
        #expect(token.shape.last == token.floats().count)
        #expect(token.scalarType == .float32)
        #expect(archive.names.contains("blocks.0.attn.qkv.weight"))
    }

    @Test("What was written is read back, names and metadata with odd characters included")
    func roundTrip() throws {
        let scratch = try ScratchFolder()
        var writer = SafetensorsWriter(metadata: ["name": "quote \" and\nline", "ü": "é"])
        writer.add("weights", [1.5, -2, .infinity, 0, 0x1p-130, 3] as [Float], shape: [2, 3])
        writer.add("indices \"x\"", [1, -2, Int.max], shape: [3])
        writer.add("empty", [] as [Float], shape: [0, 5])
        writer.add("scalar", [7] as [Float], shape: [])
        let path = scratch.path("t.safetensors")
        try writer.write(to: path)
        let archive = try TensorArchive(path: path)
        #expect(archive.metadata == ["name": "quote \" and\nline", "ü": "é"])
        #expect(archive.names == ["empty", "indices \"x\"", "scalar", "weights"])
        #expect(try archive.tensor("weights").floats() == [1.5, -2, .infinity, 0, 0x1p-130, 3])
        #expect(try archive.tensor("weights").shape == [2, 3])
        #expect(try archive.tensor("indices \"x\"").integers() == [1, -2, .max])
        #expect(try archive.tensor("empty").floats() == [])
        #expect(try archive.tensor("scalar").floats() == [7])
        #expect(try scratch.names() == ["t.safetensors"])
    }

    @Test("Every half-precision value is converted exactly")
    func halves() {
        for pattern in UInt16.min ... .max {
            let (ours, theirs) = (Float(halfBitPattern: pattern), Float(Float16(bitPattern: pattern)))
            #expect(ours.bitPattern == theirs.bitPattern || (ours.isNaN && theirs.isNaN))
        }
    }

    @Test("A tensor that is not there is named in the error")
    func missing() throws {
        let archive = try Goldens.archive("dinov2_native.weights.facebook.safetensors")
        let error = #expect(throws: TensorFileError.self) { try archive.tensor("no_such") }
        #expect(error?.description.contains("\"no_such\"") == true)
    }

    @Test(
        "A damaged header is refused with its fault",
        arguments: [
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "ends at byte 8 of 4"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12, "4 bytes after the last tensor"),
            (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "does not take 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "does not take 8 bytes"),
            (
                #"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#, 8,
                "does not take 8 bytes"
            ),
            (#"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}"#, 8, "JSON"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "offsets 8 to 0"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8, "offsets -8 to 0"),
            (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8, "stored as \"Q4\""),
            (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "JSON"),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
                12, "overlaps"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
                12, "gap"
            ),
            (#"{"a":"#, 8, "JSON"),
            (String(repeating: "[", count: 100_000), 8, "not a file of tensors"),
            (#"{"a":"# + String(repeating: "[", count: 100_000), 8, "JSON"),
        ])
    func damaged(header: String, dataBytes: Int, message: String) throws {
        let scratch = try ScratchFolder()
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) }
        let path = try scratch.write("d.safetensors", length + header.utf8 + [UInt8](repeating: 0, count: dataBytes))
        let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test("A missing file, a folder and an empty file are refused with the reason")
    func notFiles() throws {
        let scratch = try ScratchFolder()
        let empty = try scratch.write("empty", [])
        for path in [scratch.path("none"), scratch.path(""), empty, "/dev/zero"] {
            #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
        }
    }

    @Test("A file that cannot be written leaves nothing behind")
    func unwritable() throws {
        let scratch = try ScratchFolder()
        #expect(throws: TensorFileError.self) { try SafetensorsWriter().write(to: scratch.path("none/t.safetensors")) }
        #expect(try scratch.names() == [])
    }
}
