import MuScScoring
import Testing

@Suite struct BatchThresholdTests {
    /// A normal-looking batch: quantiles of a normal distribution, so that the test is the same on every machine.
    func bell(_ count: Int, mean: Float, deviation: Float) -> [Float] {
        (0..<count).map { index in
            // Logistic quantiles are near enough to normal ones here, with slightly heavier tails.
            let p = (Float(index) + 0.5) / Float(count)
            return mean + deviation * 0.55 * logit(p)
        }
    }

    func logit(_ p: Float) -> Float {
        var (low, high): (Float, Float) = (-20, 20)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            var power: Float = 1, sum: Float = 1
            // e^middle by its series on a small argument, then squared back.
            let small = middle / 64
            for term in 1...8 { power *= small / Float(term); sum += power }
            var value = sum
            for _ in 0..<6 { value *= value }
            if value / (1 + value) < p { low = middle } else { high = middle }
        }
        return low
    }

    @Test("A clean batch is not flagged by a fixed share", arguments: [20, 40, 100, 400])
    func cleanBatch(count: Int) {
        let scores = bell(count, mean: 0.5, deviation: 0.05)
        let threshold = BatchThreshold.threshold(for: scores)
        #expect(scores.filter { $0 >= threshold.value }.count <= count / 20)
        #expect(threshold.rule == .batch)
    }

    @Test("Images that stand well above the others are flagged, and no other")
    func clearDefects() {
        let scores = bell(40, mean: 0.4, deviation: 0.03) + bell(6, mean: 0.8, deviation: 0.05)
        let threshold = BatchThreshold.threshold(for: scores)
        #expect(scores.filter { $0 >= threshold.value }.count == 6)
    }

    @Test("A single outlier among few is flagged")
    func oneOutlier() {
        let threshold = BatchThreshold.threshold(for: [0.41, 0.4, 0.42, 0.39, 0.4, 0.41, 0.9])
        #expect(threshold.value > 0.42 && threshold.value < 0.9)
    }

    @Test("Equal scores, two scores and none flag nothing", arguments: [[0.5, 0.5, 0.5, 0.5], [0.1, 0.9], []] as [[Float]])
    func degenerate(scores: [Float]) {
        let threshold = BatchThreshold.threshold(for: scores)
        #expect(scores.allSatisfy { $0 < threshold.value })
        #expect(!threshold.explanation.isEmpty)
    }
}
