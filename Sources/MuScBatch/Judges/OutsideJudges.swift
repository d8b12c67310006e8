import MuScScoring

/// Images from outside a batch that judge its images, beside the batch's own or in their place.
public struct OutsideJudges: Sendable {
    /// Where such images come from, which says how far they can be trusted.
    public enum Origin: String, Sendable, Hashable, Codable {
        /// Images that somebody has looked at and found good.
        case knownGood = "known good"
        /// Images of the same line's earlier batches that were not flagged; nobody has looked at them.
        case linePast = "line's past"
    }

    package var origin: Origin
    /// Their tokens, of the same network, size and layers as the batch's.
    package var tokens: BatchTokens

    package init(origin: Origin, tokens: BatchTokens) {
        self.origin = origin
        self.tokens = tokens
    }

    /// The number of images that could be read.
    package var count: Int { tokens.readable }
}

/// Who judged a batch beside its own images, so that a run can be repeated.
public struct OutsideJudgment: Sendable, Hashable, Codable {
    public var origin: OutsideJudges.Origin
    /// The names of the images that judged, or against whose scores the threshold was set.
    public var images: [String]
    /// The folder in which they lie; nil where they come from several, or in results of earlier versions.
    public var folder: String?
    /// Whether these images judged; false where they only set the threshold.
    public var judged: Bool
    /// Whether the batch's own images judged too.
    public var besideBatch: Bool
    /// Names of those that stand out from the rest and were therefore left out, if there are any.
    public var standingOut: [String]

    public init(
        origin: OutsideJudges.Origin, images: [String], folder: String? = nil, judged: Bool, besideBatch: Bool,
        standingOut: [String]
    ) {
        self.origin = origin
        self.images = images
        self.folder = folder
        self.judged = judged
        self.besideBatch = besideBatch
        self.standingOut = standingOut
    }
}
