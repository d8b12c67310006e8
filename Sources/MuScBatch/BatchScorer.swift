import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

/// Scores the images of a batch by each other: the whole of MuSc, from files to scores.
///
///     let scorer = try BatchScorer(settings: settings, weights: weights)
///     let scores = try scorer.score(files)
///     for image in scores.images where image.flagged { print(image.name, image.score ?? 0) }
public struct BatchScorer: Sendable {
    public internal(set) var settings: ScoringSettings
    /// The network, for images of a tile's size.
    public internal(set) var model: VisionTransformer
    /// How photographs are cut for the network: one tile where it sees them whole.
    public internal(set) var tiles: TilePlan
    /// The patches that count; nil for all.
    public internal(set) var region: PatchRegion?
    /// What ``prepared(for:region:)`` found.
    public internal(set) var preparation: [Finding] = []

    /// Makes the network ready; the scorer can then be used for any number of batches, from any thread.
    ///
    /// - Throws: ``BackboneError`` where settings and weights do not fit the backbone.
    public init(settings: ScoringSettings, weights: BackboneWeights) throws(BackboneError) {
        self.settings = settings
        tiles = Self.tiles(settings)
        let patch = settings.backbone.patch
        // A side that the patch does not divide is refused as it was given.
        let fits = settings.imageSize.width % patch == 0 && settings.imageSize.height % patch == 0
        model = try VisionTransformer(
            description: settings.backbone, weights: weights,
            imageWidth: fits ? tiles.tileWidth * patch : settings.imageSize.width,
            imageHeight: fits ? tiles.tileHeight * patch : settings.imageSize.height,
            featureLayers: settings.featureLayers, activation: settings.activation,
            precision: settings.networkPrecision, imageFeature: settings.imageFeature,
            threads: settings.threads)
    }

    private static func tiles(_ settings: ScoringSettings) -> TilePlan {
        let patch = settings.backbone.patch
        return TilePlan(
            gridWidth: max(settings.imageSize.width / patch, 1), gridHeight: max(settings.imageSize.height / patch, 1),
            longest: settings.tile)
    }

    /// The same network for images of another size; the two share the weights.
    ///
    /// - Throws: ``BackboneError`` for a size that does not fit.
    public func resized(to size: ImageSize) throws(BackboneError) -> BatchScorer {
        let patch = settings.backbone.patch
        for side in [size.width, size.height] where side < patch || side % patch != 0 {
            throw .imageSize(side, backbone: settings.backbone)
        }
        var copy = self
        copy.settings.imageSize = size
        copy.tiles = Self.tiles(copy.settings)
        copy.model = try model.resized(imageWidth: copy.tiles.tileWidth * patch, imageHeight: copy.tiles.tileHeight * patch)
        copy.region = nil
        return copy
    }

    /// How the patches of every image lie.
    public var grid: PatchGrid { PatchGrid(width: tiles.gridWidth, height: tiles.gridHeight) }

    /// Scores the images of one batch, on the calling thread and as many more as the settings allow.
    ///
    /// - Parameters:
    ///   - files: The batch's images; at least two must be readable, or one where images from outside judge it.
    ///   - outside: Images from outside the batch that judge along; at most one group of each origin.
    ///   - progress: Called after each step, from any thread; answering false ends the work soon.
    /// - Throws: ``ScoringError``.
    public func score(
        _ files: [BatchFile], judgedBy outside: [OutsideJudges] = [], progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        var clock = StageClock()
        let scorer = try prepared(for: files)
        let tokens = try scorer.tokens(of: files, progress: progress)
        clock.finish("features")
        return try scorer.scores(of: tokens, judgedBy: outside, nearest: nil, clock: clock, progress: progress)
    }

    /// Scores images whose tokens are there already.
    ///
    /// - Parameters:
    ///   - tokens: Of this scorer's network, size and layers.
    ///   - outside, progress: As for ``score(_:judgedBy:progress:)``.
    ///   - nearest: Where the batch finds what it kept when it was scored before, so that images which came or went
    ///     cost their own comparisons alone; nil to compare all.
    /// - Throws: ``ScoringError``.
    public func scores(
        of tokens: BatchTokens, judgedBy outside: [OutsideJudges] = [], nearest: NearestCache? = nil,
        progress: ProgressHandler = { _ in true }
    ) throws(ScoringError) -> Inspection {
        try scores(of: tokens, judgedBy: outside, nearest: nearest, clock: StageClock(), progress: progress)
    }

    func scores(
        of tokens: BatchTokens, judgedBy outside: [OutsideJudges], nearest: NearestCache?, clock: StageClock,
        progress: ProgressHandler
    ) throws(ScoringError) -> Inspection {
        var clock = clock
        let panel = JudgePanel(outside, batch: tokens.readable, settings: settings)
        guard tokens.readable >= panel.leastBatch else { throw .tooFewImages(TooFewImages(tokens.images)) }
        let photographs = PhotographSurvey(tokens)
        let shapes = outside.filter { $0.origin == .knownGood }
            .compactMap { photographs.finding(onJudges: PhotographSurvey($0.tokens)) }
        let search = findingOnSearch(panel: panel, judges: tokens.readable + panel.judging.count)
        let judged = try judged(tokens, by: panel, nearest: nearest, progress: progress)
        clock.finish("mutual scoring")
        var inspection = conclude(
            judged, images: tokens.images, features: tokens.imageFeatures.flatMap { $0 }, clock: clock,
            findings: preparation + [photographs.finding].compactMap { $0 } + shapes + [search].compactMap { $0 }
                + judged.findings)
        clock = StageClock()
        inspection.evidence = evidence(for: inspection.images, tokens: tokens, panel: judged.panel)
        clock.finish("nearest places")
        inspection.timings += clock.timings
        return inspection
    }

    /// Makes the batch's scores of its maps: RsCIN, threshold, flags and findings, which need all images together.
    ///
    /// - Parameters:
    ///   - images: All images of the batch; the readable ones' indices count up from 0 in order.
    ///   - features: `[readable, featureWidth]` row-major.
    ///   - findings: What is known already.
    func conclude(
        _ judged: Judged, images: [ScoredImage], features: [Float], clock: StageClock, findings: [Finding]
    ) -> Inspection {
        var (clock, images) = (clock, images)
        let peaks = peaks(of: judged.maps)
        let readable = peaks.count
        let scoresMSM = peaks.map(\.score)
        let (scores, decision) =
            judged.calibration.isEmpty || settings.rscin == .always
            ? rescored(scoresMSM, features: features) : (scoresMSM, .leftToMSM)
        let calibration = decision.applied ? [] : judged.calibration
        let (automatic, reservation) = threshold(for: scores, calibration: calibration, of: judged.panel)
        let threshold = settings.threshold.map(Threshold.fixed) ?? automatic
        let pValues = ConformalThreshold.pValues(of: scores, calibration: calibration)
        for position in images.indices {
            guard let index = images[position].index, let size = images[position].size else { continue }
            images[position].score = scores[index]
            images[position].scoreMSM = scoresMSM[index]
            images[position].pValue = calibration.isEmpty ? nil : pValues[index]
            images[position].flagged = scores[index] >= threshold.value
            images[position].peak = (
                scaled(peaks[index].x, from: settings.imageSize.width, to: size.width),
                scaled(peaks[index].y, from: settings.imageSize.height, to: size.height)
            )
        }
        clock.finish("scores")
        var doubts = settings.threshold == nil ? [reservation].compactMap { $0 } : []
        if readable < Self.fewImages, judged.panel.judging.isEmpty { doubts.append(.fewImages(readable)) }
        let flagged = images.count { $0.flagged }
        if judged.panel.calibration == .knownGood, readable >= Self.fewImages, 2 * flagged > readable {
            doubts.append(.mostFlagged(flagged, of: readable))
        }
        let marks = marks(judged.recurring, in: images)
        return Inspection(
            grid: grid, region: region, images: images, patchMaps: judged.maps, imageFeatures: features,
            featureWidth: settings.featureWidth, threshold: threshold, automaticThreshold: automatic, rscin: decision,
            timings: clock.timings, findings: [settings.findingOnPreset].compactMap { $0 } + findings + doubts + marks.map { .recurringMark($0) },
            outsideJudgments: judged.judgments, recurring: marks)
    }

    /// With fewer images one odd one weighs much, and half of them are no sign of a mistake.
    private static let fewImages = 8

    /// The highest score of each map at the network's size, and where it lies.
    func peaks(of maps: [Float]) -> [(score: Float, x: Int, y: Int)] {
        concurrentMap(maps.count / grid.count, threads: settings.threads) { index in
            PatchMap.peak(
                maps[index * grid.count..<(index + 1) * grid.count], grid: grid,
                width: settings.imageSize.width, height: settings.imageSize.height)
        }
    }

    /// The pixel of the original on which a pixel of the resized image lies.
    private func scaled(_ position: Int, from size: Int, to original: Int) -> Int {
        min(Int((Double(position) + 0.5) * Double(original) / Double(size)), original - 1)
    }
}

/// One file of a batch.
public struct BatchFile: Sendable, Hashable {
    public var path: FilePath
    /// The name relative to the batch's folder, for people.
    public var name: String
    /// The folder that the file must lie in once its links are followed, absolute and without links itself; nil for
    /// anywhere. In a drop folder anybody may put a link where an image was.
    public var root: FilePath?

    public init(path: FilePath, name: String, root: FilePath? = nil) {
        self.path = path
        self.name = name
        self.root = root
    }

    /// Names a file relative to the batch's folder.
    public init(_ path: FilePath, in folder: FilePath, root: FilePath? = nil) {
        var relative = path
        _ = relative.removePrefix(folder)
        self.init(path: path, name: relative.string, root: root)
    }
}

/// How far the work is.
public struct Progress: Sendable, Hashable {
    public enum Stage: String, Sendable {
        case features = "features"
        case mutualScoring = "mutual scoring"
    }

    public var stage: Stage
    public var completed, total: Int

    public init(stage: Stage, completed: Int, total: Int) {
        self.stage = stage
        self.completed = completed
        self.total = total
    }
}

/// Told of progress from any thread; answers whether the work shall go on.
public typealias ProgressHandler = @Sendable (Progress) -> Bool

/// Why a batch could not be scored.
public enum ScoringError: Error, Sendable, CustomStringConvertible {
    /// Fewer images could be read than it takes for one to be judged.
    case tooFewImages(TooFewImages)
    /// The region does not fit the photographs.
    case region(RegionError)
    /// The progress handler answered false.
    case cancelled
    /// Mutual scoring would take more memory than there is.
    case memory(MemoryShortage)
    /// Tokens could not be kept in a file, or not be read from it.
    case spill(SpillError)
    /// Tokens of an image are no numbers or infinite.
    case notFinite(image: String, backbone: String)

    public var description: String {
        switch self {
        case .tooFewImages(let images): return "\(images)"
        case .region(let error):
            return "\(error)"
        case .cancelled:
            return "stopped before the batch was scored: run it again"
        case .memory(let shortage): return "\(shortage)"
        case .spill(let error): return "\(error)"
        case .notFinite(let image, let backbone):
            return "\(image): the network gave values that are no numbers, so no score of the batch could be trusted: the "
                + "weights of \(backbone) are damaged or not its own; compare them with musc weights verify, or import "
                + "them again"
        }
    }
}

/// The images of a batch that is too small.
public struct TooFewImages: Sendable, Hashable, CustomStringConvertible {
    public var readable: Int
    public var unreadable: Int
    /// The name of the first image that could not be read, and why not; nil where all could.
    public var firstUnreadable: String?
    public var reason: String?

    package init(_ images: [ScoredImage]) {
        let unread = images.filter { $0.index == nil }
        (readable, unreadable) = (images.count - unread.count, unread.count)
        (firstUnreadable, reason) = (unread.first?.name, unread.first?.error)
    }

    public var description: String {
        if readable == 0, let firstUnreadable {
            let files = unreadable == 1 ? "The file is no" : "None of the \(unreadable) files is a"
            return "\(files) readable image. \(firstUnreadable): \(reason ?? "") Check the export, then musc run FOLDER, or "
                + "musc retry FOLDER where musc watches it."
        }
        let example = firstUnreadable.map { ": \($0): \(reason ?? "")" } ?? ""
        let skipped = unreadable == 0 ? "" : " (\(unreadable) could not be read\(example))"
        return "\(readable) readable image\(readable == 1 ? "" : "s")\(skipped): images are judged by each other, so at "
            + "least 2 are needed, and 20 or more are better"
    }
}

extension Threshold {
    /// A threshold that the user fixed.
    public static func fixed(_ value: Float) -> Threshold {
        Threshold(value: value, rule: .fixed, explanation: "The threshold was fixed in the configuration.")
    }
}

/// Measures the stages of one run, one after the other.
struct StageClock {
    private var last = ContinuousClock.now
    private(set) var timings: [StageTiming] = []

    /// Ends a stage that began when the one before ended.
    mutating func finish(_ stage: String) {
        let now = ContinuousClock.now
        timings.append(StageTiming(stage: stage, seconds: (now - last) / .seconds(1)))
        last = now
    }
}
