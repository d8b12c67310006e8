import MuScScoring
import MuScSupport
import Testing

/// Conformal p-values and the threshold that says the same.
@Suite struct ConformalThresholdTests {
    @Test("A p-value counts the calibration scores at or above, the score itself included")
    func pValues() {
        let calibration: [Float] = [0.4, 0.1, 0.3, 0.2]
        #expect(ConformalThreshold.pValues(of: [0.05, 0.3, 0.35, 0.5], calibration: calibration) == [1, 0.6, 0.4, 0.2])
        #expect(ConformalThreshold.pValues(of: [0.5], calibration: []) == [1])
    }

    @Test(
        "A score is at or above the threshold exactly where its p-value is at most the rate", arguments: [0.02, 0.05, 0.1, 0.29, 0.5, 0.99])
    func threshold(rate: Double) {
        var generator = SystemRandomNumberGenerator()
        for count in [1, 9, 19, 20, 48, 49, 99, 100] {
            // Few values, so that there are ties.
            let calibration = (0..<count).map { _ in Float(Int.random(in: 0..<30, using: &generator)) / 30 }
            let value = ConformalThreshold.value(calibration: calibration, rate: rate)
            let scores = (-1...31).map { Float($0) / 30 }
            for (score, p) in zip(scores, ConformalThreshold.pValues(of: scores, calibration: calibration)) {
                #expect((score >= value) == (Double(p) <= rate + 1e-7), "\(count) scores, \(score), p \(p)")
            }
        }
    }

    @Test("Fewer than 1/rate − 1 calibration scores flag nothing")
    func tooFew() {
        #expect(ConformalThreshold.leastCalibration(rate: 0.05) == 19)
        #expect(ConformalThreshold.leastCalibration(rate: 0.02) == 49)
        #expect(ConformalThreshold.leastCalibration(rate: 0.1) == 9)
        #expect(ConformalThreshold.value(calibration: [Float](repeating: 0, count: 18), rate: 0.05) == .infinity)
        #expect(ConformalThreshold.value(calibration: [Float](repeating: 0, count: 19), rate: 0.05).isFinite)
    }

    @Test("Of exchangeable scores no more than the rate are flagged")
    func promise() {
        var generator = SeededGenerator(seed: 3)
        var flagged = 0
        for _ in 0..<2000 {
            let scores = (0..<49).map { _ in Float.random(in: 0...1, using: &generator) }
            let value = ConformalThreshold.value(calibration: Array(scores.dropLast()), rate: 0.1)
            if scores[48] >= value { flagged += 1 }
        }
        // 0.1 of 2000, and four standard errors.
        #expect(flagged <= 200 + 54)
    }
}
