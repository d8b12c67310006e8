extension RankMetrics {
    /// The chance that an anomalous sample scores above a normal one, ties by half, each sample weighing as many as it stands
    /// for.
    ///
    /// - Parameters:
    ///   - scores: Anomaly scores, finite; higher is more anomalous.
    ///   - anomalous: One a score.
    ///   - weights: One a score, not below 0; a sample of weight 0 is left out.
    /// - Returns: 0 to 1; nil without a normal or an anomalous sample, and where the counts differ.
    static func auroc(scores: [Float], anomalous: [Bool], weights: [Double]) -> Double? {
        guard scores.count == anomalous.count, scores.count == weights.count else { return nil }
        let weighed = scores.indices.filter { weights[$0] > 0 }.sorted { scores[$0] < scores[$1] }
        var (area, normalBelow, anomalies) = (0.0, 0.0, 0.0)
        var start = 0
        while start < weighed.count {
            let equals = weighed[start...].prefix { scores[$0] == scores[weighed[start]] }
            let normal = equals.reduce(0) { $0 + (anomalous[$1] ? 0 : weights[$1]) }
            let anomaly = equals.reduce(0) { $0 + (anomalous[$1] ? weights[$1] : 0) }
            area += anomaly * (normalBelow + normal / 2)
            (normalBelow, anomalies) = (normalBelow + normal, anomalies + anomaly)
            start = equals.endIndex
        }
        return normalBelow > 0 && anomalies > 0 ? area / normalBelow / anomalies : nil
    }
}
