import Foundation
import Goldens
import MuScEvaluation
import MuScTensors
import Testing

@Suite("Metrics against scikit-learn and the reference implementation")
struct MetricGoldenTests {
    @Test("The golden's image metrics are met within 1e-6")
    func goldenImageMetrics() throws {
        let golden = try Goldens.archive("metrics.safetensors")
        let expected = try golden.tensor("expected_image").floats()
        let ranking = try RankMetrics(
            scores: golden.tensor("score_image").floats(),
            anomalous: golden.tensor("gt_image").integers().map { $0 != 0 })
        try expectClose(ranking, expected[0..<3])
    }

    @Test("The golden's pixel metrics are met, PRO within 1e-4", arguments: [1, 3])
    func goldenPixelMetrics(threads: Int) throws {
        let golden = try Goldens.archive("metrics.safetensors")
        let scores = try golden.tensor("score_pixel")
        let expected = try golden.tensor("expected_pixel").floats()
        let labels = try golden.tensor("gt_pixel").integers().map { UInt8($0) }
        try expectClose(RankMetrics(scores: scores.floats(), labels: labels, threads: threads), expected[0..<3])
        let overlap = try PerRegionOverlap(
            maps: scores.floats(), masks: labels, width: scores.shape[2], height: scores.shape[1], threads: threads)
        let value = try #require(overlap.value)
        #expect(abs(value - Double(expected[3])) <= 1e-4)
    }

    @Test("Two hundred random cases agree with scikit-learn, and PRO with its definition taken literally")
    func randomCases() throws {
        let archive = try TensorArchive(path: fixturePath("metrics/random_cases.safetensors"))
        let shapes = try archive.tensor("shapes").integers()
        let scores = try archive.tensor("scores").floats()
        let labels = try archive.tensor("labels").integers().map { UInt8($0) }
        let expected = try archive.tensor("expected").floats()
        var start = 0
        for index in 0..<shapes.count / 3 {
            let (images, height, width) = (shapes[3 * index], shapes[3 * index + 1], shapes[3 * index + 2])
            let range = start..<start + images * height * width
            start = range.upperBound
            let want = expected[4 * index..<4 * index + 4]
            try expectClose(
                RankMetrics(scores: Array(scores[range]), labels: Array(labels[range])), want.prefix(3), "case \(index)")
            guard height > 1 else { continue }
            let overlap = try PerRegionOverlap(
                maps: Array(scores[range]), masks: Array(labels[range]), width: width, height: height)
            let pro = want[4 * index + 3]
            #expect((overlap.value == nil) == pro.isNaN, "case \(index)")
            if let value = overlap.value { #expect(abs(value - Double(pro)) <= 1e-6, "case \(index)") }
        }
        #expect(start == scores.count)
    }

    /// AUROC, F1-max and AP within 1e-6; NaN stands for a metric that is not defined.
    private func expectClose(_ ranking: RankMetrics, _ expected: ArraySlice<Float>, _ note: String = "") throws {
        for (value, want) in zip([ranking.auroc, ranking.f1Max, ranking.averagePrecision], expected) {
            #expect((value == nil) == want.isNaN, "\(note)")
            if let value { #expect(abs(value - Double(want)) <= 1e-6, "\(note)") }
        }
    }
}
