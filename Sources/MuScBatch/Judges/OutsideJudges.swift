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

/// The images that judge one batch, as the rules have it.
///
/// The rules, in a sentence each (measured by `examples/judges_tables.sh`):
/// * At least 20 known good images judge alone: then it does not matter what is in the batch.
/// * Fewer judge beside the batch's own images.
/// * Without known good images, the line's past judges beside a batch that has fewer images than it; it does not judge
///   a larger batch.
/// * Known good images, or else the line's past, set the threshold: each is scored by the same judges less itself.
struct JudgePanel: Sendable {
    /// The images from outside, one group after the other.
    private(set) var members: [ScoredImage] = []
    /// One entry a feature layer, then one a member.
    private(set) var layers: [[PatchTokens]]
    /// Whether the batch's own images judge.
    private(set) var batchJudges = true
    /// Members that judge.
    private(set) var judging: Range<Int> = 0..<0
    /// Members against whose scores the threshold is set.
    private(set) var calibrating: Range<Int> = 0..<0
    private(set) var calibration: OutsideJudges.Origin?

    /// - Parameters:
    ///   - outside: At most one group of each origin.
    ///   - batch: The number of readable images of the batch.
    init(_ outside: [OutsideJudges], batch: Int, settings: ScoringSettings) {
        layers = Array(repeating: [], count: settings.featureLayers.count)
        if let good = outside.first(where: { $0.origin == .knownGood && $0.count > 0 }) {
            append(good)
            (judging, calibrating, calibration) = (members.indices, members.indices, .knownGood)
            batchJudges = good.count < settings.leastKnownGoodAlone
        }
        guard batchJudges, let past = outside.first(where: { $0.origin == .linePast && $0.count > 0 }) else { return }
        let first = members.count
        let isSmall = batch < past.count
        if calibration == nil {
            append(past)
            (calibrating, calibration) = (first..<members.count, .linePast)
        } else if isSmall {
            append(past)
        }
        if isSmall { judging = 0..<members.count }
    }

    private mutating func append(_ group: OutsideJudges) {
        members += group.tokens.images.filter { $0.index != nil }
        for layer in layers.indices { layers[layer] += group.tokens.layers[layer] }
    }

    /// Leaves members out, by position.
    mutating func remove(_ positions: Set<Int>) {
        guard !positions.isEmpty else { return }
        func shrunk(_ range: Range<Int>) -> Range<Int> {
            let lower = range.lowerBound - positions.count { $0 < range.lowerBound }
            return lower..<range.upperBound - positions.count { $0 < range.upperBound }
        }
        (judging, calibrating) = (shrunk(judging), shrunk(calibrating))
        func kept<Element>(_ elements: [Element]) -> [Element] {
            elements.indices.filter { !positions.contains($0) }.map { elements[$0] }
        }
        members = kept(members)
        layers = layers.map(kept)
    }

    /// The members of one origin.
    func positions(of origin: OutsideJudges.Origin) -> Range<Int> {
        let good = calibration == .knownGood ? calibrating : 0..<0
        return origin == .knownGood ? good : good.upperBound..<members.count
    }

    /// The least number of readable images with which a batch can be scored.
    var leastBatch: Int { judging.isEmpty ? 2 : 1 }
}
