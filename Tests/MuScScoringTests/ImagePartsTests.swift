import Goldens
import MuScScoring
import Testing

/// Images of one part never judge each other, by whatever way they are scored.
@Suite struct ImagePartsTests {
    private static let grid = PatchGrid(width: 5, height: 4)
    private let unit = UnitTokens.random(images: 14, grid: ImagePartsTests.grid, channels: 16, seed: 5)
    /// Parts of one, two, three and one images, and so on.
    private let numbers = [0, 1, 1, 2, 2, 2, 3, 4, 4, 5, 6, 6, 6, 7]

    /// Each image scored for itself, by the images of other parts.
    private func oneByOne(_ scoring: MutualScoring, judges: [Int], _ numbers: [Int]) -> [Float] {
        (0..<14).flatMap { image in
            scoring.patchScores(of: unit, judged: [image], judges: judges.filter { numbers[$0] != numbers[image] && $0 != image })
        }
    }

    @Test("Scores are those by the images of other parts alone", arguments: [nil, 1], [MutualScoring.Precision.exact, .fast])
    func whole(window: Int?, precision: MutualScoring.Precision) {
        let scoring = MutualScoring(
            interval: .init(upper: 0.3), minimumJudges: 2, window: window, precision: precision, threads: 2)
        for judges in [Array(0..<14), [0, 2, 3, 5, 7, 9, 12]] {
            let scores = scoring.patchScores(of: unit, judged: Array(0..<14), judges: judges, parts: ImageParts(numbers))
            let expected = oneByOne(scoring, judges: judges, numbers)
            #expect(Goldens.maximumDifference(scores, expected) < (precision == .fast ? 0.01 : 1e-6))
        }
    }

    @Test("Several degrees at once know parts as well")
    func degrees() {
        let size = Self.grid.count * 16
        let tokens = LNAMD.standardise(
            (0..<14).map { Array(unit.values[$0 * size..<($0 + 1) * size]) }, grid: Self.grid, channels: 16, threads: 1)
        let scoring = MutualScoring(interval: .init(upper: 0.4), threads: 2)
        let parts = ImageParts(numbers)
        let both = scoring.patchScores(
            of: tokens, degrees: [1, 3], judged: Array(0..<14), judges: Array(0..<14), parts: parts)
        let single = [1, 3].map { r in
            scoring.patchScores(
                of: LNAMD.aggregate(tokens, r: r, threads: 1), judged: Array(0..<14), judges: Array(0..<14), parts: parts)
        }
        #expect(Goldens.maximumDifference(both, zip(single[0], single[1]).map { ($0 + $1) / 2 }) < 1e-5)
    }

    @Test("Where every image is a part of its own, scores are those without parts, to the byte")
    func apart() {
        let scoring = MutualScoring(interval: .init(upper: 0.3), threads: 2)
        let all = Array(0..<14)
        #expect(ImageParts(Array(5..<19)).areApart)
        #expect(
            scoring.patchScores(of: unit, judged: all, judges: all, parts: ImageParts(Array(5..<19)))
                == scoring.patchScores(of: unit, judged: all, judges: all))
    }

    @Test("A mark that several images of one part bear is no mark that parts share")
    func recurring() {
        #expect(ImageParts([4, 4, 4, 9]).oneOfEach([0, 1, 2, 3]) == [0, 3])
        #expect(!ImageParts([4, 4, 9]).mayJudge(0, 1) && ImageParts([4, 4, 9]).mayJudge(0, 2))
        #expect(!ImageParts.apart.mayJudge(1, 1))
    }

    @Test("A neighbour is of another part, and of its twins one speaks", arguments: [6, 1100])
    func neighbours(count: Int) {
        // Image 0 and its twin 1, then others that are less alike the farther they are.
        let features = (0..<count).flatMap { image -> [Float] in
            let angle = image < 2 ? 0 : Float(image) * 1.2 / Float(count)
            return [1 - angle * angle / 2, angle]
        }
        var scores = [Float](repeating: 0, count: count)
        (scores[0], scores[1], scores[2]) = (1, 1, 0.5)
        var numbers = Array(0..<count)
        numbers[1] = 0
        let speaks = (0..<count).map { $0 != 1 }
        let alone = RsCIN.rescore(
            scores, features: features, windows: [2], neighbours: .init(parts: ImageParts(numbers), speaks: speaks))
        let without = RsCIN.rescore(
            [scores[0]] + scores[2...], features: Array(features[..<2] + features[4...]), windows: [2])
        #expect(Goldens.maximumDifference([alone[0]] + alone[2...], without) < 1e-6)
        #expect(alone[1] == alone[0])
    }
}
