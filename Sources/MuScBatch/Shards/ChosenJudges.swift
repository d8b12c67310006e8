import MuScScoring

/// The images that judge a batch which is scored block by block: chosen ones of its own, and those from outside.
///
/// With the judges fixed, an image's patch scores depend on that image and the judges alone; so the batch can be scored
/// in pieces, in any order and on any machine, with the memory of the judges and one piece.
struct ChosenJudges: Sendable {
    /// Positions of the batch's own judges among its files, ascending.
    private(set) var positions: [Int]
    /// The tokens of the batch's own judges, in the same order; all are readable.
    private(set) var own: BatchTokens
    /// The judges from outside, without those that stand out.
    private(set) var panel: JudgePanel
    /// What the images from outside say of the threshold.
    let calibration: Calibration
    private let placeOfPosition: [Int: Int]

    /// The part that concerns the threshold, and is told in the results.
    struct Calibration: Sendable, Hashable, Codable {
        /// The score of each image from outside that sets the threshold, by the judges less itself.
        var scores: [Float] = []
        /// Who judged from outside.
        var judgments: [OutsideJudgment] = []

        /// Names of known good images that stand out and were left out.
        var standingOut: [String] { judgments.flatMap(\.standingOut) }
    }

    /// - Parameters:
    ///   - panel: All images from outside; those that `calibration` leaves out are taken away.
    ///   - calibration: What ``BatchScorer/calibration(of:by:)`` made of the same images.
    init(positions: [Int], own: BatchTokens, panel: JudgePanel, calibration: Calibration) {
        self.positions = positions
        self.own = own
        self.panel = panel.without(calibration.standingOut)
        self.calibration = calibration
        placeOfPosition = Dictionary(zip(positions, positions.indices), uniquingKeysWith: { first, _ in first })
    }

    /// The index among ``own`` of the batch's file at this position; nil where it does not judge.
    func place(of position: Int) -> Int? { placeOfPosition[position] }

    /// What somebody should look at.
    var findings: [Finding] {
        let names = calibration.standingOut
        return names.isEmpty ? [] : [.knownGoodStandOut(names)]
    }

    /// How many of so many readable images judged, where not all did; else nil.
    func count(among readable: Int) -> Int? {
        panel.batchJudges && positions.count < readable ? positions.count : nil
    }
}

extension JudgePanel {
    /// The panel without the calibrating members of these names.
    func without(_ names: [String]) -> JudgePanel {
        var copy = self
        copy.remove(Set(calibrating.filter { names.contains(members[$0].name) }))
        return copy
    }
}

extension BatchScorer {
    /// Scores the images from outside that set the threshold, and finds those that stand out.
    ///
    /// - Parameter own: The tokens of the batch's own judges; empty where those from outside judge alone.
    /// - Throws: ``ScoringError/cancelled``.
    func calibration(
        of panel: JudgePanel, by own: BatchTokens, progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> ChosenJudges.Calibration {
        guard !panel.members.isEmpty else { return ChosenJudges.Calibration() }
        var all = settings
        // The judges are chosen already, and marks are looked for in whole batches only.
        (all.judges, all.subsets, all.recurringMarks) = (.all, 1, .ignore)
        let judged = try with(all).judged(own, by: panel, nearest: nil, progress: progress)
        return ChosenJudges.Calibration(scores: judged.calibration, judgments: judged.judgments)
    }
}

/// What a piece of a batch came to.
struct ScoredBlock: Sendable {
    /// One entry a file, in the order given; `index` counts the block's readable images.
    var images: [ScoredImage] = []
    /// The number of images that could be read.
    var readable = 0
    /// `[readable, grid.count]` row-major.
    var maps: [Float] = []
    /// `[readable, featureWidth]` row-major.
    var features: [Float] = []
    /// Seconds of wall-clock time of the two stages.
    var featureSeconds = 0.0
    var scoringSeconds = 0.0

    /// Adds the files that follow.
    mutating func append(_ other: ScoredBlock) {
        images += other.images.map { image in
            var image = image
            image.index = image.index.map { $0 + readable }
            return image
        }
        readable += other.readable
        maps += other.maps
        features += other.features
        featureSeconds += other.featureSeconds
        scoringSeconds += other.scoringSeconds
    }
}

extension BatchScorer {
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
        _ files: ArraySlice<BatchFile>, from first: Int, by judges: ChosenJudges, cache: TokenCache? = nil,
        completed: Int, total: Int, progress: ProgressHandler
    ) throws(ScoringError) -> ScoredBlock {
        var result = ScoredBlock()
        for start in stride(from: files.startIndex, to: files.endIndex, by: blockSize) {
            let block = files[start..<min(start + blockSize, files.endIndex)]
            let done = completed + start - files.startIndex
            result.append(
                try score(block: Array(block), from: first + start - files.startIndex, by: judges, cache: cache) {
                    progress(Progress(stage: .features, completed: done + $0.completed, total: total))
                })
        }
        return result
    }

    private func score(
        block files: [BatchFile], from first: Int, by judges: ChosenJudges, cache: TokenCache?,
        progress: ProgressHandler
    ) throws(ScoringError) -> ScoredBlock {
        var clock = StageClock()
        let others = files.indices.filter { judges.place(of: first + $0) == nil }
        let computed = try tokens(of: others.map { files[$0] }, cache: cache, progress: progress)
        clock.finish("features")

        let contents = computed.contents
        let places = settings.copiesJudgeOnce
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
            } else {
                image = computed.images[next]
                next += 1
                if let index = image.index {
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
            block.maps = try patchMaps(judged, among: computed, by: judges)
        } catch {
            throw .spill(error)
        }
        clock.finish("mutual scoring")
        (block.featureSeconds, block.scoringSeconds) = (clock.timings[0].seconds, clock.timings[1].seconds)
        return block
    }

    /// The mean over layers and degrees of the patch scores of `judged`, which count through the batch's judges, those
    /// from outside, and `others`.
    private func patchMaps(
        _ judged: [Int], among others: BatchTokens, by judges: ChosenJudges
    ) throws(SpillError) -> [Float] {
        let (own, panel) = (judges.own, judges.panel)
        var maps = [Float](repeating: 0, count: judged.count * grid.count)
        guard !judged.isEmpty else { return maps }
        let judging = (panel.batchJudges ? Array(0..<own.readable) : []) + panel.judging.map { own.readable + $0 }
        let scoring = mutualScoring
        for layer in settings.featureLayers.indices {
            let standardised = try standardised(own.layers[layer] + panel.layers[layer] + others.layers[layer])
            let scores = scoring.patchScores(
                of: standardised, degrees: settings.degrees, judged: judged, judges: judging)
            for index in maps.indices { maps[index] += scores[index] / Float(settings.featureLayers.count) }
        }
        return maps
    }
}
