import CKernels
import Goldens
import MuScScoring
import Testing

@Suite("Several degrees from one product")
struct DegreesTests {
    /// Random tokens of images that share a mean.
    private func tokens(images: Int, grid: PatchGrid, channels: Int) -> StandardisedTokens {
        let unit = UnitTokens.random(images: images, grid: grid, channels: channels, seed: 11)
        let perImage = grid.count * channels
        return LNAMD.standardise(
            (0..<images).map { Array(unit.values[$0 * perImage..<($0 + 1) * perImage]) }, grid: grid, channels: channels,
            threads: 2)
    }

    private func eachForItself(
        _ scoring: MutualScoring, _ tokens: StandardisedTokens, degrees: [Int], judged: [Int], judges: [Int]
    ) -> [Float] {
        let scores = degrees.map { r in
            scoring.patchScores(of: LNAMD.aggregate(tokens, r: r, threads: 2), judged: judged, judges: judges)
        }
        return scores[0].indices.map { index in
            scores.reduce(0) { $0 + $1[index] } / Float(degrees.count)
        }
    }

    @Test(
        "They agree with each degree scored for itself, on grids of any shape",
        arguments: [(7, 7), (5, 9), (16, 3), (1, 8), (11, 2)], [[1, 3, 5], [1, 5], [3, 7]])
    func agreement(size: (Int, Int), degrees: [Int]) {
        let tokens = tokens(images: 6, grid: PatchGrid(width: size.0, height: size.1), channels: 20)
        let every = Array(0..<6)
        for (judged, judges) in [(every, every), ([4, 0], [1, 2, 4, 5])] {
            var scoring = MutualScoring(interval: .init(upper: 0.5), threads: 2)
            let expected = eachForItself(scoring, tokens, degrees: degrees, judged: judged, judges: judges)
            let exact = scoring.patchScores(of: tokens, degrees: degrees, judged: judged, judges: judges)
            #expect(Goldens.maximumDifference(exact, expected) < 1e-5)
            scoring.precision = .fast
            let fast = scoring.patchScores(of: tokens, degrees: degrees, judged: judged, judges: judges)
            #expect(Goldens.maximumDifference(fast, expected) < 2e-3)
        }
    }

    @Test("With a window, and with one degree, nothing else comes out either", arguments: [[1], [1, 3]])
    func window(degrees: [Int]) {
        let tokens = tokens(images: 5, grid: PatchGrid(width: 8, height: 8), channels: 20)
        let every = Array(0..<5)
        let scoring = MutualScoring(interval: .init(upper: 0.5), window: 2, threads: 2)
        let expected = eachForItself(scoring, tokens, degrees: degrees, judged: every, judges: every)
        let found = scoring.patchScores(of: tokens, degrees: degrees, judged: every, judges: every)
        #expect(Goldens.maximumDifference(found, expected) < 1e-6)
    }

    @Test("The number of threads does not change a byte", arguments: MutualScoring.Precision.allCases)
    func threads(precision: MutualScoring.Precision) {
        let tokens = tokens(images: 34, grid: PatchGrid(width: 6, height: 5), channels: 16)
        let every = Array(0..<34)
        let scores = [1, 4].map { threads in
            MutualScoring(interval: .init(upper: 0.3), precision: precision, threads: threads)
                .patchScores(of: tokens, degrees: [1, 3, 5], judged: every, judges: every)
        }
        #expect(scores[0] == scores[1])
    }
}
