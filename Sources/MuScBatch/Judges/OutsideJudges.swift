import MuScScoring

/// Images from outside a batch that judge its images, beside the batch's own or in their place.
public struct OutsideJudges: Sendable {
    /// Where such images come from, which says how far they can be trusted.
    public enum Origin: String, Sendable, Hashable, Codable {
        /// Images that somebody has looked at and found good.
        case knownGood = "known good"
        /// Images of the line that people found good in its reports; see `LineVerdicts`.
        case foundGood = "found good"
        /// Images of the same line's earlier batches that were not flagged; nobody has looked at them.
        case linePast = "line's past"

        /// Whether somebody has looked at them.
        var isChecked: Bool { self != .linePast }
    }

    package var origin: Origin
    /// Their tokens, of the same network, size and layers as the batch's.
    package var tokens: BatchTokens
    /// How many of the first of them are a sample of good parts, against whose scores the threshold may be set: all, but
    /// of images that were found good those that were drawn at random. The others were looked at because they score high.
    package var sample: Int { stated ?? tokens.readable }
    private var stated: Int?
    /// How many of the first of the sample were not flagged; the others have something that most have not.
    package var unflagged: Int { min(statedUnflagged ?? sample, sample) }
    private var statedUnflagged: Int?

    /// - Parameters:
    ///   - sample: See ``sample``; nil for all.
    ///   - unflagged: See ``unflagged``; nil for the whole sample.
    package init(origin: Origin, tokens: BatchTokens, sample: Int? = nil, unflagged: Int? = nil) {
        self.origin = origin
        self.tokens = tokens
        (stated, statedUnflagged) = (sample, unflagged)
    }

    /// The images at these positions, ascending.
    func selecting(_ kept: [Int]) -> OutsideJudges {
        OutsideJudges(
            origin: origin, tokens: tokens.selecting(kept), sample: kept.count { $0 < sample }, unflagged: kept.count { $0 < unflagged })
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
    /// Against the scores of how many of them the threshold was set; nil in results of earlier versions.
    public var calibrating: Int?

    public init(
        origin: OutsideJudges.Origin, images: [String], folder: String? = nil, judged: Bool, besideBatch: Bool,
        standingOut: [String], calibrating: Int? = nil
    ) {
        self.origin = origin
        self.images = images
        self.folder = folder
        self.judged = judged
        self.besideBatch = besideBatch
        self.standingOut = standingOut
        self.calibrating = calibrating
    }
}
