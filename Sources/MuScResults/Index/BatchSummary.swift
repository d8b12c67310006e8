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
    /// Why nothing in it could be flagged, and what would help; nil where something could, or it is not done.
    package var noVerdict: String?
    /// Wall-clock seconds of its run; nil where it has not run.
    package var seconds: Double?
    package var scores: ScoreSpread?
    /// What decides the level of its scores beside the parts: backbone, size, who judged, and the threshold's rule. Where
    /// it changes, scores move for no reason of the product. nil where that is not known.
    package var method: String?
    /// Why it failed, is held back, or still waits.
    package var reason: String?
    /// The report's path relative to the folder of the page of all batches; nil where there is none.
    package var report: FilePath?
    /// Whether it is done, and its results are not where they were put; the reason says so.
    package var areResultsGone = false

    package init(
        folder: String, state: State, time: String, images: Int, flagged: Int = 0, noVerdict: String? = nil,
        seconds: Double? = nil,
        scores: ScoreSpread? = nil, method: String? = nil, reason: String? = nil, report: FilePath? = nil
    ) {
        self.folder = folder
        self.state = state
        self.time = time
        self.images = images
        self.flagged = flagged
        self.noVerdict = noVerdict
        self.seconds = seconds
        self.scores = scores
        self.method = method
        self.reason = reason
        self.report = report
    }

    /// The share of flagged images, 0 to 1.
    var share: Double { images > 0 ? Double(flagged) / Double(images) : 0 }

    /// The line that the batch belongs to: the folder in which its folder lies, "." for the root itself.
    package var line: String {
        let parts = folder.split(separator: "/")
        return parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
    }
}
