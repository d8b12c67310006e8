import FoundationEssentials
import Goldens
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScWeights
import SystemPackage
import Testing

/// Photographs of 1200 × 600 px, each of two real ones side by side, through the real network.
@Suite(
    "Large photographs of real parts",
    .enabled(if: RealNetwork.isInstalled, "the weights of dinov2_vits14 are not installed: musc weights fetch"))
struct RealLargePhotographTests {
    /// Twelve photographs of magnetic tiles without defects, as JPEG files.
    private func photographs() throws -> [BatchFile] {
        let folder = FilePath(FileManager.default.temporaryDirectory.path(percentEncoded: false))
            .appending("musc-large-\(UInt64.random(in: 0...(.max)))")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let parts = try ImageListing.images(in: FilePath(Goldens.path("magnetic_tiles/tile/test/good"))).map {
            try RGBImage(contentsOf: $0).resized(width: 600, height: 600, filter: .bicubic)
        }
        return try stride(from: 0, to: parts.count - 1, by: 2).map { index in
            var pixels: [UInt8] = []
            for y in 0..<600 {
                for part in [parts[index], parts[index + 1]] { pixels += part.pixels[1800 * y..<1800 * (y + 1)] }
            }
            let path = folder.appending("pair\(index).jpg")
            try Data(RGBImage(width: 1200, height: 600, pixels: pixels).jpegEncoded(quality: 92))
                .write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "pair\(index).jpg")
        }
    }

    private func scores(_ files: [BatchFile], _ size: ImageSize, _ change: (inout ScoringSettings) -> Void) throws -> Inspection {
        let description = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        var settings = ScoringSettings(backbone: description, threads: 2)
        settings.imageSize = size
        settings.rscin = .never
        change(&settings)
        return try Inspector(settings: settings, weights: WeightsStore().open(description)).inspectWhole(files)
    }

    @Test("Tiles and one pass over the whole rank patches alike, and the seams do not show")
    func tiles() throws {
        let files = try photographs()
        defer { try? FileManager.default.removeItem(atPath: files[0].path.removingLastComponent().string) }
        let size = ImageSize(width: 672, height: 336)
        let whole = try scores(files, size) { $0.tile = nil }
        let tiled = try scores(files, size) { $0.tile = 16 }
        #expect(whole.grid == tiled.grid)
        let correlation = try #require(rankCorrelation(whole.patchMaps, tiled.patchMaps))
        #expect(correlation >= 0.9)

        let plan = TilePlan(gridWidth: 48, gridHeight: 24, longest: 16)
        #expect(plan.count == 8)
        let columns = Set(plan.columnSeams.flatMap { [$0 - 1, $0] }), rows = Set(plan.rowSeams.flatMap { [$0 - 1, $0] })
        var sums = (along: 0.0, elsewhere: 0.0), counts = (along: 0.0, elsewhere: 0.0)
        for (index, value) in tiled.patchMaps.enumerated() {
            let patch = index % plan.gridWidth, row = index / plan.gridWidth % plan.gridHeight
            if columns.contains(patch) || rows.contains(row) {
                sums.along += Double(value)
                counts.along += 1
            } else {
                sums.elsewhere += Double(value)
                counts.elsewhere += 1
            }
        }
        let ratio = sums.along / counts.along / (sums.elsewhere / counts.elsewhere)
        #expect(abs(ratio - 1) <= 0.05, "along seams \(ratio) of elsewhere, Spearman \(correlation)")
    }

    @Test("JPEG files reduced while decoding score as those decoded in full")
    func reduced() throws {
        let files = try photographs()
        defer { try? FileManager.default.removeItem(atPath: files[0].path.removingLastComponent().string) }
        let size = ImageSize(width: 448, height: 224)
        let full = try scores(files, size) { $0.reducesWhileDecoding = false }
        let reduced = try scores(files, size) { $0.reducesWhileDecoding = true }
        let correlation = try #require(rankCorrelation(full.patchMaps, reduced.patchMaps))
        let difference = Goldens.maximumDifference(
            full.images.compactMap(\.scoreMSM), reduced.images.compactMap(\.scoreMSM))
        let spread = (full.patchMaps.max() ?? 0) - (full.patchMaps.min() ?? 0)
        #expect(full.patchMaps != reduced.patchMaps)
        #expect(correlation >= 0.99 && difference <= 0.05 * spread, "Spearman \(correlation), image scores \(difference), spread \(spread)")
        #expect(full.images.map(\.size?.width) == reduced.images.map(\.size?.width))
    }
}
