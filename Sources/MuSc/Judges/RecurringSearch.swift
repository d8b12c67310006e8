import MuScScoring

/// What mutual scoring made of a batch and of the images that set the threshold.
struct MutualMaps: Sendable {
    /// The mean over degrees of the mean over layers, `[readable, grid.count]` row-major.
    var batch: [Float]
    /// The same for the panel's images that set the threshold.
    var calibration: [Float]
    /// Groups of images that share a mark.
    var recurring: [RecurringDefects.Group] = []
}

/// Images of a batch that share a mark.
public struct RecurringMark: Sendable, Hashable, Codable {
    /// One of the images: its position among the readable ones, and where the mark is, in pixels of the original.
    public struct Part: Sendable, Hashable, Codable {
        public var image: Int
        public var name: String
        public var x, y: Int
    }

    public var parts: [Part]
}

/// Gathers near and far distances while a batch is scored, and adds to the maps what the jump between them says.
struct RecurringSearch: Sendable {
    /// The share of judges that counts as far.
    static let farShare = 0.5
    /// With fewer judges the nearest half is hardly more than the nearest.
    static let leastJudges = 12

    private let mode: ScoringSettings.RecurringGuard
    /// The layer and degree that stand for all.
    private let middleLayer, smallestDegree: Int
    private let images: Int
    private var near: [Float] = []
    private var far: [Float] = []
    private var steps: Float = 0
    /// Near distances and tokens of the one layer and degree by which groups are found.
    private var representative: (near: [Float], tokens: UnitTokens)?

    /// - Parameter images: The batch's; what else is scored follows them.
    init(mode: ScoringSettings.RecurringGuard, layers: Int, degrees: [Int], images: Int) {
        self.mode = mode
        middleLayer = layers / 2
        smallestDegree = degrees.min() ?? 1
        self.images = images
    }

    /// Takes the scores of one layer and degree.
    mutating func add(
        _ scores: [Float], of tokens: UnitTokens, judged: [Int], judges: [Int], by scoring: MutualScoring, layer: Int,
        r: Int
    ) {
        let isRepresentative = layer == middleLayer && r == smallestDegree
        guard isRepresentative || mode == .all else { return }
        var wide = scoring
        wide.interval = MutualScoring.Interval(upper: Self.farShare)
        let distant = wide.patchScores(of: tokens, judged: judged, judges: judges)
        if near.isEmpty {
            near = scores
            far = distant
        } else {
            for index in near.indices {
                near[index] += scores[index]
                far[index] += distant[index]
            }
        }
        steps += 1
        if isRepresentative { representative = (scores, tokens) }
    }

    /// Adds the penalties to the maps, and names the groups.
    func finish(_ maps: inout MutualMaps) {
        guard steps > 0 else { return }
        let near = near.map { $0 / steps }
        let found = RecurringDefects(near: near, far: far.map { $0 / steps })
        let penalties = found.penalties
        for index in maps.batch.indices { maps.batch[index] += penalties[index] }
        for index in maps.calibration.indices { maps.calibration[index] += penalties[maps.batch.count + index] }
        if let representative {
            maps.recurring = found.groups(near: representative.near, tokens: representative.tokens, images: images)
        }
    }
}

extension BatchScorer {
    /// The search for recurring defects, where settings and judges allow one.
    func recurringSearch(_ panel: JudgePanel, images: Int, subsets: Int) -> RecurringSearch? {
        let judges = images + panel.judging.count
        guard settings.recurringGuard != .off, panel.batchJudges, subsets == 1, judges >= RecurringSearch.leastJudges
        else { return nil }
        return RecurringSearch(
            mode: settings.recurringGuard, layers: settings.featureLayers.count, degrees: settings.degrees,
            images: images)
    }

    /// The groups with names and pixels of the originals, and a sentence for each.
    func marks(_ groups: [RecurringDefects.Group], in images: [ScoredImage], notes: inout [String]) -> [RecurringMark] {
        let readable = images.filter { $0.index != nil }
        return groups.map { group in
            let parts = group.members.map { member in
                let size = readable[member.image].size ?? (1, 1)
                return RecurringMark.Part(
                    image: member.image, name: readable[member.image].name,
                    x: (2 * (member.patch % grid.width) + 1) * size.width / (2 * grid.width),
                    y: (2 * (member.patch / grid.width) + 1) * size.height / (2 * grid.height))
            }
            let shown = parts.prefix(12).map(\.name).joined(separator: ", ")
            let more = parts.count > 12 ? " and \(parts.count - 12) more" : ""
            notes.append(
                "The same mark is on \(parts.count) parts: \(shown)\(more). Parts with the same defect vouch for each "
                    + "other; look at these together, and let known good images judge if they are defective.")
            return RecurringMark(parts: parts)
        }
    }
}
