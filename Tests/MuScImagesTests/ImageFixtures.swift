import MuScImages
import MuScTensors
import SystemPackage
import Testing

/// The files under `Tests/Fixtures/images`, made by its `make.py`, with the pixels that Pillow reads from them.
enum ImageFixtures {
    static let folder: FilePath = {
        var path = FilePath(#filePath)
        path.removeLastComponent()
        path.removeLastComponent()
        return path.appending("Fixtures/images")
    }()

    static let expected = try? TensorArchive(path: folder.appending("expected.safetensors").string)

    /// Names of files that have an expectation.
    static let names: [String] = (expected?.names ?? []).compactMap { name in
        name.hasSuffix("/rgb") ? String(name.dropLast(4)) : nil
    }

    static func path(_ name: String) -> FilePath { folder.appending(name) }

    static func bytes(_ name: String) throws -> [UInt8] { try ImageFixtures.bytes(of: path(name)) }

    static func bytes(of path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            var content: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { return content }
                content += buffer[..<count]
            }
        }
    }

    static func rgb(_ entry: String) throws -> RGBImage {
        let tensor = try #require(expected?[entry])
        return RGBImage(width: tensor.shape[1], height: tensor.shape[0], pixels: tensor.withUnsafeBytes { Array($0) })
    }

    static func grey(_ entry: String) throws -> GrayImage {
        let tensor = try #require(expected?[entry])
        return GrayImage(width: tensor.shape[1], height: tensor.shape[0], pixels: tensor.withUnsafeBytes { Array($0) })
    }
}
