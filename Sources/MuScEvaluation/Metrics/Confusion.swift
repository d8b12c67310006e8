import MuScSupport

/// What a fixed threshold makes of labelled samples, images or pixels: the confusion table and the figures from it.
package struct Confusion: Sendable, Hashable, Codable {
    /// Anomalous and at or above the threshold.
    package var truePositives = 0
    /// Normal and at or above the threshold.
    package var falsePositives = 0
    /// Anomalous and below.
    package var falseNegatives = 0
    /// Normal and below.
    package var trueNegatives = 0

    /// - Parameters:
    ///   - flagged, anomalous: One a sample.
    package init(flagged: [Bool], anomalous: [Bool]) {
        for (flag, label) in zip(flagged, anomalous) { count(flag, label) }
    }

    /// Counts pixels pooled over all images.
    ///
    /// - Parameters:
    ///   - marked: What was taken for anomalous: anything but 0; of any shape.
    ///   - labels: Of the same; 0 is normal, anything else anomalous.
    ///   - threads: The most threads to use.
    /// - Throws: ``MetricError/countsDiffer(scores:labels:)``.
    package init(marked: [UInt8], labels: [UInt8], threads: Int = 1) throws(MetricError) {
        guard marked.count == labels.count else { throw .countsDiffer(scores: marked.count, labels: labels.count) }
        let chunks = max(1, min(threads * 4, marked.count / 65_536))
        let parts = concurrentMap(chunks, threads: threads) { chunk in
            var part = Confusion()
            for index in marked.count * chunk / chunks..<marked.count * (chunk + 1) / chunks {
                part.count(marked[index] != 0, labels[index] != 0)
            }
            return part
        }
        for part in parts {
            truePositives += part.truePositives
            falsePositives += part.falsePositives
            falseNegatives += part.falseNegatives
            trueNegatives += part.trueNegatives
        }
    }

    private init() {}

    private mutating func count(_ isFlagged: Bool, _ isAnomalous: Bool) {
        switch (isFlagged, isAnomalous) {
        case (true, true): truePositives += 1
        case (true, false): falsePositives += 1
        case (false, true): falseNegatives += 1
        case (false, false): trueNegatives += 1
        }
    }

    /// The part of the anomalous that is found, TP / (TP + FN); nil without any.
    package var recall: Double? { Self.share(truePositives, truePositives + falseNegatives) }
    /// The part of the normal that is flagged, FP / (FP + TN); nil without any.
    package var falseAlarmRate: Double? { Self.share(falsePositives, falsePositives + trueNegatives) }
    /// The part of the flagged that is anomalous, TP / (TP + FP); nil where nothing is flagged.
    package var precision: Double? { Self.share(truePositives, truePositives + falsePositives) }
    /// 2TP / (2TP + FP + FN), over pixels SegF1; nil where nothing is anomalous and nothing flagged.
    package var f1: Double? { Self.share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }

    private static func share(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}
