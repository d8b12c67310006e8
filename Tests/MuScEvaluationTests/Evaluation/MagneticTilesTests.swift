import Foundation
import Goldens
import MuScBackbone
import MuScBatch
import MuScEvaluation
import MuScScoring
import MuScTensors
import MuScWeights
import SystemPackage
import Testing

@Suite("Magnetic tiles, 44 real photographs in the MVTec layout")
struct MagneticTilesTests {
    private struct Expected: Decodable {
        var image: [Double]
        var pixel: [Double]
    }

    private func expected() throws -> (metrics: [Double], archive: TensorArchive) {
        let archive = try Goldens.archive("magnetic_tiles.expected.safetensors")
        let text = try #require(archive.metadata["metrics_after_rscin"])
        let metrics = try JSONDecoder().decode(Expected.self, from: Data(text.utf8))
        return (metrics.image + metrics.pixel, archive)
    }

    private func difference(_ metrics: SevenMetrics, _ expected: [Double]) -> Double {
        zip(SevenMetrics.Metric.allCases, expected).map { abs((metrics[$0] ?? .infinity) - $1) }.max() ?? .infinity
    }

    @Test("The reference's maps and scores give the reference's seven metrics within 1e-4")
    func fromReferenceMaps() throws {
        let (expected, archive) = try expected()
        let dataset = try Dataset(.mvtecAD, at: FilePath(Goldens.path("magnetic_tiles")))
        let maps = try archive.tensor("patch_map").floats()
        let scores = try archive.tensor("rscin_1_2_3").floats()
        let order = try JSONDecoder().decode([String].self, from: Data(#require(archive.metadata["order"]).utf8))
        let output = try TemporaryFolder()
        let evaluation = Evaluation(
            dataset: dataset, backbone: "dinov2_vits14", imageSize: 224, threads: 2, configuration: [:],
            output: OutputFolder(output.path)
        ) { files, _ throws(ScoringError) in
            #expect(files.map(\.name) == order)
            return Inspection(
                grid: PatchGrid(width: 16, height: 16),
                images: files.enumerated().map { index, file in
                    ScoredImage(
                        name: file.name, path: file.path, index: index, score: scores[index], scoreMSM: scores[index])
                },
                patchMaps: maps, imageFeatures: [], featureWidth: 0,
                threshold: Threshold(value: 1, rule: .fixed, explanation: ""),
                rscin: RsCINDecision(applied: true, neighbourAgreement: nil, reason: ""))
        }
        let results = try evaluation.run()
        #expect(difference(results.mean, expected) <= 1e-4)
    }

    private static let weights = WeightsStore()
    private static var isInstalled: Bool {
        weights.installed(WeightsStore.id(backbone: "dinov2_vits14")) != nil
    }

    @Test(
        "From photographs to table: the seven metrics within 0.01",
        .enabled(if: MagneticTilesTests.isInstalled, "needs the weights: musc weights fetch dinov2_vits14"))
    func fromPhotographs() throws {
        let (expected, _) = try expected()
        let description = try #require(BackboneCatalogue.description(named: "dinov2_vits14"))
        var settings = ScoringSettings(
            preset: .paper, backbone: description, threads: ProcessInfo.processInfo.activeProcessorCount)
        settings.imageSize = 224
        settings.appliesOrientation = false
        let inspector = try Inspector(settings: settings, weights: try Self.weights.open(description))
        let output = try TemporaryFolder()
        let evaluation = Evaluation(
            dataset: try Dataset(.mvtecAD, at: FilePath(Goldens.path("magnetic_tiles"))), inspector: inspector,
            configuration: Evaluation.configuration(of: inspector), output: OutputFolder(output.path))
        #expect(difference(try evaluation.run().mean, expected) <= 0.01)
    }
}
