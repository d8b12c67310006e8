import MuScScoring
import Testing

@Suite struct BatchThresholdTests {
    /// A batch without defects: the quantiles of a triangular distribution, near enough to a normal one and the same
    /// on every machine.
    func bell(_ count: Int, mean: Float, deviation: Float) -> [Float] {
        (0..<count).map { index in
            let p = (Float(index) + 0.5) / Float(count)
            let unit = p < 0.5 ? (2 * p).squareRoot() - 1 : 1 - (2 * (1 - p)).squareRoot()
            return mean + deviation * 2.449 * unit
        }
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
        let scores = bell(40, mean: 0.4, deviation: 0.03) + bell(4, mean: 0.8, deviation: 0.05)
        let threshold = BatchThreshold.threshold(for: scores)
        #expect(scores.filter { $0 >= threshold.value }.count == 4)
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

    @Test("Frames without a part, which score next to nothing, change no flag", arguments: [1, 5, 12, 20])
    func lowOutliers(frames: Int) {
        let scores = bell(76, mean: 0.4, deviation: 0.03) + bell(4, mean: 0.8, deviation: 0.05)
        let flagged = scores.filter { $0 >= BatchThreshold.threshold(for: scores).value }.count
        let blank = (0..<frames).map { 0.002 + 0.0005 * Float($0 % 7) }
        let threshold = BatchThreshold.threshold(for: scores + blank)
        #expect(flagged >= 4 && scores.filter { $0 >= threshold.value }.count == flagged)
        #expect(threshold.value == BatchThreshold.threshold(for: scores).value)
    }

    @Test("They change no flag either where scores scatter so widely that nothing lies 5 deviations below the median")
    func lowOutliersOfWideScores() {
        let scores = (bell(72, mean: 0.31, deviation: 0.08) + bell(8, mean: 0.6, deviation: 0.05)).map { max($0, 0.17) }
        let blank = (0..<12).map { 0.023 + 0.0005 * Float($0 % 7) }
        let threshold = BatchThreshold.threshold(for: scores + blank)
        #expect(threshold.value == BatchThreshold.threshold(for: scores).value)
        #expect(scores.contains { $0 >= threshold.value })
    }

    @Test("A quarter of defects in the batch does not raise the threshold above them")
    func manyDefects() {
        let scores = bell(30, mean: 0.4, deviation: 0.03) + bell(10, mean: 0.9, deviation: 0.05)
        let threshold = BatchThreshold.threshold(for: scores)
        #expect(scores.filter { $0 >= threshold.value }.count >= 10)
        #expect(threshold.value < 0.6)
    }
}
