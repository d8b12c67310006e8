import Foundation
import MuScImages
import MuScSupport
import SystemPackage
import Testing

/// Real photographs: no part is taken for another, and the one that was photographed twice is known.
@Suite struct RealTwinTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let tiles = tests.appending(path: "Fixtures/goldens/magnetic_tiles/tile/test")
    /// All cells of elpv-dataset and their labels, which `examples/solar_cells.sh all` fetches.
    private static let cells = tests.deletingLastPathComponent().appending(path: "quickstart/solar-cells-all")
    private static let labels = cells.appendingPathExtension("labels")

    /// A photograph as the network sees it.
    private func look(_ file: URL) throws -> ImageLook {
        try ImageLook(
            RGBImage(contentsOf: FilePath(file.path(percentEncoded: false))).resized(width: 224, height: 224, filter: .bicubic))
    }

    /// The pairs of places that a batch's photographs are taken for twins at.
    private func twins(_ looks: [ImageLook]) -> [[Int]] {
        var search = TwinSearch(usual: TwinSearch.usualDifference(Array(looks.prefix(TwinSearch.sampleCount)), threads: 2))
        var pairs: [[Int]] = []
        for (number, look) in looks.enumerated() {
            if let twin = search.twin(of: look) { pairs.append([twin, number]) } else { search.add(look, as: number) }
        }
        return pairs
    }

    /// As many batches of so many as are asked for, each another draw.
    private func draws<Element>(_ count: Int, of all: [Element], each: Int) -> [[Element]] {
        (0..<count).map { number in
            var generator = SeededGenerator(seed: UInt64(number + 1))
            return Array(all.shuffled(using: &generator).prefix(each))
        }
    }

    private func tileNames() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: Self.tiles.path).filter { $0.hasSuffix(".jpg") }.sorted()
    }

    /// Both show the tile with the number 26 and a cross in chalk, a few pixels apart.
    @Test("Of 44 magnetic tiles one was photographed twice, and no other is taken for a twin")
    func magneticTiles() throws {
        let names = try tileNames()
        #expect(names.count == 44)
        let found = twins(try names.map { try look(Self.tiles.appending(path: $0)) })
        #expect(found.map { $0.map { names[$0] } } == [["fray/001.jpg", "fray/003.jpg"]])
    }

    @Test("Ten batches of tiles without that one have no twins")
    func batchesOfTiles() throws {
        let looks = try tileNames().filter { $0 != "fray/003.jpg" }.map { try look(Self.tiles.appending(path: $0)) }
        for batch in draws(10, of: looks, each: 32) { #expect(twins(batch).isEmpty) }
    }

    @Test(
        "Ten batches of 80 solar cells of each kind have no twins", .enabled(if: FileManager.default.fileExists(atPath: labels.path)),
        arguments: ["mono", "poly"])
    func batchesOfCells(kind: String) throws {
        var names: [String] = []
        for line in try String(contentsOf: Self.labels, encoding: .utf8).split(separator: "\n") {
            // A path, how probable a defect is, and the kind.
            let words = line.split(separator: " ")
            if words.count == 3, words[2] == kind, let name = words[0].split(separator: "/").last { names.append(String(name)) }
        }
        #expect(names.count > 1000)
        for batch in draws(10, of: names, each: 80) {
            let looks = concurrentMap(batch.count, threads: 2) { try? look(Self.cells.appending(path: batch[$0])) }.compactMap { $0 }
            #expect(looks.count == 80)
            #expect(twins(looks).map { $0.map { batch[$0] } } == [])
        }
    }
}
