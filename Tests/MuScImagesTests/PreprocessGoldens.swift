import Goldens
import MuScImages
import MuScTensors
import SystemPackage
import Testing

/// Decoded and resized pixels that Pillow made of real files, of which every bit counts.
@Suite("Goldens of Pillow's decoding and resampling")
struct PreprocessGoldens {
    static let archive = try? Goldens.archive("preprocess.safetensors")

    static func entries(_ kinds: String...) -> [String] {
        (archive?.names ?? []).filter { name in kinds.contains { name.hasSuffix("/\($0)") } }
    }

    static func expected(_ entry: String) throws -> RGBImage {
        let tensor = try #require(archive?[entry])
        try #require(tensor.shape.count == 3 && tensor.shape[2] == 3)
        return RGBImage(width: tensor.shape[1], height: tensor.shape[0], pixels: tensor.withUnsafeBytes { Array($0) })
    }

    static func decoded(_ entry: String) throws -> RGBImage {
        let file = String(entry.split(separator: "/")[0])
        return try RGBImage(contentsOf: FilePath(Goldens.path("images/\(file)")), options: .reference)
    }

    @Test("The goldens are there")
    func present() {
        #expect(Self.entries("rgb").count >= 16)
        #expect(Self.entries("bilinear112", "bicubic112").count >= 36)
    }

    @Test("A file decodes to Pillow's pixels", arguments: entries("rgb"))
    func decoding(entry: String) throws {
        let isEqual = try Self.decoded(entry) == Self.expected(entry)
        #expect(isEqual)
    }

    @Test(
        "A decoded file is resized bilinearly to Pillow's pixels",
        arguments: entries("bilinear112", "bilinear224", "bilinear518"))
    func bilinear(entry: String) throws {
        let expected = try Self.expected(entry)
        let resized = try Self.decoded(entry)
            .resized(width: expected.width, height: expected.height, filter: .bilinear)
        let isEqual = resized == expected
        #expect(isEqual)
    }

    @Test(
        "A decoded file is resized bicubically to Pillow's pixels",
        arguments: entries("bicubic112", "bicubic224", "bicubic518"))
    func bicubic(entry: String) throws {
        let expected = try Self.expected(entry)
        let resized = try Self.decoded(entry)
            .resized(width: expected.width, height: expected.height, filter: .bicubic)
        let isEqual = resized == expected
        #expect(isEqual)
    }
}
