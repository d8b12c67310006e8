/// How one class fares at the thresholds that the program set by itself, without a label: what a user would have seen.
package struct OwnThreshold: Sendable, Hashable, Codable {
    /// Scores at or above it were flagged; nil where nothing could be, as JSON has no infinity.
    package var imageThreshold: Float?
    package var images: Confusion
    /// What reaches it on the map is the core of a region; nil without masks, or where none could be.
    /// All pixels of regions were taken for defective.
    package var pixelThreshold: Float?
    /// Pooled over the pixels of all images at the evaluated size; nil without masks.
    package var pixels: Confusion?

    package init(imageThreshold: Float, images: Confusion, pixelThreshold: Float, pixels: Confusion?) {
        self.imageThreshold = imageThreshold.isFinite ? imageThreshold : nil
        self.images = images
        self.pixelThreshold = pixels != nil && pixelThreshold.isFinite ? pixelThreshold : nil
        self.pixels = pixels
    }
}

/// Image metrics over a part of a class's images, or over parts that several images show.
package struct GroupMetrics: Sendable, Hashable, Codable {
    /// The view's name, or `parts`.
    package var name: String
    package var count: Int
    package var anomalous: Int
    /// The three image metrics; the pixel metrics are nil.
    package var metrics: SevenMetrics
    /// At the program's own image threshold.
    package var confusion: Confusion

    init(_ name: String, scores: [Float], anomalous: [Bool], flagged: [Bool]) throws(MetricError) {
        self.name = name
        count = scores.count
        self.anomalous = anomalous.count { $0 }
        metrics = SevenMetrics(image: try RankMetrics(scores: scores, anomalous: anomalous), pixel: nil, overlap: nil)
        confusion = Confusion(flagged: flagged, anomalous: anomalous)
    }

    /// The groups of a class in which images show parts from several views: each view, and the parts, whose score is the
    /// highest of their views' and which are anomalous where any view is.
    ///
    /// - Parameters:
    ///   - images: With labels, in the order of `scores` and `flagged`.
    /// - Returns: None where no image names its part.
    static func groups(
        of images: [LabelledImage], scores: [Float], flagged: [Bool]
    ) throws(MetricError) -> [GroupMetrics] {
        var groups: [GroupMetrics] = []
        for view in Set(images.compactMap(\.view)).sorted() {
            let own = images.indices.filter { images[$0].view == view }
            groups.append(
                try GroupMetrics(
                    view, scores: own.map { scores[$0] }, anomalous: own.map { images[$0].isAnomalous },
                    flagged: own.map { flagged[$0] }))
        }
        let parts = Dictionary(grouping: images.indices.filter { images[$0].part != nil }) { images[$0].part ?? "" }
            .sorted { $0.key < $1.key }.map(\.value)
        if !parts.isEmpty {
            groups.append(
                try GroupMetrics(
                    "parts", scores: parts.map { part in part.map { scores[$0] }.max() ?? 0 },
                    anomalous: parts.map { part in part.contains { images[$0].isAnomalous } },
                    flagged: parts.map { part in part.contains { flagged[$0] } }))
        }
        return groups
    }
}
