import FoundationEssentials
import Glibc
import MuScBatch
import MuScImages
import MuScScoring
import SystemPackage
import Testing

/// Parts that lie turned, through a tiny random network.
@Suite struct AlignmentTests {
    private let tests: InspectorTests
    /// Patches of 14 px, as many as 168 × 168 has.
    private let inspector: Inspector

    init() throws {
        tests = try InspectorTests()
        inspector = try InspectorTests.inspector { $0.imageSize = 168 }
    }

    /// A part that lies turned, and a spot on it.
    private struct Part {
        var degrees: Double
        /// Where the spot lies along the part, and how dark the part is there, 0 to 1; nil for none.
        var spot: Double?
        var x = 150.0, y = 150.0

        func pixel(along: Double, across: Double) -> (x: Double, y: Double) {
            let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
            return (x + c * along - s * across, y + s * along + c * across)
        }

        /// 300 × 300 pixels: a light bar of 180 × 56 px with one dark end, on a blue ground.
        func drawn() -> RGBImage {
            let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
            var pixels: [UInt8] = []
            for row in 0..<300 {
                for column in 0..<300 {
                    let (dx, dy) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
                    let (along, across) = (c * dx + s * dy, c * dy - s * dx)
                    guard abs(along) < 90, abs(across) < 28 else {
                        pixels += [50, 90, UInt8(130 + row / 10)]
                        continue
                    }
                    let grain = UInt8((column * 7 + row * 13) % 5)
                    let isSpot = spot.map { abs(along - $0) < 9 && abs(across) < 9 } ?? false
                    let light: UInt8 = isSpot ? 20 : along < -66 ? 120 : 210
                    pixels += [light + grain, light, light - 10]
                }
            }
            return RGBImage(width: 300, height: 300, pixels: pixels)
        }
    }

    private func write(_ parts: [Part], _ prefix: String = "part") throws -> [BatchFile] {
        try parts.enumerated().map { index, part in
            let name = "\(prefix)\(index).png"
            let path = tests.folder.appending(name)
            try Data(part.drawn().pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: name)
        }
    }

    /// Turned by 30° from one to the next.
    private func turned(_ count: Int = 12) -> [Part] {
        (0..<count).map { Part(degrees: 30 * Double($0) + 4, x: 148 + Double($0 % 3), y: 146 + Double($0 % 5)) }
    }

    @Test("A marked spot is found where it was put, within a patch, at all angles; so is the box of its region")
    func spots() throws {
        let frame = ImageSize(width: 210, height: 65)
        for odd in 0..<12 {
            var parts = turned()
            parts[odd].spot = 40
            let inspection = try inspector.inspect(Batch(try write(parts)))
            let record = try #require(inspection.alignment)
            #expect(record.isTurned && record.images.count == 12)
            let image = inspection.images[odd]
            let (peak, mark) = (try #require(image.peak), parts[odd].pixel(along: 40, across: 0))
            let patch = max(Double(frame.width) / 21, Double(frame.height) / 7)
            let distance = hypot(Double(peak.x) - mark.x, Double(peak.y) - mark.y)
            // The spot itself covers more than a patch.
            #expect(distance < 9 + patch, "\(odd): \(peak) for \(mark)")
            #expect(inspection.images.max { ($0.score ?? 0) < ($1.score ?? 0) }?.name == image.name)
            let map = Array(try #require(inspection.patchMap(of: image)))
            #expect(map.max() == image.scoreMSM && map.count == inspection.grid.count)
            // Between the points of the grid the map is a little below its highest.
            let regions = MapRegions(
                patches: map, grid: inspection.grid, width: 300, height: 300, cut: .init(level: 0.97 * (image.scoreMSM ?? 0), growth: 0.95))
            let box = try #require(regions.regions.first)
            let margin = Int(patch)
            #expect((box.x - margin...box.x + box.width + margin).contains(peak.x))
            #expect((box.y - margin...box.y + box.height + margin).contains(peak.y))
        }
    }

    @Test("What is not turned or cropped is scored to the bit as without the search for parts")
    func leftAlone() throws {
        let files = try tests.textured(8)
        let found = try inspector.inspect(Batch(files))
        let off = try inspector.inspect(Batch(files), align: PartAlignment.none)
        #expect(found.alignment == nil && found.findings == off.findings)
        #expect(found.images.map(\.score) == off.images.map(\.score) && found.images.map(\.peak) == off.images.map(\.peak))
        for (a, b) in zip(found.images, off.images) { #expect(found.patchMap(of: a) == off.patchMap(of: b)) }
        let prepared = try inspector.prepare(Batch(files))
        #expect(
            TokenKey(prepared.network, weightsSHA256: "")
                == TokenKey(try inspector.prepare(Batch(files), align: PartAlignment.none).network, weightsSHA256: ""))
    }

    @Test("Tokens that were kept give the same scores and places, and one image more goes through the same frame")
    func kept() throws {
        var cached = inspector
        cached.cache = tests.folder.appending("cache")
        let folder = tests.folder
        let files = try write(turned())
        let first = try cached.inspect(Batch(files, folder: folder))
        let again = try cached.inspect(Batch(files, folder: folder))
        #expect(first.images.map(\.score) == again.images.map(\.score) && first.alignment == again.alignment)
        let more = try write(turned(13)).last
        let second = try cached.inspect(Batch(files + [try #require(more)], folder: folder))
        #expect(second.alignment?.images.prefix(12) == first.alignment?.images[...])
    }

    @Test("Known good images go through the batch's frame, also beside a batch of one image")
    func knownGood() throws {
        let good = tests.folder.appending("good")
        try FileManager.default.createDirectory(atPath: good.string, withIntermediateDirectories: true)
        for (index, part) in turned().enumerated() {
            try Data(part.drawn().pngEncoded()).write(to: URL(filePath: good.appending("g\(index).png").string))
        }
        let file = try write([Part(degrees: 77, spot: 20)])
        let inspection = try inspector.inspect(Batch(file), knownGood: KnownGoodFolder(good))
        #expect(inspection.alignment?.isTurned == true)
        let (peak, mark) = (try #require(inspection.images[0].peak), Part(degrees: 77).pixel(along: 20, across: 0))
        #expect(hypot(Double(peak.x) - mark.x, Double(peak.y) - mark.y) < 20)
    }

    @Test("A plan's frame comes back from its file as it was, and tokens made by it have the plan's key")
    func plan() throws {
        let prepared = try inspector.prepare(Batch(try write(turned())))
        let frame = try #require(prepared.network.alignment?.frame)
        let read = try JSONDecoder().decode(AlignmentFrame.self, from: JSONEncoder().encode(frame))
        let worker = prepared.network.aligned(read)
        #expect(TokenKey(worker, weightsSHA256: "") == TokenKey(prepared.network, weightsSHA256: ""))
    }

    @Test("A region leaves parts as they were taken, and that is said")
    func region() throws {
        let inspection = try inspector.inspect(
            Batch(try write(turned())), region: .shares(.init(left: 0, top: 0, width: 0.5, height: 1)))
        #expect(inspection.alignment == nil && inspection.findings.contains(.alignmentLeftOut(because: .region)))
    }

    @Test("An image without a part is scored in the best guess and named")
    func missing() throws {
        let files = try write(turned())
        let blank = RGBImage(width: 300, height: 300, pixels: (0..<90_000).flatMap { [50, 90, UInt8(130 + $0 % 4)] })
        try Data(blank.pngEncoded()).write(to: URL(filePath: files[2].path.string))
        let inspection = try inspector.inspect(Batch(files))
        #expect(inspection.findings.contains(.partsNotFound(["part2.png"])))
        #expect(inspection.images[2].score != nil)
    }

    @Test("One number as image size means as many patches in the photographs' shape; width and height are taken as they are")
    func shape() throws {
        let wide = RGBImage(width: 200, height: 100, pixels: (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 5) })
        let files = try (0..<3).map { index in
            let path = tests.folder.appending("wide\(index).png")
            try Data(wide.pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "wide\(index).png")
        }
        #expect(try inspector.prepare(Batch(files)).settings.imageSize == ImageSize(width: 224, height: 112))
        let square = try InspectorTests.inspector { settings in
            settings.imageSize = 168
            settings.followsShape = false
        }
        #expect(try square.prepare(Batch(files)).settings.imageSize == 168)
        let paper = try InspectorTests.inspector { $0 = ScoringSettings(preset: .paper, backbone: $0.backbone) }
        #expect(try paper.prepare(Batch(files)).settings.imageSize.isSquare)
    }
}
