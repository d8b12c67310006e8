/// How well scores rank the anomalous above the normal: AUROC, F1-max and average precision, with the curve behind them.
///
/// All three follow scikit-learn's definitions. Over the distinct scores as thresholds, from the highest down, with
/// TP(t) and FP(t) the anomalous and normal samples whose score is at least t:
///
/// * AUROC is the area under TP/P against FP/N by trapezoids, so that a tie of an anomalous and a normal sample counts one half;
/// * F1-max is the largest 2·TP/(TP + FP + P);
/// * average precision is Σ (TP(tₙ) − TP(tₙ₋₁))/P · TP(tₙ)/(TP(tₙ) + FP(tₙ)), a sum of steps without interpolation.
///
/// They depend on the order of the scores alone: no monotone transform and no permutation of the samples changes them.
package struct RankMetrics: Sendable, Hashable {
    /// Anomalous samples, P.
    package let positives: Int
    /// Normal samples, N.
    package let negatives: Int
    /// Area under the receiver operating characteristic, 0 to 1; nil where all samples are normal or all are anomalous.
    package let auroc: Double?
    /// The best F1 over all thresholds, 0 to 1; nil where all samples are normal or all are anomalous.
    package let f1Max: Double?
    /// The threshold (score at or above) that attains `f1Max`, the highest of equals; nil with it.
    package let f1Threshold: Float?
    /// Average precision, 0 to 1; nil where all samples are normal or all are anomalous.
    package let averagePrecision: Double?
    /// Points of the curve from the highest threshold to the lowest: every distinct score of a small set, and about
    /// 1,000 of a large one, evenly spread over both rates. Empty where the metrics are nil.
    package let curve: [CurvePoint]

    /// What lies at or above one threshold.
    package struct CurvePoint: Sendable, Hashable {
        package let threshold: Float
        package let truePositives: Int
        package let falsePositives: Int
    }

    /// Ranks `scores` by sorting their bit patterns: one partition by the leading bits, then each part on its own.
    ///
    /// Beyond its arguments it allocates 4 bytes a score and, where many scores share their leading bits, 4 more.
    ///
    /// - Parameters:
    ///   - scores: Anomaly scores, finite; higher is more anomalous.
    ///   - labels: One a score, 0 for normal, anything else for anomalous.
    ///   - threads: The most threads to use.
    /// - Throws: ``MetricError/countsDiffer(scores:labels:)`` and ``MetricError/notFinite(index:)``.
    package init(scores: [Float], labels: [UInt8], threads: Int = 1) throws(MetricError) {
        guard scores.count == labels.count else {
            throw .countsDiffer(scores: scores.count, labels: labels.count)
        }
        let partition = try ScorePartition(scores: scores, labels: labels, threads: threads)
        positives = partition.positives
        negatives = partition.negatives
        guard positives > 0, negatives > 0 else {
            auroc = nil
            f1Max = nil
            f1Threshold = nil
            averagePrecision = nil
            curve = []
            return
        }
        var doubledArea = 0
        var precisionSum = 0.0
        var best = (f1: -1.0, key: UInt32(0))
        var points: [CurvePoint] = []
        for bucket in partition.sweep(threads: threads) {
            doubledArea += bucket.doubledArea
            precisionSum += bucket.precisionSum
            if bucket.bestF1 > best.f1 { best = (bucket.bestF1, bucket.bestKey) }
            points += bucket.curve
        }
        auroc = Double(doubledArea) / 2 / (Double(positives) * Double(negatives))
        f1Max = best.f1
        f1Threshold = OrderedKey.score(best.key)
        averagePrecision = precisionSum / Double(positives)
        curve = points
    }

    /// Ranks a few scores, such as one for each image of a class.
    ///
    /// - Parameters:
    ///   - scores: Anomaly scores, higher is more anomalous.
    ///   - anomalous: One a score, true for anomalous.
    /// - Throws: ``MetricError/countsDiffer(scores:labels:)`` and ``MetricError/notFinite(index:)``.
    package init(scores: [Float], anomalous: [Bool]) throws(MetricError) {
        try self.init(scores: scores, labels: anomalous.map { $0 ? 1 : 0 }, threads: 1)
    }
}

/// Scores as unsigned integers in the same order.
enum OrderedKey {
    /// The key of a score: a < b exactly where key(a) < key(b). Both zeros have one key, as they compare equal.
    @inline(__always)
    static func key(_ score: Float) -> UInt32 {
        // Adding zero turns −0 into +0 and leaves all else as it is.
        let bits = (score + 0).bitPattern
        return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }

    /// The score of a key.
    static func score(_ key: UInt32) -> Float {
        Float(bitPattern: key & 0x8000_0000 != 0 ? key & 0x7fff_ffff : ~key)
    }
}
