import MuScScoring

extension PatchComparison {
    /// With fewer judges those in the middle are hardly more than the nearest.
    static let leastJudgesOfSearch = 12
    /// The finest grid that is searched. At 72 × 48 patches image AUROC was the same with the search and without it; at
    /// 96 × 64 it took edges that lie a few pixels further on some parts for marks, which cost 0.12 to 0.17 (two draws of
    /// `examples/module_test.sh`).
    static let mostPatchesOfSearch = 64 * 64
    /// About so many judges of a batch that is too large for lists say what is far.
    static let mostFarJudges = 128

    /// The layer and degree by which a batch is searched for defects that recur: the middle layer, the smallest degree.
    private var searched: (layer: Int, degree: Int) {
        let smallest = settings.degrees.indices.min { settings.degrees[$0] < settings.degrees[$1] }
        return (settings.featureLayers.count / 2, smallest ?? 0)
    }

    /// The position of ``searched`` among all layers' degrees; nil where nothing is searched: where the batch's own
    /// images do not judge, there is nothing to look for.
    func searchedPlane(panel: JudgePanel, judges: Int) -> Int? {
        guard settings.recurringMarks == .count, panel.batchJudges, judges >= Self.leastJudgesOfSearch,
            grid.count <= Self.mostPatchesOfSearch
        else { return nil }
        return searched.layer * settings.degrees.count + searched.degree
    }

    /// What a reader should know where defects that recur are not looked for because the grid is too fine.
    func findingOnSearch(panel: JudgePanel, judges: Int) -> Finding? {
        guard settings.recurringMarks == .count, panel.batchJudges, judges >= Self.leastJudgesOfSearch,
            grid.count > Self.mostPatchesOfSearch
        else { return nil }
        return .marksUnsearchedOnGrid(grid)
    }

    /// Looks for defects that recur, adds to the maps what they deserve, and names the groups.
    ///
    /// Images that set the threshold are treated as the batch's are.
    ///
    /// - Throws: ``SpillError``.
    func searchRecurring(
        _ tokens: BatchTokens, _ seats: Seats, by scoring: MutualScoring, maps: inout PatchMaps
    ) throws(SpillError) {
        let panel = seats.panel
        let own = (0..<tokens.readable).filter { seats.batch.isFirst[$0] }
        let judges = own + panel.judging.map { tokens.readable + $0 }
        guard searchedPlane(panel: panel, judges: judges.count) != nil else { return }
        let (judged, parts) = (seats.judged, seats.parts)
        var wide = scoring
        wide.interval = RecurringDefects.farInterval
        // The middle of the ranking is seen from a sample as well, at a small part of the cost.
        let step = max(judges.count / Self.mostFarJudges, 1)
        let sample = stride(from: 0, to: judges.count, by: step).map { judges[$0] }
        let unit = try searchedTokens(tokens.layers[searched.layer] + panel.layers[searched.layer])
        try addRecurring(
            near: scoring.patchScores(of: unit, judged: judged, judges: judges, parts: parts),
            far: wide.patchScores(of: unit, judged: judged, judges: sample, parts: parts), tokens: tokens, seats,
            to: &maps)
    }

    private func searchedTokens(_ images: [PatchTokens]) throws(SpillError) -> UnitTokens {
        LNAMD.aggregate(
            try standardised(images), r: settings.degrees[searched.degree], threads: settings.threads)
    }

    /// - Parameters:
    ///   - near, far: Of the batch's images and those that set the threshold, by the searched layer and degree.
    /// - Throws: ``SpillError``.
    func addRecurring(
        near: [Float], far: [Float], tokens: BatchTokens, _ seats: Seats, to maps: inout PatchMaps
    ) throws(SpillError) {
        let batch = seats.batch
        // Each part says once what is usual, and blank images say nothing.
        let others = Set(batch.isFirst.indices.filter { !batch.isFirst[$0] })
        let found = RecurringDefects(near: near, far: far, region: region, others: others, patches: grid.count)
        found.penalise(&maps.batch, from: 0)
        found.penalise(&maps.calibration, from: maps.batch.count)
        guard found.isRemarkable else { return }
        let layer = tokens.layers[searched.layer] + seats.panel.layers[searched.layer]
        func unit(_ images: [Int]) throws(SpillError) -> UnitTokens { try searchedTokens(images.map { layer[$0] }) }
        maps.recurring = try found.groups(
            near: near, images: tokens.readable, patches: grid.count, parts: batch.parts, tokens: unit)
        for index in maps.recurring.indices {
            maps.recurring[index].foundGood = try foundGood(
                with: maps.recurring[index], near: near, seats, from: tokens.readable, tokens: unit)
        }
        // What enough good parts bear too is no defect that recurs.
        maps.recurring.removeAll { $0.foundGood >= Self.leastVouching }
    }
}
