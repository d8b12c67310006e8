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

extension BatchScorer {
    /// The share of judges that counts as far.
    static let farShare = 0.5
    /// With fewer judges the nearest half is hardly more than the nearest.
    static let leastJudgesOfSearch = 12

    /// Looks for defects that recur, adds to the maps what they deserve, and names the groups.
    ///
    /// Near and far distances are taken by the middle layer at the smallest degree, or by all layers and degrees; images
    /// that set the threshold are treated as the batch's are. Where the batch's own images do not judge, there is
    /// nothing to look for.
    ///
    /// - Throws: ``SpillError``.
    func searchRecurring(
        _ tokens: BatchTokens, panel: JudgePanel, by scoring: MutualScoring, maps: inout MutualMaps
    ) throws(SpillError) {
        let own = Array(0..<tokens.readable)
        let judges = own + panel.judging.map { own.count + $0 }
        guard settings.recurringGuard != .off, panel.batchJudges, judges.count >= Self.leastJudgesOfSearch else { return }
        let judged = own + panel.calibrating.map { own.count + $0 }
        var wide = scoring
        wide.interval = MutualScoring.Interval(upper: Self.farShare)
        let middle = settings.featureLayers.count / 2
        let smallest = settings.degrees.min() ?? 1
        var near = [Float](repeating: 0, count: judged.count * grid.count)
        var far = near
        var representative: (near: [Float], tokens: UnitTokens)?
        for layer in settings.featureLayers.indices where settings.recurringGuard == .all || layer == middle {
            let values = try (tokens.layers[layer] + panel.layers[layer]).values()
            for r in settings.degrees where settings.recurringGuard == .all || r == smallest {
                let unit = LNAMD.aggregate(
                    values, grid: grid, channels: settings.backbone.width, r: r,
                    threads: settings.threads)
                let nearest = scoring.patchScores(of: unit, judged: judged, judges: judges)
                let half = wide.patchScores(of: unit, judged: judged, judges: judges)
                for index in near.indices {
                    near[index] += nearest[index]
                    far[index] += half[index]
                }
                if layer == middle, r == smallest { representative = (nearest, unit) }
            }
        }
        let steps = settings.recurringGuard == .all ? settings.featureLayers.count * settings.degrees.count : 1
        let found = RecurringDefects(near: near.map { $0 / Float(steps) }, far: far.map { $0 / Float(steps) }, region: region)
        let penalties = found.penalties
        for index in maps.batch.indices { maps.batch[index] += penalties[index] }
        for index in maps.calibration.indices { maps.calibration[index] += penalties[maps.batch.count + index] }
        if let representative {
            maps.recurring = found.groups(
                near: representative.near, tokens: representative.tokens, images: tokens.readable)
        }
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
