import MuScBackbone
import MuScScoring

extension BatchScorer {
    /// Scores the images of one batch by a chosen number of its images, holding the tokens of these and of one block of
    /// others at a time; the scores are those of ``score(_:judgedBy:progress:)`` with the same judges.
    ///
    /// Subsets and the search for recurring marks need all tokens at once, and are not for this way.
    ///
    /// - Parameters:
    ///   - count: How many of the batch's images judge; `settings.judges` is not looked at.
    ///   - cache: Where tokens are looked for and kept; nil for nowhere.
    ///   - Others as for ``score(_:judgedBy:progress:)``.
    /// - Throws: ``ScoringError``.
    public func scoresInBlocks(
        of files: [BatchFile], judges count: Int, judgedBy outside: [OutsideJudges] = [], cache: TokenCache? = nil,
        progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        let total = files.count
        // Tokens of more images than the cache holds would push each other out before they are asked for again.
        let cache = cache.flatMap { total * tokenBytesOfImage <= $0.byteLimit ? $0 : nil }
        let panel = JudgePanel(outside, batch: total, settings: settings)
        let clock = ContinuousClock.now
        let (positions, own) = try ownJudges(panel.batchJudges ? count : 0, of: files, cache: cache, progress: progress)
        let seconds = (ContinuousClock.now - clock) / .seconds(1)
        let judges = ChosenJudges(
            positions: positions, own: own, panel: panel, calibration: try calibration(of: panel, by: own))
        if panel.judging.isEmpty, own.readable < 2 {
            throw .tooFewImages(TooFewImages(try tokens(of: files, cache: cache, progress: progress).images))
        }
        var batch = try score(
            files[...], from: 0, by: judges, cache: cache, completed: 0, total: total, progress: progress)
        batch.featureSeconds += seconds
        return try conclude(batch, by: judges)
    }

    /// The batch's own judges: the first of the seeded order that can be read.
    ///
    /// - Returns: Their positions, ascending, and their tokens in that order; of the last files tried none may be
    ///   readable, and fewer judges be found.
    private func ownJudges(
        _ wanted: Int, of files: [BatchFile], cache: TokenCache?, progress: ProgressHandler
    ) throws(ScoringError) -> (positions: [Int], tokens: BatchTokens) {
        var rest = JudgeChoice.order(files.map(\.name))[...]
        var found: [(position: Int, image: ScoredImage, tokens: ImageTokens)] = []
        var contents: Set<ContentDigest> = []
        let count = wanted > 0 ? JudgeChoice.count(wanted) : 0
        while found.count < count, !rest.isEmpty {
            let tried = rest.prefix(count - found.count)
            rest = rest.dropFirst(tried.count)
            let tokens = try tokens(of: tried.map { files[$0] }, cache: cache) { _ in
                progress(Progress(stage: .features, completed: 0, total: files.count))
            }
            for (position, image) in zip(tried, tokens.images) {
                guard let index = image.index else { continue }
                // A copy of a judge is no further judge.
                if settings.copiesJudgeOnce, !contents.insert(tokens.contents[index]).inserted { continue }
                do throws(SpillError) {
                    found.append((position, image, try tokens.imageTokens(index)))
                } catch {
                    throw .spill(error)
                }
            }
        }
        found.sort { $0.position < $1.position }
        var own = BatchTokens(images: [], layers: settings.featureLayers.map { _ in [] }, imageFeatures: [])
        for judge in found { own.append(judge.tokens, of: judge.image) }
        return (found.map(\.position), own)
    }

    /// The batch's scores from its maps, by judges that were fixed.
    ///
    /// - Throws: ``ScoringError/tooFewImages(_:)``.
    func conclude(_ batch: ScoredBlock, by judges: ChosenJudges) throws(ScoringError) -> Inspection {
        let readable = batch.readable
        let canJudge = judges.panel.batchJudges && readable >= 2 || !judges.panel.judging.isEmpty
        guard canJudge, readable >= judges.panel.leastBatch else {
            throw .tooFewImages(TooFewImages(batch.images))
        }
        let judged = Judged(
            panel: judges.panel, maps: batch.maps, calibration: judges.calibration.scores, recurring: [],
            judgments: judges.calibration.judgments, findings: judges.findings)
        let choice = judges.count(among: readable).map { [findingOnJudges($0, of: readable)] } ?? []
        let unsought: [Finding] = settings.recurringMarks == .count && judges.panel.batchJudges ? [.marksUnsearchedInBlocks] : []
        var scores = conclude(
            judged, images: batch.images, features: batch.features, clock: StageClock(),
            findings: preparation + choice + judged.findings + unsought)
        scores.timings = [
            StageTiming(stage: "features", seconds: batch.featureSeconds),
            StageTiming(stage: "mutual scoring", seconds: batch.scoringSeconds),
        ] + scores.timings
        return scores
    }
}
