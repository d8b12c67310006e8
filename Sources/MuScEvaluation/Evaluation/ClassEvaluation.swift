/// What the evaluation of one class came to; kept in the state file, so that an interrupted evaluation goes on after it.
package struct ClassEvaluation: Sendable, Hashable, Codable {
    package var name: String
    package var metrics: SevenMetrics
    /// Every image with its scores, in the order of the data set.
    package var images: [ImageScore]
    /// The score with the best F1, at or above which an image counts as flagged here; nil where F1 is not defined.
    package var imageThreshold: Float?
    /// Thresholds from the highest down, over the images.
    package var imageCurve: [RatePoint]
    /// Thresholds from the highest down, over the pixels; empty without masks.
    package var pixelCurve: [RatePoint]
    /// Connected anomalous regions in the masks.
    package var regions: Int
    /// What the program's own thresholds, set without a label, come to.
    package var own: OwnThreshold?
    /// Image metrics of each view and of the parts, where images show parts from several views.
    package var groups: [GroupMetrics] = []
    /// PRO up to the evaluation's limit of false positives, by sorting; nil without masks.
    package var exactOverlap: Double?
    /// sPRO up to that limit; nil where the data set does not say when a defect saturates.
    package var saturatedOverlap: Double?
    /// Anomalous images that score below a normal one, lowest first, then normal images that score above an anomalous
    /// one, highest first.
    package var misses: [Miss]
    /// Seconds of wall-clock time for features and scores, and for metrics.
    package var scoringSeconds: Double
    package var metricsSeconds: Double
    /// What a reader should know, one sentence each.
    package var notes: [String]
    /// Identifies the images and masks that were evaluated, by their paths and sizes.
    package var inputDigest: String

    package init(
        name: String, metrics: SevenMetrics, images: [ImageScore], imageThreshold: Float? = nil,
        imageCurve:
            [RatePoint], pixelCurve: [RatePoint], regions: Int, misses: [Miss], scoringSeconds: Double,
        metricsSeconds:
            Double, notes: [String], inputDigest: String
    ) {
        self.name = name
        self.metrics = metrics
        self.images = images
        self.imageThreshold = imageThreshold
        self.imageCurve = imageCurve
        self.pixelCurve = pixelCurve
        self.regions = regions
        self.misses = misses
        self.scoringSeconds = scoringSeconds
        self.metricsSeconds = metricsSeconds
        self.notes = notes
        self.inputDigest = inputDigest
    }

    /// One image's scores.
    package struct ImageScore: Sendable, Hashable, Codable {
        /// Path below the data set's folder.
        package var path: String
        package var type: String
        package var isAnomalous: Bool
        /// The score that is evaluated.
        package var score: Float
        /// MSM's, before RsCIN.
        package var scoreMSM: Float

        package init(
            path: String, type: String, isAnomalous: Bool, score: Float, scoreMSM: Float
        ) {
            self.path = path
            self.type = type
            self.isAnomalous = isAnomalous
            self.score = score
            self.scoreMSM = scoreMSM
        }
    }

    /// What lies at or above one threshold, as rates from 0 to 1.
    package struct RatePoint: Sendable, Hashable, Codable {
        package var falsePositiveRate: Double
        /// Also the recall.
        package var truePositiveRate: Double
        package var precision: Double

        package init(
            falsePositiveRate: Double, truePositiveRate: Double, precision: Double
        ) {
            self.falsePositiveRate = falsePositiveRate
            self.truePositiveRate = truePositiveRate
            self.precision = precision
        }
    }

    /// An image that the ranking has on the wrong side of another.
    package struct Miss: Sendable, Hashable, Codable {
        /// Index in `images`.
        package var image: Int
        /// Below the output folder: the photograph and its heat map, each with the mask's outline; nil where none
        /// were written.
        package var photograph: String?
        package var heatMap: String?

        package init(
            image: Int, photograph: String? = nil, heatMap: String? = nil
        ) {
            self.image = image
            self.photograph = photograph
            self.heatMap = heatMap
        }
    }
}

extension ClassEvaluation {
    /// A curve's points as rates.
    static func rates(_ ranking: RankMetrics?) -> [RatePoint] {
        guard let ranking else { return [] }
        return ranking.curve.map { point in
            RatePoint(
                falsePositiveRate: Double(point.falsePositives) / Double(ranking.negatives),
                truePositiveRate: Double(point.truePositives) / Double(ranking.positives),
                precision: Double(point.truePositives) / Double(point.truePositives + point.falsePositives))
        }
    }

    /// The images that rank worst among those of their sort, at most `limit` of either; none where the ranking is
    /// perfect.
    static func misses(_ images: [ImageScore], limit: Int) -> [Miss] {
        let highestNormal = images.lazy.filter { !$0.isAnomalous }.map(\.score).max() ?? -.infinity
        let lowestAnomalous = images.lazy.filter(\.isAnomalous).map(\.score).min() ?? .infinity
        let overlooked = images.indices.filter { images[$0].isAnomalous && images[$0].score < highestNormal }
            .sorted { images[$0].score < images[$1].score }
        let falseAlarms = images.indices.filter { !images[$0].isAnomalous && images[$0].score > lowestAnomalous }
            .sorted { images[$0].score > images[$1].score }
        return (overlooked.prefix(limit) + falseAlarms.prefix(limit)).map { Miss(image: $0) }
    }
}
