import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport

/// Scores a batch block by block, by judges that are fixed: with the memory of these and one block.
struct BlockRoute: Sendable {
    let network: SizedNetwork
    /// The patches that count; nil for all.
    let region: PatchRegion?
    /// Where tokens are looked for and kept; nil for nowhere.
    let cache: TokenCache?
    /// Names of the batch's images that never judge.
    var barred: Set<String> = []

    private var settings: ScoringSettings { network.settings }
    private var grid: PatchGrid { network.grid }
    private var extraction: FeatureExtraction { FeatureExtraction(network: network, cache: cache) }

    /// Scores the images of one batch by a chosen number of its images, holding the tokens of these and of one block of
    /// others at a time; the scores are those of ``WholeRoute`` with the same judges.
    ///
    /// Subsets and the search for recurring marks need all tokens at once, and are not for this way.
    ///
    /// - Parameters:
    ///   - count: How many of the batch's images judge; `settings.judges` is not looked at.
    ///   - Others as for ``WholeRoute``.
    /// - Throws: ``ScoringError``.
    func inspection(
        of files: [BatchFile], judges count: Int, judgedBy outside: [OutsideJudges], findings: [Finding],
        progress: ProgressHandler
    ) throws(ScoringError) -> Inspection {
        let total = files.count
        // Tokens of more images than the cache holds would push each other out before they are asked for again.
        guard cache.map({ total * network.estimate.tokenBytesOfImage <= $0.byteLimit }) ?? true else {
            return try BlockRoute(network: network, region: region, cache: nil, barred: barred).inspection(
                of: files, judges: count, judgedBy: outside, findings: findings, progress: progress)
        }
        let (outside, blankJudges) = settings.looksForTwins ? outside.withoutBlank : (outside, [])
        let clock = ContinuousClock.now
        let survey = PartSurvey(outside, batch: total, settings: settings)
        let (positions, own, seated) = try ownJudges(count, of: files, survey, progress: progress)
        let seconds = (ContinuousClock.now - clock) / .seconds(1)
        let judges = ChosenJudges(
            positions: positions, own: own, seated: seated, calibration: try calibration(of: seated, by: own))
        if judges.panel.judging.isEmpty, own.readable < 2 {
            throw .tooFewImages(TooFewImages(try extraction.tokens(of: files, progress: progress).images))
        }
        var batch = try score(
            files[...], from: 0, by: judges, completed: 0, total: total, progress: progress)
        batch.featureSeconds += seconds
        let shapes = PhotographSurvey(batch.images).findings(on: outside)
        return try inspection(of: batch, by: judges, findings: findings + blankJudges + shapes)
    }

    /// What the images that never judge show: so their copies and twins do not judge either.
    private func barredLooks(among files: [BatchFile]) throws(ScoringError) -> [(name: String, content: ContentDigest, look: ImageLook?)] {
        let named = files.filter { barred.contains($0.name) }
        var looks: [(name: String, content: ContentDigest, look: ImageLook?)] = []
        for start in stride(from: 0, to: named.count, by: blockSize) {
            let tokens = try extraction.tokens(of: Array(named[start..<min(start + blockSize, named.count)])) { _ in true }
            for image in tokens.images {
                if let index = image.index { looks.append((image.name, tokens.contents[index], tokens.looks[index])) }
            }
        }
        return looks
    }

    /// The batch's own judges: of the seeded order the first that can be read, show a part and are no copy or twin of one
    /// before.
    ///
    /// - Parameter wanted: How many there are to be where the batch's images judge.
    /// - Returns: Their positions, ascending, their tokens in that order, and the parts of all judges; of the last files
    ///   tried none may be readable, and fewer judges be found.
    private func ownJudges(
        _ wanted: Int, of files: [BatchFile], _ survey: PartSurvey, progress: ProgressHandler
    ) throws(ScoringError) -> (positions: [Int], tokens: BatchTokens, seated: SeatedJudges) {
        var survey = survey
        var rest = JudgeChoice.order(files.map(\.name)).filter { !barred.contains(files[$0].name) }[...]
        var waiting: [(position: Int, tokens: BatchTokens, index: Int)] = []
        var found: [(position: Int, part: Int, tokens: BatchTokens, index: Int)] = []
        var contents: Set<ContentDigest> = []
        let count = survey.panel.batchJudges ? JudgeChoice.count(wanted) : 0
        let silent = count > 0 && !barred.isEmpty ? try barredLooks(among: files) : []
        if settings.copiesJudgeOnce { contents.formUnion(silent.map(\.content)) }
        // Before any is met, so many say what parts differ by.
        let sample = min(TwinSearch.sampleCount, count)
        var hasBegun = false
        while found.count < count, !rest.isEmpty || !waiting.isEmpty {
            let tried = rest.prefix(count - found.count - waiting.count)
            rest = rest.dropFirst(tried.count)
            let tokens = try extraction.tokens(of: tried.map { files[$0] }) { _ in
                progress(Progress(stage: .features, completed: 0, total: files.count))
            }
            for (position, image) in zip(tried, tokens.images) {
                guard let index = image.index else { continue }
                // A copy of a judge is no further judge.
                if settings.copiesJudgeOnce, !contents.insert(tokens.contents[index]).inserted { continue }
                waiting.append((position, tokens, index))
            }
            if !hasBegun {
                guard waiting.count >= sample || rest.isEmpty else { continue }
                survey.begin(usual: PartSurvey.usual(waiting.prefix(count).map { $0.tokens.looks[$0.index] }, settings))
                for (image, key) in zip(silent, survey.keys(of: silent.map(\.name))) { _ = survey.meetBarred(key: key, look: image.look) }
                hasBegun = true
            }
            let keys = survey.keys(of: waiting.map { files[$0.position].name })
            let looks = waiting.map { $0.tokens.looks[$0.index] }
            for (place, (judge, key)) in zip(waiting, keys).enumerated() {
                survey.foresee(looks, from: place, areKept: true)
                let met = survey.meet(key: key, look: judge.tokens.looks[judge.index], isJudge: true)
                if met.isFirst { found.append((judge.position, met.part, judge.tokens, judge.index)) }
            }
            waiting = []
        }
        survey.end()
        found.sort { $0.position < $1.position }
        var own = BatchTokens(images: [], layers: settings.featureLayers.map { _ in [] }, imageFeatures: [])
        do throws(SpillError) {
            for judge in found {
                let images = judge.tokens.images.filter { $0.index != nil }
                own.append(
                    try judge.tokens.imageTokens(judge.index), of: images[judge.index], look: judge.tokens.looks[judge.index])
            }
        } catch {
            throw .spill(error)
        }
        let seated = SeatedJudges(survey: survey, partOfOwn: found.map(\.part)).complete
        return (found.map(\.position), own, seated)
    }

    /// Scores the images from outside that set the threshold, and finds those that stand out.
    ///
    /// - Parameter own: The tokens of the batch's own judges; empty where those from outside judge alone.
    /// - Throws: ``ScoringError/cancelled``.
    func calibration(
        of seated: SeatedJudges, by own: BatchTokens, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> ChosenJudges.Calibration {
        guard !seated.survey.panel.members.isEmpty else { return ChosenJudges.Calibration() }
        var all = settings
        // The judges are chosen already, and marks are looked for in whole batches only.
        (all.judges, all.subsets, all.recurringMarks) = (.all, 1, .ignore)
        let compared = try PatchComparison(network: network.with(all), region: region)
            .compare(own, by: seated.seats, nearest: nil, progress: progress)
        return ChosenJudges.Calibration(scores: compared.calibration, judgments: compared.judgments)
    }

    /// The batch's scores from its maps, by judges that were fixed.
    ///
    /// - Throws: ``ScoringError/tooFewImages(_:)``.
    ///
    /// - Parameter findings: What is known of the batch already.
    func inspection(
        of batch: ScoredBlock, by judges: ChosenJudges, findings: [Finding]
    ) throws(ScoringError) -> Inspection {
        let readable = batch.readable
        let canJudge = judges.panel.batchJudges && readable >= 2 || !judges.panel.judging.isEmpty
        guard canJudge, readable >= judges.panel.leastBatch else {
            throw .tooFewImages(TooFewImages(batch.images))
        }
        let (equal, all) = (copies(in: batch), batch.images)
        let barred = equal.copies(of: barred, among: all)
        let batch = batch.selecting(equal.distinct, patches: grid.count)
        let parts = parts(of: batch, judges: judges, barred: barred)
        let compared = ComparedBatch(
            panel: judges.panel, parts: parts, maps: batch.maps, calibration: judges.calibration.scores, recurring: [],
            judgments: judges.calibration.judgments, findings: judges.findings)
        let choice = judges.count(among: batch.readable).map { [network.estimate.findingOnJudges($0, of: batch.readable)] } ?? []
        let unsought: [Finding] = settings.recurringMarks == .count && judges.panel.batchJudges ? [.marksUnsearchedInBlocks] : []
        var scores = Verdict(network: network, region: region).inspection(
            of: compared, images: batch.images, features: batch.features, clock: StageClock(),
            findings: equal.findings(all) + batch.findings(on: parts, barred: barred, settings) + judges.panel.findingsOnParts + findings
                + choice
                + compared.findings + unsought)
        // What each block kept, of those that stand out in the whole batch.
        let kept = Dictionary(batch.evidence.map { ($0.image, $0) }, uniquingKeysWith: { first, _ in first })
        scores.evidence = EvidenceSearch.lookedAtFirst(scores.images.filter { $0.index != nil }).compactMap { kept[$0.name] }
        scores.timings =
            [
                StageTiming(stage: "features", seconds: batch.featureSeconds),
                StageTiming(stage: "mutual scoring", seconds: batch.scoringSeconds),
            ] + scores.timings
        scores.barred = barred
        return equal.spread(scores, to: all)
    }

    /// Which images show the same part: those of a judge, and those that a name names.
    private func parts(of batch: ScoredBlock, judges: ChosenJudges, barred: Set<String>) -> BatchParts {
        var parts = BatchParts(apart: batch.readable)
        let names = batch.images.filter { $0.index != nil }.map(\.name)
        let keys = settings.samePart?.parts(of: names)
        var numbers: [String: Int] = [:]
        // Numbers of judges' parts, then of those that names name, then of the others.
        let known = batch.parts.map { $0.number ?? -1 }
        var next = (known.max() ?? -1) + 1
        for (index, number) in known.enumerated() where number >= 0 {
            if let key = keys?[index], numbers[key] == nil { numbers[key] = number }
        }
        for (index, part) in batch.parts.enumerated() {
            parts.isFirst[index] = part.isFirst && !barred.contains(names[index])
            if known[index] >= 0 {
                parts.numbers[index] = known[index]
            } else if let key = keys?[index], let number = numbers[key] {
                parts.numbers[index] = number
            } else {
                parts.numbers[index] = next
                if let key = keys?[index] { numbers[key] = next }
                next += 1
            }
        }
        return parts
    }

    /// Which images show the same: one of each speaks for all in what needs all images together.
    private func copies(in batch: ScoredBlock) -> EqualImages {
        let width = network.model.featureWidth
        guard settings.copiesJudgeOnce, batch.features.count == batch.readable * width else {
            return EqualImages(apart: batch.readable)
        }
        let names = batch.images.filter { $0.index != nil }.map(\.name)
        let contents = (0..<batch.readable).map { ContentDigest(ofFeature: Array(batch.features[$0 * width..<($0 + 1) * width])) }
        let equal = EqualImages(contents, order: JudgeChoice.order(names))
        return equal.distinct.count == 1 ? EqualImages(apart: batch.readable) : equal
    }
}

// MARK: Blocks

extension BlockRoute {
    /// How many images are taken at once: enough that preparing the judges again for every block costs little, and few
    /// enough that their tokens keep to some 256 MB, unless 16 images take more.
    var blockSize: Int {
        let bytes = settings.featureLayers.count * grid.count * settings.backbone.width * MemoryLayout<Float>.stride
        return min(max((256 << 20) / max(bytes, 1), 16), 128)
    }

    /// Scores files block by block, by judges that are fixed.
    ///
    /// - Parameters:
    ///   - first: The position of the first of the files in the batch, by which judges among them are known.
    ///   - completed, total: What `progress` is told was done before, and what there is to do.
    /// - Throws: ``ScoringError/cancelled``.
    func score(
        _ files: ArraySlice<BatchFile>, from first: Int, by judges: ChosenJudges,
        completed: Int, total: Int, progress: ProgressHandler
    ) throws(ScoringError) -> ScoredBlock {
        var result = ScoredBlock()
        for start in stride(from: files.startIndex, to: files.endIndex, by: blockSize) {
            let block = files[start..<min(start + blockSize, files.endIndex)]
            let done = completed + start - files.startIndex
            result.append(
                try score(block: Array(block), from: first + start - files.startIndex, by: judges) {
                    progress(Progress(stage: .features, completed: done + $0.completed, total: total))
                })
        }
        return result
    }

    private func score(
        block files: [BatchFile], from first: Int, by judges: ChosenJudges,
        progress: ProgressHandler
    ) throws(ScoringError) -> ScoredBlock {
        var clock = StageClock()
        let others = files.indices.filter { judges.place(of: first + $0) == nil }
        let computed = try FeatureExtraction(network: network, cache: cache)
            .tokens(of: others.map { files[$0] }, progress: progress)
        clock.finish("features")

        let contents = computed.contents
        let keys = settings.samePart?.parts(of: computed.images.map(\.name)) ?? computed.images.map { _ in nil }
        let founds = parts(of: computed, keys: keys, by: judges)
        let places =
            settings.copiesJudgeOnce
            ? Dictionary(judges.own.contents.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }) : [:]
        // The judges come first, then those from outside, then what is only judged.
        let ownCount = judges.own.readable
        let base = ownCount + judges.panel.members.count
        var block = ScoredBlock()
        var judged: [Int] = []
        var next = computed.images.startIndex
        for (offset, file) in files.enumerated() {
            var image: ScoredImage
            if let place = judges.place(of: first + offset) {
                image = judges.own.images[place]
                (image.name, image.path, image.index) = (file.name, file.path, judged.count)
                judged.append(place)
                block.features += judges.own.imageFeatures[place]
                block.parts.append(ScoredBlock.Part(number: judges.partOfOwn[place], isFirst: true))
            } else {
                image = computed.images[next]
                let found = founds[next]
                next += 1
                if let index = image.index {
                    block.parts.append(
                        ScoredBlock.Part(
                            number: found?.part, isFirst: found?.isFirst ?? true, blank: computed.looks[index]?.blank))
                    image.index = judged.count
                    // A copy of a judge is judged as that judge is: by the others.
                    judged.append(places[contents[index]] ?? base + index)
                    block.features += computed.imageFeatures[index]
                }
            }
            block.images.append(image)
        }
        block.readable = judged.count
        do throws(SpillError) {
            block.maps = try patchMaps(judged, block.parts.map(\.number), among: computed, by: judges)
        } catch {
            throw .spill(error)
        }
        block.evidence = evidence(of: block, at: judged, among: computed, by: judges)
        clock.finish("mutual scoring")
        (block.featureSeconds, block.scoringSeconds) = (clock.timings[0].seconds, clock.timings[1].seconds)
        return block
    }

    /// What the peaks of a block's highest scores were compared with. Which of these the whole batch looks at first is not
    /// known yet, so that twice as many are taken as of a batch that is scored at once.
    private func evidence(of block: ScoredBlock, at judged: [Int], among others: BatchTokens, by judges: ChosenJudges) -> [PeakEvidence] {
        let verdict = Verdict(network: network, region: region)
        var readable = block.images.filter { $0.index != nil }
        for (index, peak) in verdict.peaks(of: block.maps).enumerated() {
            readable[index].score = peak.score
            readable[index].peak = readable[index].size.map { verdict.peak(peak, in: readable[index].frame, size: $0) }
        }
        let highest = readable.sorted { ($0.score ?? 0) > ($1.score ?? 0) }
            .prefix(min((2 * readable.count + 4) / 5, EvidenceSearch.mostEvidence))
        let (own, panel) = (judges.own, judges.panel)
        return EvidenceSearch(comparison: PatchComparison(network: network, region: region)).evidence(
            for: highest.compactMap { image in image.index.map { (image, judged[$0]) } },
            judges: (panel.batchJudges ? Array(0..<own.readable) : []) + panel.judging.map { own.readable + $0 },
            parts: parts(of: judged, block.parts.map(\.number), others: others.readable, judges), count: own.readable,
            images: own.layers.indices.map { own.layers[$0] + others.layers[$0] },
            names: own.images.filter { $0.index != nil }, panel: panel)
    }

    /// Of each image of the block what judges know of its part; nil for unreadable ones and where they know nothing.
    private func parts(of computed: BatchTokens, keys: [String?], by judges: ChosenJudges) -> [PartFinder.Found?] {
        concurrentMap(computed.images.count, threads: settings.threads) { position in
            guard let index = computed.images[position].index else { return nil }
            let look = settings.looksForTwins ? computed.looks[index] : nil
            return judges.finder.known(key: keys[position], look: look)
                ?? (settings.looksForTwins && look?.blank != nil ? PartFinder.Found(part: nil, isFirst: false) : nil)
        }
    }

    /// Which images show the same part: the judges', those from outside, and so many others.
    ///
    /// - Parameter numbers: Of the judged images' parts; nil for parts of their own.
    private func parts(of judged: [Int], _ numbers: [Int?], others: Int, _ judges: ChosenJudges) -> ImageParts {
        let first = judges.own.readable + judges.panel.members.count
        var partOfImage = judges.partOfOwn + judges.panel.partOfMember
        // Numbers from the judges' on are nobody's.
        partOfImage += (0..<others).map { judges.finder.count + $0 }
        for (image, number) in zip(judged, numbers) where image >= first {
            if let number { partOfImage[image] = number }
        }
        return ImageParts(partOfImage)
    }

    /// The mean over layers and degrees of the patch scores of `judged`, which count through the batch's judges, those
    /// from outside, and `others`.
    ///
    /// - Parameter numbers: Of the judged images' parts; nil for parts of their own.
    private func patchMaps(
        _ judged: [Int], _ numbers: [Int?], among others: BatchTokens, by judges: ChosenJudges
    ) throws(SpillError) -> [Float] {
        let (own, panel) = (judges.own, judges.panel)
        guard !judged.isEmpty else { return [] }
        // Copies of a judge are that judge, which is scored once.
        var rows: [Int: Int] = [:]
        var once: [Int] = []
        for image in judged where rows[image] == nil {
            rows[image] = once.count
            once.append(image)
        }
        var maps = LayerMean(count: once.count * grid.count)
        let judging = (panel.batchJudges ? Array(0..<own.readable) : []) + panel.judging.map { own.readable + $0 }
        let comparison = PatchComparison(network: network, region: region)
        let scoring = comparison.mutualScoring
        let parts = parts(of: judged, numbers, others: others.readable, judges)
        for layer in settings.featureLayers.indices {
            let standardised = try comparison.standardised(own.layers[layer] + panel.layers[layer] + others.layers[layer])
            let scores = scoring.patchScores(
                of: standardised, degrees: settings.degrees, judged: once, judges: judging, parts: parts)
            maps.add(scores[...], of: settings.featureLayers.count)
        }
        let good = comparison.vouching(panel, parts: parts, from: own.readable)
        if let word = try comparison.word(
            of: good, on: once, layers: own.layers.indices.map { own.layers[$0] + panel.layers[$0] + others.layers[$0] }, parts)
        {
            maps.bound(by: word)
        }
        guard once.count < judged.count else { return maps.values }
        return judged.flatMap { image in
            let first = (rows[image] ?? 0) * grid.count
            return maps.values[first..<first + grid.count]
        }
    }
}
