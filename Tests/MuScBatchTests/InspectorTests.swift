import FoundationEssentials
import Goldens
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScTensors
import ScratchFolders
import SystemPackage
import Testing

/// Small and odd batches through a tiny random network.
@Suite struct InspectorTests {
    private let scratch: ScratchFolder
    let folder: FilePath
    let inspector: Inspector

    init() throws {
        scratch = try ScratchFolder()
        folder = scratch.filePath
        inspector = try Self.inspector()
    }

    static func inspector(_ change: (inout ScoringSettings) -> Void = { _ in }) throws -> Inspector {
        let archive = try Goldens.archive("dinov2_native.weights.facebook.safetensors")
        func number(_ key: String) throws -> Int { try #require(archive.metadata[key].flatMap { Int($0) }) }
        let patch = try number("patch")
        let description = BackboneDescription(
            name: "tiny", family: .dinov2, patch: patch, width: try number("width"), depth: try number("depth"),
            heads: try number("heads"), nativeSize: try number("train_grid") * patch)
        var settings = ScoringSettings(backbone: description, threads: 2)
        change(&settings)
        return try Inspector(settings: settings, weights: BackboneWeights(archive: archive, for: description))
    }

    /// Writes an image of this name, filled by a function of position.
    func write(_ name: String, side: Int = 60, _ pixel: (Int, Int) -> UInt8) throws -> BatchFile {
        var pixels: [UInt8] = []
        for y in 0..<side { for x in 0..<side { pixels += [pixel(x, y), pixel(y, x), pixel(x, y)] } }
        let path = folder.appending(name)
        try Data(RGBImage(width: side, height: side, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
        return BatchFile(path: path, name: name)
    }

    func textured(_ count: Int) throws -> [BatchFile] {
        try (0..<count).map { index in
            try write("part\(index).png") { x, y in UInt8(truncatingIfNeeded: (x &* 7 + index) ^ (y &* 3 + index * 5)) }
        }
    }

    @Test("Batches of two to five images score without NaN", arguments: 2...5)
    func smallBatches(count: Int) throws {
        let scores = try inspector.inspectWhole(try textured(count))
        #expect(scores.images.count == count)
        #expect(scores.images.allSatisfy { ($0.score ?? .nan).isFinite && ($0.score ?? -1) >= 0 })
        #expect(scores.findings.contains(.fewImages(count)))
    }

    @Test("A batch of one image is refused with the reason")
    func single() throws {
        let files = try textured(1)
        let error = #expect(throws: ScoringError.self) { try inspector.inspectWhole(files) }
        #expect(error?.description.contains("at least 2") == true)
    }

    @Test("A network that gives no numbers fails the batch with a sentence that names image and backbone")
    func notFinite() throws {
        let archive = try Goldens.archive("dinov2_native.weights.facebook.safetensors")
        var writer = SafetensorsWriter()
        for name in archive.names {
            let tensor = try archive.tensor(name)
            var values = tensor.floats()
            if name == "blocks.1.mlp.fc1.bias" { values[3] = .nan }
            writer.add(name, values, shape: tensor.shape)
        }
        try writer.write(to: scratch.path("nan.safetensors"))
        let settings = inspector.settings
        let damaged = try Inspector(
            settings: settings,
            weights: BackboneWeights(path: scratch.path("nan.safetensors"), for: settings.backbone))
        let files = try textured(3)
        let error = #expect(throws: ScoringError.self) { try damaged.inspectWhole(files) }
        #expect(error?.description.hasPrefix("part0.png: the network gave values that are no numbers") == true)
        #expect(error?.description.contains("tiny") == true)
    }

    @Test("A preset that was never measured with the backbone says so")
    func unmeasuredPreset() throws {
        let files = try textured(2)
        func note(_ preset: ScoringSettings.Preset) throws -> Bool {
            try Self.inspector { $0.preset = preset }.inspectWhole(files).findings.contains(.presetUnmeasured(backbone: "tiny"))
        }
        #expect(try note(.tuned) && !note(.paper))
    }

    @Test("Two identical images score zero and are not flagged")
    func identical() throws {
        let files = [try write("a.png") { x, y in UInt8(x * y % 256) }, try write("b.png") { x, y in UInt8(x * y % 256) }]
        let scores = try inspector.inspectWhole(files)
        for image in scores.images {
            #expect(abs(image.score ?? 1) < 2e-3)
            #expect(!image.flagged)
        }
    }

    @Test("Constant images give no NaN", arguments: [UInt8(0), 128, 255])
    func constant(value: UInt8) throws {
        let files = try (0..<6).map { index in try write("c\(index).png") { _, _ in value } }
        let scores = try inspector.inspectWhole(files)
        #expect(scores.patchMaps.allSatisfy { $0.isFinite })
        #expect(scores.images.allSatisfy { !$0.flagged && ($0.score ?? .nan).isFinite })
    }

    @Test("A damaged image costs that image alone, with one clear error")
    func damaged() throws {
        var files = try textured(5)
        let whole = try Data(contentsOf: URL(filePath: files[1].path.string))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: files[1].path.string))
        try Data("no image at all".utf8).write(to: URL(filePath: folder.appending("text.jpg").string))
        files.append(BatchFile(path: folder.appending("text.jpg"), name: "text.jpg"))
        files.append(BatchFile(path: folder.appending("gone.png"), name: "gone.png"))
        let scores = try inspector.inspectWhole(files)
        #expect(scores.images.count == 7)
        #expect(scores.images.filter { $0.index != nil }.count == 4)
        for image in scores.images where image.index == nil {
            #expect(image.error?.isEmpty == false)
            #expect(image.score == nil && !image.flagged)
        }
    }

    @Test("The odd one out has the highest score and the peak lies on its mark")
    func oddOneOut() throws {
        var files: [BatchFile] = []
        for index in 0..<8 {
            files.append(
                try write("p\(index).png", side: 84) { x, y in
                    let isMarked = index == 5 && (56..<70).contains(x) && (14..<28).contains(y)
                    return isMarked ? UInt8((x * 37 + y * 91) % 256) : UInt8(100 + (x + y) / 8 + index)
                })
        }
        let scores = try Self.inspector { $0.rscin = .never }.inspectWhole(files)
        let top = try #require(scores.images.max { ($0.score ?? 0) < ($1.score ?? 0) })
        #expect(top.name == "p5.png")
        let peak = try #require(top.peak)
        // The mark is drawn in red and green transposed, so it stands at both places.
        #expect((28..<84).contains(peak.x) && (0..<84).contains(peak.y))
    }

    @Test("Progress that answers no ends the work")
    func cancelled() throws {
        let files = try textured(4)
        #expect(throws: ScoringError.self) { _ = try inspector.inspectWhole(files, progress: { _ in false }) }
    }

    @Test("Subsets deal every image once, stratified by folder")
    func subsets() throws {
        let files = try textured(9)
        let whole = try Self.inspector { $0.subsets = 1 }.inspectWhole(files)
        let parts = try Self.inspector { $0.subsets = 3 }.inspectWhole(files)
        #expect(parts.images.map(\.name) == whole.images.map(\.name))
        #expect(parts.images.allSatisfy { ($0.score ?? .nan).isFinite })
    }

    @Test("An image size that the patch does not divide is refused with those that fit")
    func imageSize() {
        let error = #expect(throws: (any Error).self) {
            _ = try Self.inspector { settings in settings.imageSize = 100 }
        }
        #expect(error.map { "\($0)" }?.contains("98 and 112") == true)
    }
}
