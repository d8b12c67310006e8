import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScImages
import ScratchFolders
import SystemPackage

/// A tiny random network and folders of small images.
struct JudgesFixture {
    private let scratch: ScratchFolder
    let folder: FilePath
    let inspector: Inspector
    let key: TokenKey

    init(_ change: (inout ScoringSettings) -> Void = { _ in }) throws {
        scratch = try ScratchFolder()
        folder = scratch.filePath
        inspector = try InspectorTests.inspector(change)
        key = TokenKey(inspector.network, weightsSHA256: "0")
    }

    /// Writes images that look alike, but for one corner of the odd ones; no two have the same content.
    func images(_ count: Int, in name: String, odd: Set<Int> = [], seed: Int = 0) throws -> [BatchFile] {
        let place = folder.appending(name)
        try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
        return try (0..<count).map { index in
            var pixels: [UInt8] = []
            for y in 0..<60 {
                for x in 0..<60 {
                    // Noise of each image's own, from an integer hash.
                    var hash = UInt32(truncatingIfNeeded: (y * 60 + x) * 4099 + index * 65537 + seed * 257)
                    hash = (hash ^ (hash >> 15)) &* 2_654_435_761
                    let own = Int((hash ^ (hash >> 13)) >> 8) % 11
                    let base = 90 + (x / 12 + y / 12) % 2 * 60 + (x * 7 + y * 3 + index * 5 + seed) % 9 + own
                    let value = odd.contains(index) && x < 24 && y < 24 ? (x * y) % 200 + 40 : base
                    pixels += [UInt8(value), UInt8(value), UInt8(value)]
                }
            }
            let path = place.appending("part\(index).png")
            try Data(RGBImage(width: 60, height: 60, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "part\(index).png")
        }
    }

    func memory(_ line: String = "line", capacity: Int = 6) -> LineMemory {
        LineMemory(folder: folder.appending("state"), line: folder.appending(line), key: key, capacity: capacity)
    }

    /// Remembers all images of a batch.
    func remember(_ files: [BatchFile], of batch: String, in memory: LineMemory) throws -> [LineMemoryProblem] {
        let tokens = try inspector.tokens(of: files)
        let candidates = try tokens.images.compactMap { image in
            try image.index.map { LineMemory.Candidate(image: image, tokens: try tokens.imageTokens($0)) }
        }
        return try memory.remember(
            candidates, of: folder.appending(batch), channels: inspector.settings.backbone.width)
    }

    func recalled(_ memory: LineMemory, for batch: String = "line/next") -> LineMemory.Recollection {
        memory.recall(for: folder.appending(batch), patches: inspector.network.grid.count)
    }

    /// Files of tokens that the memory holds.
    func tokenFiles() throws -> [FilePath] {
        let state = folder.appending("state")
        return try FileManager.default.contentsOfDirectory(atPath: state.string).flatMap { name in
            let place = state.appending(name)
            return try FileManager.default.contentsOfDirectory(atPath: place.string)
                .filter { $0.hasSuffix(".safetensors") }.sorted().map { place.appending($0) }
        }
    }
}
