import FoundationEssentials
import MuScBatch
import MuScImages
import MuScScoring
import SystemPackage
import Testing

@Suite("Regions of photographs")
struct RegionTests {
    private let tests: InspectorTests

    init() throws { tests = try InspectorTests() }

    /// The patches that count on a grid of 6 × 6 patches of 14 px, for photographs of this size.
    private func patches(
        _ region: RegionOfInterest, photograph: Int = 84
    ) throws -> [[Bool]] {
        let inspector = try InspectorTests.inspector { $0.imageSize = 84 }
        let files = try (0..<2).map { try tests.write("r\($0)-\(photograph).png", side: photograph) { x, y in UInt8((x + y) % 256) } }
        let prepared = try inspector.prepare(Batch(files), region: region)
        let contains = prepared.region?.contains ?? [Bool](repeating: true, count: 36)
        return (0..<6).map { Array(contains[6 * $0..<6 * $0 + 6]) }
    }

    private func write(mask: String, width: Int, height: Int, _ white: (Int, Int) -> Bool) throws -> FilePath {
        let path = tests.folder.appending(mask)
        let pixels = (0..<height).flatMap { y in (0..<width).map { x in white(x, y) ? UInt8(255) : 0 } }
        try Data(GrayImage(width: width, height: height, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
        return path
    }

    @Test(
        "A rectangle in pixels, shares or percent is the same region",
        arguments: ["28,14,28,56", "0.33334,0.16667,0.33334,0.66667", "33.334%,16.667%,33.334%,66.667%"])
    func rectangle(text: String) throws {
        let rows = try patches(try #require(RegionOfInterest(text)))
        for (y, row) in rows.enumerated() {
            for (x, counts) in row.enumerated() { #expect(counts == ((2...3).contains(x) && (1...4).contains(y))) }
        }
    }

    @Test("Pixels are those of the photograph, whatever it is resized to")
    func originalPixels() throws {
        let rows = try patches(try #require(RegionOfInterest("0,0,84,168")), photograph: 168)
        #expect(rows.allSatisfy { $0 == [true, true, true, false, false, false] })
    }

    @Test("A region narrower than a patch takes the patches that it touches")
    func narrow() throws {
        let rows = try patches(.pixels(.init(left: 20, top: 20, width: 3, height: 2)))
        #expect(rows.flatMap { $0 }.count { $0 } == 1 && rows[1][1])
    }

    @Test("A rectangle that reaches over the edge counts as far as the photograph goes, and one over all of it is none")
    func over() throws {
        let rows = try patches(.pixels(.init(left: 56, top: 0, width: 900, height: 900)))
        #expect(rows.allSatisfy { $0 == [false, false, false, false, true, true] })
        #expect(try patches(.shares(.init(left: 0, top: 0, width: 1, height: 1))).allSatisfy { $0.allSatisfy { $0 } })
    }

    @Test("A mask of another size is scaled")
    func scaledMask() throws {
        let mask = try write(mask: "half.png", width: 21, height: 21) { x, _ in x < 7 }
        #expect(try patches(.mask(mask)).allSatisfy { $0 == [true, true, false, false, false, false] })
    }

    @Test("A mask that cannot be used is refused with the reason")
    func refused() throws {
        let wide = try write(mask: "wide.png", width: 200, height: 100) { _, _ in true }
        let black = try write(mask: "black.png", width: 84, height: 84) { _, _ in false }
        try Data("not an image".utf8).write(to: URL(filePath: tests.folder.appending("text.png").string))
        let cases: [(RegionOfInterest, [String])] = [
            (.mask(wide), ["wide.png", "200×100", "84×84", "aspect ratio"]),
            (.mask(black), ["black.png", "white"]),
            (.mask(tests.folder.appending("text.png")), ["text.png", "mask"]),
            (.mask(tests.folder.appending("gone.png")), ["gone.png", "mask"]),
            (.pixels(.init(left: 84, top: 0, width: 10, height: 10)), ["84,0,10,10", "outside", "84×84"]),
            (.pixels(.init(left: 8, top: 8, width: 0, height: 10)), ["empty"]),
        ]
        for (region, words) in cases {
            let error = #expect(throws: ScoringError.self) { _ = try patches(region) }
            for word in words { #expect(error?.description.contains(word) == true, "\(error.map { "\($0)" } ?? "") lacks \(word)") }
        }
    }

    @Test("What is no region is none", arguments: ["", "1,2,3,-4", "1,2,x,4", "10%,20,30%,40", "nan,0,1,1"])
    func noRegion(text: String) {
        #expect(RegionOfInterest(text) == nil)
    }

    @Test("A defect outside the region neither sets the score nor draws the peak")
    func scored() throws {
        let files = try (0..<8).map { index in
            try tests.write("p\(index).png", side: 84) { x, y in
                // Image 5 differs at the lower right, image 2 at the upper left.
                let isMarked = (index == 5 && x >= 56 && y >= 56) || (index == 2 && x < 28 && y < 28)
                return isMarked ? UInt8((x * 37 + y * 91) % 256) : UInt8(100 + (x + y) / 8 + index)
            }
        }
        let inspector = try InspectorTests.inspector {
            $0.imageSize = 84
            $0.rscin = .never
            $0.region = .pixels(.init(left: 0, top: 0, width: 42, height: 84))
        }
        // Made ready by score, or before it: it is the same.
        let scores = try inspector.inspect(Batch(files))
        #expect(try inspector.inspectWhole(files).patchMaps == scores.patchMaps)
        let region = try #require(scores.region)
        #expect(region.count == 18)
        #expect(scores.findings.count { if case .region(_, patches: 18, of: 36) = $0 { true } else { false } } == 1)
        for (index, value) in scores.patchMaps.enumerated() where !region[index % 36] { #expect(value == 0) }
        #expect(scores.images.max { ($0.score ?? 0) < ($1.score ?? 0) }?.name == "p2.png")
        #expect(scores.images.allSatisfy { ($0.peak?.x ?? 99) < 42 })
    }

    @Test(
        "A region of one patch, all white and all of the photograph give scores",
        arguments: [
            ("30,30,4,4", 1), ("0,0,84,84", 36), ("white.png", 36),
        ])
    func extremes(text: String, count: Int) throws {
        var region = try #require(RegionOfInterest(text))
        if case .mask = region { region = .mask(try write(mask: text, width: 84, height: 84) { _, _ in true }) }
        let files = try tests.textured(4)
        let inspector = try InspectorTests.inspector {
            $0.imageSize = 84
            $0.region = region
        }
        let scores = try inspector.inspectWhole(files)
        #expect(scores.region?.count ?? 36 == count)
        #expect(scores.images.allSatisfy { ($0.score ?? .nan).isFinite && $0.error == nil })
        #expect(scores.patchMaps.count { $0 > 0 } <= 4 * count)
    }

    @Test("The mask _region.png is no image of the batch")
    func listing() throws {
        _ = try tests.textured(2)
        _ = try write(mask: "_region.png", width: 60, height: 60) { _, _ in true }
        #expect(try ImageListing.images(in: tests.folder).count == 2)
        #expect(RegionOfInterest(in: tests.folder) == .mask(tests.folder.appending("_region.png")))
    }
}
