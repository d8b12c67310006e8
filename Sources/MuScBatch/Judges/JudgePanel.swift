import MuScImages
import MuScScoring

/// The images that judge one batch, as the rules have it.
///
/// The rules, in a sentence each (measured by `examples/judges_tables.sh` and `examples/same_part.sh`):
/// * Known good images of at least 20 parts judge alone: then it does not matter what is in the batch.
/// * Fewer judge beside the batch's own images.
/// * Without known good images, the line's past judges beside a batch that has fewer images than it; it does not judge
///   a larger batch.
/// * Known good images, or else the line's past, set the threshold: each is scored by the same judges less those of its part.
/// * An image is judged by images of other parts alone. Of twins one judges, and blank images do not.
/// * Images that people found good in reports count as known good ones, but only those that were drawn at random set the
///   threshold, once there are five; and it takes 40 parts to judge alone, since many were looked at because they score
///   high.
/// * Images that people found defective never judge, nor do their copies and twins.
struct JudgePanel: Sendable {
    /// The images from outside, one group after the other.
    private(set) var members: [ScoredImage] = []
    /// One entry a feature layer, then one a member.
    private(set) var layers: [[PatchTokens]]
    /// One entry a member.
    private(set) var looks: [ImageLook?] = []
    /// Whether the batch's own images judge.
    private(set) var batchJudges = true
    /// Members that may judge: those of their group.
    private(set) var eligible: Range<Int> = 0..<0
    /// Members against whose scores the threshold is set.
    private(set) var calibrating: Range<Int> = 0..<0
    private(set) var calibration: OutsideJudges.Origin?
    /// Members that do not judge, though others of their group do.
    private(set) var silent: Set<Int> = []
    /// The number of each member's part.
    var partOfMember: [Int] = []
    /// Which members come from where.
    private var groups: [(origin: OutsideJudges.Origin, members: Range<Int>)] = []

    /// - Parameters:
    ///   - outside: At most one group of each origin.
    ///   - batch: The number of readable images of the batch.
    ///   - checkedParts: The number of parts that known good images show, and all of ``checked``; nil for one an image.
    init(_ outside: [OutsideJudges], batch: Int, checkedParts: (knownGood: Int, all: Int)? = nil, settings: ScoringSettings) {
        layers = Array(repeating: [], count: settings.featureLayers.count)
        func group(_ origin: OutsideJudges.Origin) -> OutsideJudges? { outside.first { $0.origin == origin && $0.count > 0 } }
        // What sets the threshold comes first, and so is one range.
        let checked = [group(.knownGood), group(.foundGood)].compactMap { $0 }
        if let origin = checked.first?.origin {
            let sample = checked.reduce(0) { $0 + $1.sample }
            for group in checked { append(group) }
            eligible = members.indices
            if origin == .knownGood || sample >= LogNormalThreshold.leastCalibration {
                (calibrating, calibration) = (0..<sample, origin)
            }
            let parts = checkedParts ?? (positions(of: .knownGood).count, members.count)
            batchJudges = parts.knownGood < settings.leastKnownGoodAlone && parts.all < settings.leastFoundGoodAlone
        }
        if batchJudges, let past = group(.linePast) {
            let first = members.count
            let isSmall = batch < past.count
            if calibration == nil {
                append(past)
                (calibrating, calibration) = (first..<members.count, .linePast)
            } else if isSmall {
                append(past)
            }
            if isSmall { eligible = 0..<members.count }
        }
        // Until they are looked at, each shows a part of its own.
        partOfMember = members.indices.map { -1 - $0 }
    }

    private mutating func append(_ group: OutsideJudges) {
        groups.append((group.origin, members.count..<members.count + group.count))
        members += group.tokens.images.filter { $0.index != nil }
        looks += group.tokens.looks
        for layer in layers.indices { layers[layer] += group.tokens.layers[layer] }
    }

    /// Members that judge, ascending.
    var judging: [Int] { eligible.filter { !silent.contains($0) } }

    /// Leaves members out of the judges; they set the threshold as before.
    mutating func silence(_ positions: some Sequence<Int>) { silent.formUnion(positions) }

    /// Leaves members out, by position.
    mutating func remove(_ positions: Set<Int>) {
        guard !positions.isEmpty else { return }
        func shrunk(_ range: Range<Int>) -> Range<Int> {
            let lower = range.lowerBound - positions.count { $0 < range.lowerBound }
            return lower..<range.upperBound - positions.count { $0 < range.upperBound }
        }
        (eligible, calibrating) = (shrunk(eligible), shrunk(calibrating))
        groups = groups.map { ($0.origin, shrunk($0.members)) }
        let kept = members.indices.filter { !positions.contains($0) }
        silent = Set(kept.indices.filter { silent.contains(kept[$0]) })
        members = kept.map { members[$0] }
        layers = layers.map { images in kept.map { images[$0] } }
        looks = kept.map { looks[$0] }
        partOfMember = kept.map { partOfMember[$0] }
    }

    /// Takes every member for a part of its own, and all for judges.
    mutating func standApart() {
        silent = []
        partOfMember = members.indices.map { -1 - $0 }
    }

    /// The members of one origin.
    func positions(of origin: OutsideJudges.Origin) -> Range<Int> {
        groups.first { $0.origin == origin }?.members ?? 0..<0
    }

    /// The members that somebody has looked at, which come first.
    var checked: Range<Int> { 0..<groups.reduce(0) { $1.origin.isChecked ? max($0, $1.members.upperBound) : $0 } }

    /// Where a member comes from; nil for a position before the first.
    func origin(of position: Int) -> OutsideJudges.Origin? { groups.first { $0.members.contains(position) }?.origin }

    /// The least number of readable images with which a batch can be scored.
    var leastBatch: Int { judging.isEmpty ? 2 : 1 }

    /// For each part among those that set the threshold the highest score of its images.
    ///
    /// - Parameter scores: One entry for each of ``calibrating``.
    func scoresOfParts(_ scores: [Float]) -> [Float] {
        var place: [Int: Int] = [:]
        var highest: [Float] = []
        for (position, score) in zip(calibrating, scores) {
            if let known = place[partOfMember[position]] {
                highest[known] = max(highest[known], score)
            } else {
                place[partOfMember[position]] = highest.count
                highest.append(score)
            }
        }
        return highest
    }
}
