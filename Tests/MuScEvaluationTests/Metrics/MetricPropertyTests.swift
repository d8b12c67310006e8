import Foundation
import MuScEvaluation
import MuScSupport
import Testing

@Suite("Properties of the metrics")
struct MetricPropertyTests {
    /// Scores with ties, and labels that have something to do with them.
    private func sample(_ count: Int, seed: UInt64) -> (scores: [Float], labels: [UInt8]) {
        var random = SeededGenerator(seed: seed)
        let labels = (0..<count).map { _ in UInt8(Double.random(in: 0..<1, using: &random) < 0.2 ? 1 : 0) }
        let scores = labels.map { label in
            (Float.random(in: -1..<1, using: &random) * 50 + Float(label) * 20).rounded() / 50
        }
        return (scores, labels)
    }

    /// The definitions written as plainly as they can be, for comparison.
    private func plain(_ scores: [Float], _ labels: [UInt8]) -> (auroc: Double, f1Max: Double, averagePrecision: Double) {
        let positives = Double(labels.count { $0 != 0 })
        let negatives = Double(labels.count) - positives
        var area = 0.0
        var f1Max = 0.0
        var sum = 0.0
        var before = (tp: 0.0, fp: 0.0)
        for threshold in Set(scores).sorted(by: >) {
            let above = zip(scores, labels).filter { $0.0 >= threshold }
            let tp = Double(above.count { $0.1 != 0 })
            let fp = Double(above.count) - tp
            area += (fp - before.fp) * (tp + before.tp) / 2
            sum += (tp - before.tp) * tp / (tp + fp)
            f1Max = max(f1Max, 2 * tp / (tp + fp + positives))
            before = (tp, fp)
        }
        return (area / (positives * negatives), f1Max, sum / positives)
    }

    @Test("The ranking equals the plain definitions at every size", arguments: [2, 3, 17, 300, 2_000])
    func equalsPlainDefinitions(count: Int) throws {
        var (scores, labels) = sample(count, seed: UInt64(count))
        labels[0] = 1
        labels[1] = 0
        let want = plain(scores, labels)
        let ranking = try RankMetrics(scores: scores, labels: labels)
        #expect(abs(try #require(ranking.auroc) - want.auroc) < 1e-12)
        #expect(abs(try #require(ranking.f1Max) - want.f1Max) < 1e-12)
        #expect(abs(try #require(ranking.averagePrecision) - want.averagePrecision) < 1e-12)
        // The threshold that is reported attains the F1 that is reported.
        let threshold = try #require(ranking.f1Threshold)
        let tp = zip(scores, labels).count { $0.0 >= threshold && $0.1 != 0 }
        let flagged = scores.count { $0 >= threshold }
        #expect(abs(2 * Double(tp) / Double(flagged + ranking.positives) - want.f1Max) < 1e-12)
        scores = []
    }

    @Test("A monotone transform of the scores changes no metric of the ranking")
    func monotoneTransforms() throws {
        let (scores, labels) = sample(5_000, seed: 1)
        let ranking = try RankMetrics(scores: scores, labels: labels)
        let transforms: [(Float) -> Float] = [
            { $0 * 1e-20 }, { $0 * 1e20 - 3e19 }, { exp($0 * 5) }, { $0 * $0 * $0 }, { 1000 + $0 * 10 },
        ]
        for transform in transforms {
            let transformed = try RankMetrics(scores: scores.map(transform), labels: labels)
            #expect(transformed.auroc == ranking.auroc)
            #expect(transformed.f1Max == ranking.f1Max)
            #expect(abs(transformed.averagePrecision! - ranking.averagePrecision!) < 1e-12)
        }
    }

    @Test("Images in another order have the same metrics", arguments: [1, 2, 5])
    func permutedImages(threads: Int) throws {
        let (side, images) = (40, 12)
        let (scores, labels) = sample(images * side * side, seed: 2)
        let order = (0..<images).map { ($0 * 5 + 3) % images }
        func permuted<T>(_ values: [T]) -> [T] { order.flatMap { values[$0 * side * side..<($0 + 1) * side * side] } }
        let a = try RankMetrics(scores: scores, labels: labels)
        let b = try RankMetrics(scores: permuted(scores), labels: permuted(labels), threads: threads)
        #expect(a == b)
        let p = try PerRegionOverlap(maps: scores, masks: labels, width: side, height: side)
        let q = try PerRegionOverlap(
            maps: permuted(scores), masks: permuted(labels), width: side, height: side, threads: threads)
        #expect(p.regions == q.regions)
        #expect(abs(try #require(p.value) - (try #require(q.value))) < 1e-12)
    }

    @Test("Large sets, skewed sets and any number of threads give the same ranking")
    func largeSets() throws {
        var (scores, labels) = sample(300_000, seed: 3)
        // One lone extreme leaves all other scores in few buckets.
        scores[7] = 1e30
        scores[8] = -1e30
        var random = SeededGenerator(seed: 4)
        for i in scores.indices { scores[i] += Float.random(in: 0..<1e-3, using: &random) }
        let one = try RankMetrics(scores: scores, labels: labels, threads: 1)
        #expect(try RankMetrics(scores: scores, labels: labels, threads: 4) == one)
        // Ranks as scores: the same order in evenly filled buckets.
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var ranks = [Float](repeating: 0, count: scores.count)
        var rank: Float = 0
        for (position, index) in order.enumerated() {
            if position > 0, scores[order[position - 1]] != scores[index] { rank += 1 }
            ranks[index] = rank
        }
        let ranked = try RankMetrics(scores: ranks, labels: labels, threads: 2)
        #expect(ranked.auroc == one.auroc)
        #expect(ranked.f1Max == one.f1Max)
        #expect(abs(ranked.averagePrecision! - one.averagePrecision!) < 1e-12)
        #expect(one.curve.count > 500 && one.curve.count < 1_200)
        labels = []
    }

    @Test("Equal scores rank by chance, and both zeros are equal")
    func ties() throws {
        let equal = try RankMetrics(scores: [0, -0.0, 0, 0], anomalous: [true, false, false, true])
        #expect(equal.auroc == 0.5)
        #expect(equal.averagePrecision == 0.5)
        #expect(equal.f1Max == 2.0 / 3)
        #expect(equal.curve.count == 1)
    }

    @Test("A perfect ranking has ones, the reversed one an AUROC of zero")
    func perfect() throws {
        let perfect = try RankMetrics(scores: [3, 2, 1, 0], anomalous: [true, true, false, false])
        #expect(perfect.auroc == 1 && perfect.f1Max == 1 && perfect.averagePrecision == 1)
        #expect(perfect.f1Threshold == 2)
        #expect(try RankMetrics(scores: [0, 1, 2, 3], anomalous: [true, true, false, false]).auroc == 0)
    }

    @Test("Where all are normal, all anomalous, or none there, no metric is defined")
    func undefined() throws {
        for labels in [[UInt8]](arrayLiteral: [0, 0, 0], [1, 1, 1]) {
            let ranking = try RankMetrics(scores: [1, 2, 3], labels: labels)
            #expect(ranking.auroc == nil && ranking.f1Max == nil && ranking.averagePrecision == nil)
            #expect(ranking.f1Threshold == nil && ranking.curve.isEmpty)
        }
        #expect(try RankMetrics(scores: [], anomalous: []).auroc == nil)
        #expect(try PerRegionOverlap(maps: [1, 2, 3, 4], masks: [0, 0, 0, 0], width: 2, height: 2).value == nil)
        #expect(try PerRegionOverlap(maps: [1, 2, 3, 4], masks: [1, 1, 1, 1], width: 2, height: 2).value == nil)
        #expect(try PerRegionOverlap(maps: [1, 1, 1, 1], masks: [1, 0, 0, 0], width: 2, height: 2).value == nil)
    }

    @Test("Regions touch at corners, and each counts the same whatever its area")
    func regions() throws {
        // A diagonal is one region; a block apart from it is another. Scores cover the block's four pixels only.
        let mask: [UInt8] = [
            1, 0, 0, 0, 0,
            0, 1, 0, 1, 1,
            0, 0, 0, 1, 1,
            0, 0, 0, 0, 0,
        ]
        var maps = [Float](repeating: 0, count: 20)
        for (index, pixel) in [8, 9, 13, 14].enumerated() { maps[pixel] = 2 + Float(index) / 10 }
        maps[19] = 1
        let overlap = try PerRegionOverlap(maps: maps, masks: mask, width: 5, height: 4)
        #expect(overlap.regions == 2)
        #expect(overlap.curve[0].overlap == 0.5)
        #expect(overlap.curve.count == 200)
        #expect(overlap.curve[0].falsePositiveRate == 1.0 / 14)
        #expect(try #require(overlap.value) == 0.5)
        // A ring and a snake are found whole: regions that meet only in a later row.
        let ring: [UInt8] = [
            0, 1, 0, 1, 0,
            1, 0, 0, 0, 1,
            0, 1, 1, 1, 0,
        ]
        #expect(try PerRegionOverlap(maps: ring.map { Float($0) }, masks: ring, width: 5, height: 3).regions == 1)
    }

    @Test("Scores that cannot be ranked and counts that do not fit are refused")
    func refused() throws {
        #expect(throws: MetricError.notFinite(index: 1)) { try RankMetrics(scores: [1, .nan], labels: [0, 1]) }
        #expect(throws: MetricError.countsDiffer(scores: 1, labels: 2)) { try RankMetrics(scores: [1], labels: [0, 1]) }
        #expect(throws: MetricError.notFinite(index: 3)) {
            try PerRegionOverlap(maps: [1, 2, 3, .infinity], masks: [0, 1, 0, 0], width: 2, height: 1)
        }
        #expect(throws: MetricError.notWholeImages(values: 3, width: 2, height: 1)) {
            try PerRegionOverlap(maps: [1, 2, 3], masks: [0, 1, 0], width: 2, height: 1)
        }
        #expect(MetricError.notFinite(index: 3).description.contains("index 3"))
    }
}
