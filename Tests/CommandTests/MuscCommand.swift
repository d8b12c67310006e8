import Foundation
import Goldens
import MuScImages
import ScratchFolders
import Testing

/// Drives the built command in a scratch folder, with a tiny random network in a store of its own.
struct MuscCommand {
    /// A folder for this test alone.
    var scratch: URL { folder.folder }
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try Data(Self.tinyBackbone.utf8).write(to: scratch.appending(path: "tiny.json"))
    }

    /// A command whose tiny network is installed.
    static func withTinyWeights() throws -> MuscCommand {
        let musc = try MuscCommand()
        try musc.installTinyWeights()
        return musc
    }

    /// Runs `musc run` with the tiny network and these arguments.
    func score(_ arguments: [String]) throws -> Result { try run(["run"] + arguments + Self.tiny) }

    /// What one call of the command came to.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The built command: `MUSC_COMMAND`, or the release build of this package.
    static let path: String = {
        if let named = ProcessInfo.processInfo.environment["MUSC_COMMAND"] { return named }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appending(path: ".build/release/musc").path(percentEncoded: false)
    }()

    /// The description that fits the golden weights of the tiny DINOv2.
    static let tinyBackbone = """
        {"name": "tiny", "family": "dinov2", "patch": 14, "width": 32, "depth": 4, "heads": 2, "native_size": 84}
        """

    /// Runs `musc` with these arguments.
    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
        try run(arguments, environment: environment)
    }

    /// - Parameter through: A program that runs `musc`, with its arguments; none runs it directly.
    func run(
        _ arguments: [String], environment: [String: String] = [:], through: [String] = []
    ) throws -> Result {
        let process = Process()
        let words = through + [Self.path] + arguments
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = scratch
        // What a sanitizer is told holds for the command too.
        let sanitizers = ProcessInfo.processInfo.environment.filter { ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key) }
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": scratch.path(percentEncoded: false),
            "MUSC_WEIGHTS": scratch.appending(path: "weights").path(percentEncoded: false),
            "MUSC_STATE": scratch.appending(path: "state").path(percentEncoded: false),
        ].merging(sanitizers) { $1 }.merging(environment) { $1 }
        let (output, errors) = (scratch.appending(path: "stdout"), scratch.appending(path: "stderr"))
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    /// Installs the tiny network's weights.
    func installTinyWeights() throws {
        let result = try run(
            "weights", "import", Goldens.path("dinov2_resized.weights.facebook.safetensors"), "--as", "tiny.json")
        #expect(result.status == 0, "\(result.errors)")
    }

    /// Makes a folder of small photographs and returns its name.
    ///
    /// - Parameter first: The number in which the images' content begins: batches of other numbers share none.
    @discardableResult
    func makeBatch(_ name: String, images: Int, first: Int = 0) throws -> URL {
        let folder = scratch.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for index in 0..<images {
            try writeImage(folder.appending(path: "part_\(index).png")) { x, y in
                UInt8(truncatingIfNeeded: (x &* 5 + index + first) ^ (y &* 3 + (index + first) &* 7))
            }
        }
        return folder
    }

    func writeImage(_ file: URL, side: Int = 64, _ pixel: (Int, Int) -> UInt8) throws {
        var pixels: [UInt8] = []
        for y in 0..<side { for x in 0..<side { pixels += [pixel(x, y), pixel(x, y), pixel(y, x)] } }
        try Data(RGBImage(width: side, height: side, pixels: pixels).pngEncoded()).write(to: file)
    }

    /// The arguments that take the tiny network.
    static let tiny = ["--backbone", "tiny.json", "--image-size", "84"]
}

extension URL {
    /// Whether something is there.
    var exists: Bool { FileManager.default.fileExists(atPath: path(percentEncoded: false)) }

    /// The names in a folder, sorted, hidden ones too.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path(percentEncoded: false))) ?? []).sorted()
    }
}
