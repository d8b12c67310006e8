import MuScBatch
import MuScImages
import MuScResults
import MuScScoring
import SystemPackage
import Testing

struct RankingTests {
    private func ranking(_ scores: [Float], threshold: Float, look: Double = 0.2) -> Ranking {
        let images = scores.enumerated().map { index, score in
            ScoredImage(
                name: "p\(index).png", path: FilePath("p\(index).png"), size: ImageSize(width: 1, height: 1), index: index, score: score,
                flagged: score >= threshold)
        }
        return Ranking(
            Inspection(
                grid: PatchGrid(width: 1, height: 1), images: images, patchMaps: [], imageFeatures: [], featureWidth: 0,
                threshold: Threshold(value: threshold, rule: .batch, explanation: ""),
                rscin: RsCINDecision(applied: false, neighbourAgreement: nil, reason: "")),
            look: look)
    }

    @Test(
        "The top fifth of a batch is flagged or worth a look; a clean batch has it too",
        arguments: [(40, 3, 5), (40, 0, 8), (40, 12, 0), (80, 4, 12), (9, 1, 1), (2, 0, 1), (1, 0, 1), (0, 0, 0)])
    func levels(images: Int, flagged: Int, look: Int) {
        let ranking = ranking((0..<images).map { 1 - 0.01 * Float($0) }, threshold: 1.005 - 0.01 * Float(flagged))
        #expect(ranking.flagged == flagged && ranking.look == look)
        let levels = ranking.scored.indices.map(ranking.level)
        #expect(
            levels == Array(repeating: .flagged, count: flagged) + Array(repeating: .look, count: look)
                + Array(repeating: .none, count: images - flagged - look))
    }

    @Test("The share of what is worth a look is the user's", arguments: [(0.0, 0), (0.05, 2), (0.1, 4), (1.0, 40)])
    func share(look: Double, count: Int) {
        #expect(ranking((0..<40).map { Float($0) / 100 }, threshold: 1, look: look).look == count)
    }
}
