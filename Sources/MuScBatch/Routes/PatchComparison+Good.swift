import MuScScoring

/// What the parts of a line that people found good say of a batch, which is the last word: no patch is more anomalous than
/// these alone would find it.
///
/// So a mark is known once three parts with it were found good. Otherwise two things would go on speaking against it: it
/// recurs, and where many judge, more than three of them are asked, who do not have it.
struct WordOfGood: Sendable {
    /// The mean distance of each patch to its nearest three parts that were found good, over
    /// degrees and layers, `[images, grid.count]` row-major; infinite where there are fewer.
    var batch: [Float]
    /// The same for the images that set the threshold.
    var calibration: [Float]

    func bound(_ maps: inout PatchMaps) {
        Self.bound(&maps.batch, by: batch)
        Self.bound(&maps.calibration, by: calibration)
    }

    static func bound(_ scores: inout [Float], by word: [Float]) {
        for (index, most) in zip(scores.indices, word) { scores[index] = min(scores[index], most) }
    }
}

extension PatchComparison {
    /// So many parts that were found good make a mark a known one.
    static let leastVouching = 3

    /// The images that people found good and that judge, by their position among all; none where they show too few parts,
    /// or where they judge alone and say the same already.
    ///
    /// - Parameters:
    ///   - parts: Of all images.
    ///   - first: The position of the panel's first member.
    func vouching(_ panel: JudgePanel, parts: ImageParts, from first: Int) -> [Int] {
        let nearest = settings.interval.positions(judges: panel.judging.count, minimum: settings.minimumJudges)
        guard panel.batchJudges || nearest != 0..<Self.leastVouching else { return [] }
        let found = panel.positions(of: .foundGood)
        let good = panel.judging.filter { found.contains($0) }.map { first + $0 }
        return parts.oneOfEach(good).count >= Self.leastVouching ? good : []
    }

    /// - Returns: nil where nobody vouches; see ``vouching(_:parts:from:)``.
    /// - Throws: ``SpillError``.
    func wordOfGood(_ tokens: BatchTokens, _ seats: Seats) throws(SpillError) -> WordOfGood? {
        let good = vouching(seats.panel, parts: seats.parts, from: tokens.readable)
        let layers = tokens.layers.indices.map { tokens.layers[$0] + seats.panel.layers[$0] }
        guard let word = try word(of: good, on: seats.judged, layers: layers, seats.parts) else { return nil }
        let end = tokens.readable * grid.count
        return WordOfGood(batch: Array(word[..<end]), calibration: Array(word[end...]))
    }

    /// - Parameters:
    ///   - good: The images that vouch, of at least three parts; none where nobody does.
    ///   - judged: The images that are judged.
    ///   - layers: One entry a layer, then one an image.
    /// - Returns: For each patch of those judged the mean distance to the nearest three; infinite where an image has fewer
    ///   of other parts. nil where nobody vouches.
    /// - Throws: ``SpillError``.
    func word(of good: [Int], on judged: [Int], layers: [[PatchTokens]], _ parts: ImageParts) throws(SpillError) -> [Float]? {
        guard !good.isEmpty else { return nil }
        var scoring = mutualScoring
        scoring.interval = .init(upper: .ulpOfOne)
        scoring.minimumJudges = Self.leastVouching
        let asked = judged.indices.filter { row in
            parts.oneOfEach(good.filter { parts.mayJudge($0, judged[row]) }).count >= Self.leastVouching
        }
        guard !asked.isEmpty else { return nil }
        // The images concerned alone are normalised.
        let images = Array(Set(good + asked.map { judged[$0] })).sorted()
        let places = Dictionary(images.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        func place(_ image: Int) -> Int { places[image] ?? 0 }
        var mean = LayerMean(count: asked.count * grid.count)
        for layer in layers {
            let tokens = try standardised(images.map { layer[$0] })
            mean.add(
                scoring.patchScores(
                    of: tokens, degrees: settings.degrees, judged: asked.map { place(judged[$0]) }, judges: good.map(place),
                    parts: parts.areApart ? .apart : ImageParts(images.map { parts[$0] }))[...], of: layers.count)
        }
        var word = [Float](repeating: .infinity, count: judged.count * grid.count)
        for (row, image) in asked.enumerated() {
            for patch in 0..<grid.count { word[image * grid.count + patch] = mean.values[row * grid.count + patch] }
        }
        return word
    }
}

// MARK: Marks that are known, or will be

extension PatchComparison {
    /// How many parts that were found good bear the mark of a group: a patch as near to one of its members as that is to
    /// its nearest judges.
    ///
    /// - Parameters:
    ///   - near: Of the batch's patches, by the searched layer and degree.
    ///   - first: The position of the panel's first member among all images.
    ///   - tokens: Gives vectors of the searched layer and degree, image by image as asked for.
    func foundGood(
        with group: RecurringDefects.Group, near: [Float], _ seats: Seats, from first: Int,
        tokens: ([Int]) throws(SpillError) -> UnitTokens
    ) throws(SpillError) -> Int {
        let found = seats.panel.positions(of: .foundGood)
        let good = seats.parts.oneOfEach(seats.panel.judging.filter { found.contains($0) }.map { first + $0 })
        guard !good.isEmpty else { return 0 }
        // Some members tell: they are alike.
        let members = Array(group.members.prefix(12))
        let unit = try tokens(members.map(\.image) + good)
        func vector(_ image: Int, _ patch: Int) -> ArraySlice<Float> {
            let start = (image * grid.count + patch) * unit.channels
            return unit.values[start..<start + unit.channels]
        }
        return good.indices.count { index in
            members.enumerated().contains { row, member in
                let mark = vector(row, member.patch)
                let limit = RecurringDefects.reach * near[member.image * grid.count + member.patch]
                return (0..<grid.count).contains { patch in
                    zip(mark, vector(members.count + index, patch)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } <= limit * limit
                }
            }
        }
    }
}
