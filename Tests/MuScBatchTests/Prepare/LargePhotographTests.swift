import FoundationEssentials
import Glibc
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import SystemPackage
import Testing

@Suite("Photographs of every size")
struct LargePhotographTests {
    private let tests: InspectorTests

    init() throws { tests = try InspectorTests() }

    private func write(_ name: String, width: Int, height: Int, shift: Int) throws -> BatchFile {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                let value = UInt8(truncatingIfNeeded: (x &* 3 + shift) ^ (y &* 5))
                pixels += [value, value, UInt8(truncatingIfNeeded: x)]
            }
        }
        let path = tests.folder.appending(name)
        let image = RGBImage(width: width, height: height, pixels: pixels)
        try Data(name.hasSuffix("jpg") ? image.jpegEncoded(quality: 95) : image.pngEncoded()).write(to: URL(filePath: path.string))
        return BatchFile(path: path, name: name)
    }

    private func automatic(_ change: (inout ScoringSettings) -> Void = { _ in }) throws -> Inspector {
        try InspectorTests.inspector {
            $0.automaticSize = AutomaticImageSize()
            change(&$0)
        }
    }

    @Test(
        "Any shape is scored on a grid of its own aspect ratio, and the peaks lie within",
        arguments: [(1600, 200), (100, 3000), (9, 6), (1, 400), (300, 200)])
    func shapes(size: (Int, Int)) throws {
        let files = try (0..<4).map { try write("s\($0).png", width: size.0, height: size.1, shift: $0 * 9) }
        let scores = try automatic().inspectWhole(files)
        #expect(scores.images.allSatisfy { ($0.score ?? .nan).isFinite && $0.error == nil })
        #expect(scores.images.allSatisfy { image in image.peak.map { $0.x < size.0 && $0.y < size.1 } ?? false })
        let (shape, wanted) = (Double(scores.grid.width) / Double(scores.grid.height), Double(size.0) / Double(size.1))
        // But for whole patches, of which a short side has few.
        #expect(abs(log(shape / wanted)) <= 0.5 / Double(min(scores.grid.width, scores.grid.height)) + 0.02 || size.0 == 1)
        let followed = try #require(imageSizes(scores).first)
        #expect(followed.photographs == ImageSize(width: size.0, height: size.1) && followed.grid == scores.grid)
    }

    @Test("A strip of a line-scan camera is cut lengthwise, and a mark on one of them is found where it lies")
    func strip() throws {
        let files = try (0..<4).map { index in
            let path = tests.folder.appending("strip\(index).png")
            var pixels: [UInt8] = []
            pixels.reserveCapacity(8_000_000)
            for y in 0..<1000 {
                for x in 0..<8000 {
                    let isMarked = index == 2 && (5000..<5200).contains(x) && (400..<600).contains(y)
                    pixels.append(UInt8(truncatingIfNeeded: isMarked ? x &* 97 ^ y &* 31 : 120 + (x + y) / 400 + index))
                }
            }
            try Data(GrayImage(width: 8000, height: 1000, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "strip\(index).png")
        }
        let inspector = try InspectorTests.inspector {
            $0.automaticSize = AutomaticImageSize(secondsLimit: 0.2)
            $0.tile = 16
            $0.window = .proportional
            $0.rscin = .never
        }
        let prepared = try inspector.prepare(Batch(files))
        let scores = try prepared.inspect()
        let shape = Double(scores.grid.width) / Double(scores.grid.height)
        #expect(abs(shape / 8 - 1) < 0.1 && prepared.network.tiles.columnTiles.count > prepared.network.tiles.rowTiles.count)
        // The same inspector, made ready once: no other size, and nothing said twice.
        #expect(scores.grid == prepared.grid && imageSizes(scores).count == 1)
        #expect(scores.images.max { ($0.score ?? 0) < ($1.score ?? 0) }?.name == "strip2.png")
        let peak = try #require(scores.images[2].peak)
        #expect((4800..<5400).contains(peak.x) && (200..<800).contains(peak.y), "\(peak)")
    }

    @Test("The network sees tiles, and nothing else changes: a grid of several tiles is scored whole")
    func tiles() throws {
        let files = try (0..<4).map { try write("t\($0).jpg", width: 420, height: 280, shift: $0 * 9) }
        let inspector = try InspectorTests.inspector {
            $0.imageSize = ImageSize(width: 420, height: 280)
            $0.tile = 10
        }
        #expect(inspector.network.tiles.count == 5 * 3 && inspector.network.grid == PatchGrid(width: 30, height: 20))
        let scores = try inspector.inspectWhole(files)
        #expect(scores.patchMaps.count == 4 * 600 && scores.patchMaps.allSatisfy { $0.isFinite && $0 >= 0 })
    }

    @Test("On a grid finer than was measured nobody looks for marks that recur, and it is said", arguments: [64, 65])
    func recurringMarks(side: Int) throws {
        let inspector = try InspectorTests.inspector {
            $0.imageSize = ImageSize(side: side * 14)
            $0.tile = 16
            $0.window = .patches(0)
            $0.degrees = [1]
            $0.recurringMarks = .count
        }
        let scores = try inspector.inspectWhole(try tests.textured(12))
        #expect(scores.findings.contains(.marksUnsearchedOnGrid(PatchGrid(width: 65, height: 65))) == (side == 65))
    }

    @Test("The automatic size is a step below the photograph's own, until time or memory bind it; small ones are enlarged")
    func budget() throws {
        let inspector = try InspectorTests.inspector { $0.imageSize = 336 }
        func choice(_ automatic: AutomaticImageSize, _ width: Int = 1800, _ height: Int = 1200, images: Int = 24)
            -> AutomaticImageSize.Choice
        {
            automatic.choice(for: ImageSize(width: width, height: height), images: images, network: inspector.network)
        }
        let own = choice(AutomaticImageSize(secondsLimit: 1e9, byteLimit: 1 << 50))
        #expect(own.size == ImageSize(width: 108 * 14, height: 72 * 14) && own.limit == .photograph)
        let hurried = choice(AutomaticImageSize(secondsLimit: 1, byteLimit: 1 << 50))
        #expect(hurried.limit == .time && hurried.size.width < own.size.width && hurried.size.width > 336)
        let crammed = choice(AutomaticImageSize(secondsLimit: 1e9, byteLimit: 1 << 27))
        #expect(crammed.limit == .memory && crammed.size.width < own.size.width && crammed.size.width > 336)
        // Within the limit also where no size fits: as many patches as the usual square has.
        let none = choice(AutomaticImageSize(secondsLimit: 0, byteLimit: 0))
        #expect(abs(none.size.width / 14 * (none.size.height / 14) - 576) < 60)
        let small = choice(AutomaticImageSize(), 30, 30)
        #expect(small.size == 336 && small.limit == .usualSize)
        // A step below would be fewer patches than the usual square has.
        let middling = choice(AutomaticImageSize(), 370, 370)
        #expect(middling.size == 336 && middling.limit == .photograph)
        // As many more images as a line's batches differ by do not change the size.
        #expect(choice(AutomaticImageSize(secondsLimit: 1, byteLimit: 1 << 50), images: 25).size == hurried.size)
        // More photographs than there is room for at a time are smaller, never refused.
        let large = choice(AutomaticImageSize(), 20_000, 20_000, images: 4000)
        #expect(large.limit != .photograph && large.size.width >= 336 - 14)
    }

    /// What the findings say of an image size that followed from the photographs.
    private func imageSizes(_ inspection: Inspection) -> [Finding.ImageSizeFollowed] {
        inspection.findings.compactMap { if case .imageSize(let followed) = $0 { followed } else { nil } }
    }

    @Test("Photographs of several sizes are scaled to one grid, and it is said, with a warning where they are distorted")
    func mixed() throws {
        var files = try (0..<5).map { try write("m\($0).png", width: 120, height: 80, shift: $0) }
        files += try (5..<7).map { try write("m\($0).png", width: 240, height: 160, shift: $0) }
        for inspector in [try automatic(), try InspectorTests.inspector()] {
            let scores = try inspector.inspectWhole(files)
            #expect(scores.images.allSatisfy { $0.index != nil })
            #expect(
                scores.findings.contains(
                    .photographSizes(
                        Finding.PhotographSizes(
                            sizes: [
                                .init(size: ImageSize(width: 120, height: 80), images: 5),
                                .init(size: ImageSize(width: 240, height: 160), images: 2),
                            ], distorted: 0))))
        }
        files.append(try write("crop.png", width: 80, height: 80, shift: 1))
        let scores = try automatic().inspectWhole(files)
        let sizes = scores.findings.compactMap { if case .photographSizes(let sizes) = $0 { sizes } else { nil } }
        #expect(sizes.first?.distorted == 1 && sizes.first?.sizes.last == .init(size: 80, images: 1))
    }

    @Test("A side that the patch does not divide, a grid of too many patches and a tile of margins alone are refused")
    func refused() throws {
        let description = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        var settings = ScoringSettings(backbone: description, threads: 1)
        settings.imageSize = ImageSize(width: 1008, height: 670)
        #expect((#expect(throws: SettingsError.self) { try settings.validate() })?.description.contains("658 and 672") == true)
        settings.imageSize = ImageSize(width: 5600, height: 4480)
        #expect((#expect(throws: SettingsError.self) { try settings.validate() })?.description.contains("128000 patches") == true)
        settings.imageSize = ImageSize(width: 1008, height: 672)
        settings.tile = 4
        #expect((#expect(throws: SettingsError.self) { try settings.validate() })?.key == "model.tile")
        settings.tile = nil
        #expect(throws: Never.self) { try settings.validate() }
    }

    @Test("Preset paper neither cuts nor reduces, and keeps its square")
    func paper() throws {
        let description = try #require(BackboneCatalogue.description(named: "ViT-L-14-336"))
        let paper = ScoringSettings(preset: .paper, backbone: description)
        #expect(paper.tile == nil && !paper.reducesWhileDecoding && paper.imageSize == 518 && paper.automaticSize == nil)
        let tuned = ScoringSettings(preset: .tuned, backbone: description)
        #expect(tuned.tile == 37 && tuned.imageSize == 518)
    }
}
