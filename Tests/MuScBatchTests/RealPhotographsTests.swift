import FoundationEssentials
import Goldens
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScTensors
import MuScWeights
import SystemPackage
import Testing

/// Real photographs through the real network, against the reference's scores ("How a batch is scored", What the tests
/// compare).
///
/// The network's weights are not part of the repository: `Tests/run.sh` fetches them, and without them these tests
/// are skipped.
@Suite(.enabled(if: RealNetwork.isInstalled, "the weights of dinov2_vits14 are not installed: musc weights fetch"))
struct RealPhotographsTests {
    /// Preset `paper` at 224 px, as the reference ran it.
    func referenceScorer() throws -> Inspector {
        let description = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        var settings = ScoringSettings(preset: .paper, backbone: description, threads: 2)
        settings.imageSize = 224
        settings.appliesOrientation = false
        return try Inspector(settings: settings, weights: WeightsStore().open(description))
    }

    @Test("The magnetic tiles get the reference's patch maps, image scores and RsCIN scores")
    func magneticTiles() throws {
        let golden = try Goldens.archive("magnetic_tiles.expected.safetensors")
        let order = try JSONDecoder().decode([String].self, from: Data((golden.metadata["order"] ?? "[]").utf8))
        let folder = FilePath(Goldens.path("magnetic_tiles"))
        let scores = try referenceScorer().inspectWhole(order.map { BatchFile(path: folder.appending($0), name: $0) })

        let maps = try #require(golden["patch_map"]).floats()
        #expect(Goldens.maximumDifference(scores.patchMaps, maps) <= 2e-3)
        let expected = try #require(golden["image_score"]).floats()
        #expect(Goldens.maximumDifference(scores.images.compactMap(\.scoreMSM), expected) <= 2e-3)
        let rescored = try #require(golden["rscin_1_2_3"]).floats()
        let (low, high) = (expected.min() ?? 0, expected.max() ?? 0)
        #expect(
            Goldens.maximumDifference(scores.images.compactMap(\.score), rescored.map { low + (high - low) * $0 }) <= 2e-3)
    }

    @Test(
        "The solar cells get the reference's image scores",
        .enabled(if: SolarCells.folder != nil, "the photographs are not there: examples/solar_cells.sh fetches them"))
    func solarCells() throws {
        let folder = FilePath(try #require(SolarCells.folder))
        let golden = try SolarCells.expected()
        let files = golden.files.map { name in
            BatchFile(path: folder.appending(FilePath(name).lastComponent?.string ?? name), name: name)
        }
        let scores = try referenceScorer().inspectWhole(files)
        #expect(Goldens.maximumDifference(scores.images.compactMap(\.scoreMSM), golden.image_score) <= 2e-3)
        let (low, high) = (golden.image_score.min() ?? 0, golden.image_score.max() ?? 0)
        #expect(
            Goldens.maximumDifference(
                scores.images.compactMap(\.score), golden.rscin_1_2_3.map { low + (high - low) * $0 }) <= 2e-3)
    }

    @Test("Scores do not depend on the number of threads")
    func threads() throws {
        let description = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        let folder = FilePath(Goldens.path("magnetic_tiles/tile/test/good"))
        let files = try ImageListing.images(in: folder).prefix(8).map { BatchFile($0, in: folder) }
        var results: [[Float]] = []
        for threads in [1, 2, 5] {
            var settings = ScoringSettings(preset: .tuned, backbone: description, threads: threads)
            settings.imageSize = 112
            results.append(
                try Inspector(settings: settings, weights: WeightsStore().open(description)).inspectWhole(Array(files)).patchMaps)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }
}

/// Whether the standard backbone's weights are in the user's store.
enum RealNetwork {
    static let isInstalled = WeightsStore().installed(WeightsStore.id(backbone: BackboneCatalogue.standard)) != nil
}

/// The 80 photographs of solar cells that the quick start fetches, and what the reference says of them.
enum SolarCells {
    struct Expected: Decodable {
        var files: [String]
        var label: [Int]
        var image_score: [Float]
        var rscin_1_2_3: [Float]
    }

    /// Their folder: `MUSC_SOLAR_CELLS`, or where the quick start puts them.
    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["MUSC_SOLAR_CELLS"]
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let path = named ?? parts.joined(separator: "/") + "/quickstart/solar-cells"
        return FileManager.default.fileExists(atPath: path + "/cell0007.png") ? path : nil
    }()

    static func expected() throws -> Expected {
        let data = try Data(contentsOf: URL(filePath: Goldens.path("solar_cells_mono_80.expected.json")))
        return try JSONDecoder().decode(Expected.self, from: data)
    }
}
