import Foundation
import MuScBackbone
import MuScTensors
import ScratchFolders
import Testing

/// Every network of the catalogue in its full size, with random weights in a temporary folder: loads them, runs one image at
/// each of the paper's sizes and looks at shapes and memory.
///
/// Takes some minutes and 1.7 GB of disk; `MUSC_FULL_SIZE=all` takes the networks of more than half a billion weights too,
/// and 4.6 GB. The memory is that of the whole process, so this suite should run alone:
/// `swift test -c release --filter FullSizeTests`. `MUSC_SKIP_FULL_SIZE=1` skips it.
@Suite(
    "Backbones in full size", .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["MUSC_SKIP_FULL_SIZE"] == nil, "MUSC_SKIP_FULL_SIZE is set"))
struct FullSizeTests {
    private static let backbones = BackboneCatalogue.all.filter {
        ProcessInfo.processInfo.environment["MUSC_FULL_SIZE"] == "all" || $0.parameters < 500_000_000
    }

    @Test("Random weights are loaded and one image is run", arguments: Self.backbones)
    func run(description: BackboneDescription) throws {
        let scratch = try ScratchFolder()
        let path = scratch.path("weights.safetensors")
        try BackboneWeights.writeRandom(for: description, to: path)
        let sizes = description.paperSizes.isEmpty ? [224] : description.paperSizes
        for size in sizes {
            let before = try ProcessMemory.restartPeak()
            let weights = try BackboneWeights(path: path, for: description)
            let model = try VisionTransformer(
                description: description, weights: weights, imageWidth: size, imageHeight: size)
            let bytes = 4 * description.parameters
            let used = try ProcessMemory.peak() - before
            #expect(
                used <= bytes * 11 / 10 + 8 << 20,
                "\(description.name) of \(bytes >> 20) MiB takes \(used >> 20) MiB to load")
            let pixels = (0..<3 * size * size).map { Float($0 % 251) / 125 - 1 }
            let tokens = model.tokens(of: NormalizedImage(width: size, height: size, values: pixels))
            #expect(tokens.layers.count == description.featureLayers.count)
            let grid = size / description.patch
            #expect(
                tokens.layers.allSatisfy { $0.count == grid * grid * description.width && $0.allSatisfy(\.isFinite) })
            #expect(tokens.imageFeature.count == description.featureWidth && tokens.imageFeature.allSatisfy(\.isFinite))
        }
    }
}

extension BackboneDescription {
    fileprivate var parameters: Int { tensorShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}

/// Memory of this process by Linux's `/proc`.
private enum ProcessMemory {
    /// Sets the peak back to what is in use now, and returns that in bytes.
    static func restartPeak() throws -> Int {
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        return try peak()
    }

    /// The most memory that was resident since, in bytes.
    static func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }
}
