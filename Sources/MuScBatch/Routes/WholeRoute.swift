import MuScScoring

/// Scores a batch with all its tokens at once.
struct WholeRoute: Sendable {
    let network: SizedNetwork
    /// The patches that count; nil for all.
    let region: PatchRegion?
    /// Names of the batch's images that never judge.
    var barred: Set<String> = []

    /// Scores images whose tokens are there.
    ///
    /// - Parameters:
    ///   - tokens: Of this network.
    ///   - outside: Images from outside the batch that judge along; at most one group of each origin.
    ///   - nearest: Where the batch finds what it kept when it was scored before, so that images which came or went
    ///     cost their own comparisons alone; nil to compare all.
    ///   - findings: What is known of the batch already.
    /// - Throws: ``ScoringError``.
    func inspection(
        of tokens: BatchTokens, judgedBy outside: [OutsideJudges], nearest: NearestCache?, findings: [Finding],
        progress: ProgressHandler
    ) throws(ScoringError) -> Inspection {
        var clock = StageClock()
        let all = tokens.images
        let copiesJudgeOnce = network.settings.copiesJudgeOnce
        var equal = EqualImages(apart: tokens.readable)
        if copiesJudgeOnce {
            let names = all.filter { $0.index != nil }.map(\.name)
            equal = EqualImages(tokens.contents, order: JudgeChoice.order(names))
        }
        if equal.distinct.count == 1, outside.allSatisfy({ $0.count == 0 }) { equal = EqualImages(apart: tokens.readable) }
        let barred = equal.copies(of: barred, among: all)
        let tokens = equal.hasCopies ? tokens.selecting(equal.distinct) : tokens
        let (outside, strangers) = copiesJudgeOnce ? outside.withoutCopies(of: tokens) : (outside, [])
        let (seats, seating) = try seats(of: tokens, outside, barred: barred) {
            TooFewImages(all, copies: equal.position.count - equal.distinct.count)
        }
        clock.finish("images of one part")
        let comparison = PatchComparison(network: network, region: region)
        let search = comparison.findingOnSearch(panel: seats.panel, judges: seats.mayJudge + seats.panel.judging.count)
        let compared = try comparison.compare(tokens, by: seats, nearest: nearest, progress: progress)
        clock.finish("mutual scoring")
        let shapes = PhotographSurvey(tokens.images).findings(on: outside)
        var inspection = Verdict(network: network, region: region).inspection(
            of: compared, images: tokens.images, features: tokens.imageFeatures.flatMap { $0 }, clock: clock,
            findings: findings + equal.findings(all) + seating + strangers + shapes + [search].compactMap { $0 } + compared.findings)
        clock = StageClock()
        inspection.evidence = EvidenceSearch(comparison: comparison)
            .evidence(for: inspection.images, tokens: tokens, by: Seats(batch: seats.batch, own: seats.own, panel: compared.panel))
        clock.finish("nearest places")
        inspection.timings += clock.timings
        inspection.barred = barred
        return equal.spread(inspection, to: all)
    }

    /// Settles who judges whom.
    ///
    /// - Returns: The seats, and what is to be said of them.
    private func seats(
        of tokens: BatchTokens, _ outside: [OutsideJudges], barred: Set<String>, tooFew: () -> TooFewImages
    ) throws(ScoringError) -> (Seats, [Finding]) {
        let settings = network.settings
        let (outside, blankJudges) = settings.looksForTwins ? outside.withoutBlank : (outside, [])
        var survey = PartSurvey(outside, batch: tokens.readable, settings: settings)
        let wanted = settings.subsets > 1 ? tokens.readable : network.estimate.judgeCount(of: tokens.readable)
        let (parts, own) = survey.seat(tokens, wanted: wanted, barred: barred)
        let seats = Seats(batch: parts, own: own, panel: survey.panel, barred: barred)
        let images = tokens.images.filter { $0.index != nil }
        if seats.areComplete {
            guard tokens.readable >= seats.panel.leastBatch else { throw .tooFewImages(tooFew()) }
            let found = parts.findings(images: images, blank: tokens.looks.map { $0?.blank }, barred: barred, settings)
            return (seats, blankJudges + found + seats.panel.findingsOnParts)
        }
        // Where all show one part, or nothing, there is nobody else to judge.
        var apart = Seats(
            batch: BatchParts(apart: tokens.readable), own: [],
            panel: JudgePanel(outside, batch: tokens.readable, settings: settings), barred: barred)
        guard tokens.readable >= apart.panel.leastBatch else { throw .tooFewImages(tooFew()) }
        let allowed = images.indices.filter { !barred.contains(images[$0].name) }
        for index in images.indices { apart.batch.isFirst[index] = !barred.contains(images[index].name) }
        apart.own = apart.panel.batchJudges ? network.estimate.judges(among: allowed.map { images[$0].name }).map { allowed[$0] } : []
        guard barred.isEmpty || apart.areComplete else { throw .tooFewImages(tooFew()) }
        let isIgnored = Set(parts.numbers).count < tokens.readable || allowed.contains { !parts.isFirst[$0] }
        let ignored: [Finding] = isIgnored ? [.partsIgnored] : []
        return (apart, blankJudges + ignored)
    }
}
