import SystemPackage

/// What a drop folder's page says of one batch.
package struct BatchSummary: Sendable, Hashable, Codable {
    /// Where a batch stands.
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case waiting, running, done, failed
        /// Failed so often that it is tried again only when asked for, or when its images change.
        case heldBack
    }

    /// The batch's folder relative to the root, "." for the root itself.
    package var folder: String
    package var state: State
    /// When its results were published, ISO 8601; empty where there are none yet.
    package var time: String
    package var images: Int
    package var flagged: Int
    /// Wall-clock seconds of its run; nil where it has not run.
    package var seconds: Double?
    package var scores: ScoreSpread?
    /// Why it failed, is held back, or still waits.
    package var reason: String?
    /// The report's path relative to the folder of the page of all batches; nil where there is none.
    package var report: FilePath?

    package init(
        folder: String, state: State, time: String, images: Int, flagged: Int = 0, seconds: Double? = nil,
        scores: ScoreSpread? = nil, reason: String? = nil, report: FilePath? = nil
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

    /// The share of flagged images, 0 to 1.
    var share: Double { images > 0 ? Double(flagged) / Double(images) : 0 }
}
