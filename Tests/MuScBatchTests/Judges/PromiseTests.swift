import Glibc
import MuScBatch
import MuScScoring
import MuScSupport
import Testing

/// What a threshold from known good parts promises, by simulation.
@Suite struct PromiseTests {
    enum Shape: CaseIterable { case normal, logNormal, heavyTailed }

    private static func score(_ shape: Shape, _ generator: inout SeededGenerator) -> Float {
        let (u, v) = (Double.random(in: 1e-12..<1, using: &generator), Double.random(in: 0..<1, using: &generator))
        let normal = sqrt(-2 * log(u)) * cos(2 * Double.pi * v)
        return switch shape {
        case .normal: Float(0.5 + 0.05 * normal)
        case .logNormal: Float(exp(-1 + 0.3 * normal))
        case .heavyTailed: Float(0.3 + 0.02 * pow(u, -0.4))
        }
    }

    @Test("Of exchangeable good parts no more than the rate is flagged, whatever their scores' shape", arguments: Shape.allCases)
    func exchangeable(shape: Shape) {
        var generator = SeededGenerator(seed: 11)
        let (draws, known) = (4000, 48)
        var flagged = 0
        for _ in 0..<draws {
            let calibration = (0..<known).map { _ in Self.score(shape, &generator) }
            let threshold = ConformalThreshold.value(calibration: calibration, rate: 0.05)
            if Self.score(shape, &generator) >= threshold { flagged += 1 }
        }
        // Three standard errors.
        #expect(Double(flagged) / Double(draws) <= 0.05 + 3 * sqrt(0.05 * 0.95 / Double(draws)))
    }

    @Test(
        "With 5 % of a rarer kind that stands out and is left out, the rate holds for the others, and the rarer come on top",
        arguments: Shape.allCases)
    func rarerKind(shape: Shape) {
        var generator = SeededGenerator(seed: 12)
        let (draws, known, rare) = (4000, 48, 0.05)
        func score() -> (value: Float, isRare: Bool) {
            let isRare = Double.random(in: 0..<1, using: &generator) < rare
            return (Self.score(shape, &generator) + (isRare ? 1.5 : 0), isRare)
        }
        var (flaggedUsual, usual, flagged) = (0, 0, 0)
        for _ in 0..<draws {
            let all = (0..<known).map { _ in score().value }
            let odd = Set(OddScores.positions(all))
            let threshold = ConformalThreshold.value(calibration: all.indices.filter { !odd.contains($0) }.map { all[$0] }, rate: 0.05)
            let next = score()
            flagged += next.value >= threshold ? 1 : 0
            usual += next.isRare ? 0 : 1
            flaggedUsual += !next.isRare && next.value >= threshold ? 1 : 0
        }
        // What else stands out of a shape with long tails is left out as well, and comes on top as the sentence says.
        let extra = shape == .heavyTailed ? 0.08 : 0.01
        #expect(Double(flaggedUsual) / Double(usual) <= 0.05 + extra + 3 * sqrt(0.05 * 0.95 / Double(draws)))
        #expect(Double(flagged) / Double(draws) <= 0.05 + rare + extra + 3 * sqrt(0.1 * 0.9 / Double(draws)))
    }
}
