import Goldens
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScWeights
import SystemPackage
import Testing

/// What precision fast and the partner window change on real photographs.
@Suite(.enabled(if: RealNetwork.isInstalled, "the weights of dinov2_vits14 are not installed: musc weights fetch"))
struct PrecisionTests {
    /// Photographs with what is known of them.
    private struct Batch {
        var files: [BatchFile]
        var isDefective: [Bool]
    }

    private static func tiles() throws -> Batch {
        let folder = FilePath(Goldens.path("magnetic_tiles/tile/test"))
        let files = try ImageListing.images(in: folder, recursive: true).map { BatchFile($0, in: folder) }
        return Batch(files: files, isDefective: files.map { !$0.name.hasPrefix("good/") })
    }

    /// nil where the photographs are not there.
    private static func cells() throws -> Batch? {
        guard let folder = SolarCells.folder.map({ FilePath($0) }) else { return nil }
        let expected = try SolarCells.expected()
        let files = expected.files.map { name in
            BatchFile(path: folder.appending(FilePath(name).lastComponent?.string ?? name), name: name)
        }
        return Batch(files: files, isDefective: expected.label.map { $0 > 0 })
    }

    private static var batches: [Batch] {
        get throws { try [tiles(), cells()].compactMap { $0 } }
    }

    private func scores(
        of batch: Batch, _ preset: ScoringSettings.Preset, _ change: (inout ScoringSettings) -> Void
    ) throws -> [Float] {
        let description = try #require(BackboneCatalogue.description(named: BackboneCatalogue.standard))
        var settings = ScoringSettings(preset: preset, backbone: description, threads: 2)
        settings.imageSize = 224
        change(&settings)
        return try Inspector(settings: settings, weights: WeightsStore().open(description)).inspectWhole(batch.files)
            .images.compactMap(\.scoreMSM)
    }

    /// Scores at a precision, without what marks that recur add: there, what moves the distances counts twice.
    private func scores(
        of batch: Batch, _ preset: ScoringSettings.Preset, _ precision: MutualScoring.Precision
    ) throws -> [Float] {
        try scores(of: batch, preset) {
            $0.precision = precision
            $0.recurringMarks = .ignore
        }
    }

    /// Expects scores to differ by less than `apart`, and those that lie farther apart to keep their order.
    private func compare(_ exact: [Float], _ other: [Float], apart: Float) {
        #expect(Goldens.maximumDifference(exact, other) < apart)
        for one in exact.indices {
            for two in exact.indices where exact[one] > exact[two] + apart { #expect(other[one] > other[two]) }
        }
    }

    /// The share of pairs of a good and a defective image in which the defective one scores higher.
    private func auroc(_ scores: [Float], _ isDefective: [Bool]) -> Double {
        let defective = zip(scores, isDefective).filter(\.1).map(\.0), good = zip(scores, isDefective).filter { !$0.1 }.map(\.0)
        let wins = defective.reduce(0.0) { sum, score in
            sum + good.reduce(0.0) { $0 + (score > $1 ? 1 : score == $1 ? 0.5 : 0) }
        }
        return wins / Double(defective.count * good.count)
    }

    @Test(
        "Precision fast moves image scores by less than 0.001, and ranks only such apart anew", arguments: ScoringSettings.Preset.allCases)
    func fast(preset: ScoringSettings.Preset) throws {
        for batch in try Self.batches {
            let (exact, fast) = try (scores(of: batch, preset, .exact), scores(of: batch, preset, .fast))
            compare(exact, fast, apart: 1e-3)
            let (before, after) = (auroc(exact, batch.isDefective), auroc(fast, batch.isDefective))
            // Of the tiles, one pair in another order is 0.0021.
            let pairs = batch.isDefective.count { $0 } * batch.isDefective.count { !$0 }
            #expect(abs(before - after) <= max(0.002, 1.01 / Double(pairs)), "\(batch.files.count) images: \(before) → \(after)")
        }
    }

    @Test("Precision fastest moves image scores of preset tuned by less than 0.004, and AUROC by no more than two pairs of images")
    func fastest() throws {
        for batch in try Self.batches {
            let (exact, fastest) = try (scores(of: batch, .tuned, .exact), scores(of: batch, .tuned, .fastest))
            compare(exact, fastest, apart: 4e-3)
            let (before, after) = (auroc(exact, batch.isDefective), auroc(fastest, batch.isDefective))
            let pairs = batch.isDefective.count { $0 } * batch.isDefective.count { !$0 }
            #expect(abs(before - after) <= 2.01 / Double(pairs), "\(batch.files.count) images: \(before) → \(after)")
        }
    }

    @Test("The partner window of preset tuned changes AUROC by no more than 0.005")
    func window() throws {
        for batch in try Self.batches {
            let windowed = try scores(of: batch, .tuned) { $0.precision = .exact }
            let free = try scores(of: batch, .tuned) {
                $0.precision = .exact
                $0.window = .none
            }
            #expect(abs(auroc(windowed, batch.isDefective) - auroc(free, batch.isDefective)) <= 0.005)
        }
    }
}
