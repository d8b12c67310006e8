import MuSc

/// What a drop folder's page says of one batch.
public struct BatchSummary: Sendable, Hashable, Codable {
    /// Where a batch stands.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case waiting, running, done, failed
        /// Failed so often that it is tried again only when asked for, or when its images change.
        case heldBack
    }

    /// How a batch's scores are spread.
    public struct ScoreSpread: Sendable, Hashable, Codable {
        /// The score below which a tenth of the images lie.
        public var tenth: Float
        public var median: Float
        /// The score above which a tenth of the images lie.
        public var ninetieth: Float
        public var highest: Float

        public init(tenth: Float, median: Float, ninetieth: Float, highest: Float) {
            self.tenth = tenth
            self.median = median
            self.ninetieth = ninetieth
            self.highest = highest
        }

        /// The spread of some scores, with quantiles interpolated between neighbours; nil where there are none.
        public init?(of scores: [Float]) {
            let sorted = scores.filter(\.isFinite).sorted()
            guard let last = sorted.last else { return nil }
            func quantile(_ share: Float) -> Float {
                let place = share * Float(sorted.count - 1)
                let index = min(Int(place), sorted.count - 1)
                let next = sorted[min(index + 1, sorted.count - 1)]
                return sorted[index] + (next - sorted[index]) * (place - Float(index))
            }
            self.init(tenth: quantile(0.1), median: quantile(0.5), ninetieth: quantile(0.9), highest: last)
        }
    }

    /// The batch's folder relative to the root, "." for the root itself.
    public var folder: String
    public var state: State
    /// When it was done or failed, else when it was last seen to change; ISO 8601.
    public var time: String
    public var images: Int
    public var flagged: Int
    /// Wall-clock seconds of its run; nil where it has not run.
    public var seconds: Double?
    public var scores: ScoreSpread?
    /// Why it failed, is held back, or still waits.
    public var reason: String?
    /// The report's path relative to the root; nil where there is none.
    public var report: String?

    public init(
        folder: String, state: State, time: String, images: Int, flagged: Int = 0, seconds: Double? = nil,
        scores: ScoreSpread? = nil, reason: String? = nil, report: String? = nil
    ) {
        self.folder = folder
        self.state = state
        self.time = time
        self.images = images
        self.flagged = flagged
        self.seconds = seconds
        self.scores = scores
        self.reason = reason
        self.report = report
    }

    /// The summary of a batch that is done.
    public init(folder: String, time: String, scores: BatchScores, run: RunRecord, report: String) {
        self.init(
            folder: folder, state: .done, time: time, images: run.images, flagged: run.flagged, seconds: run.seconds,
            scores: ScoreSpread(of: scores.images.compactMap(\.score)),
            reason: run.unreadable > 0 ? "\(run.unreadable) of \(run.images) images could not be read" : nil, report: report)
    }

    /// The share of flagged images, 0 to 1.
    var share: Double { images > 0 ? Double(flagged) / Double(images) : 0 }
}
