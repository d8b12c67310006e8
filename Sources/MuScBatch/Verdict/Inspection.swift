import MuScImages
import MuScScoring
import MuScVerdicts
import SystemPackage

/// What the images of one batch said of each other: the data from which every result file is made.
public struct Inspection: Sendable {
    /// The grid of patches that every image was cut into.
    public var grid: PatchGrid
    /// The patches that counted; nil for all. The others' scores are 0.
    public var region: PatchRegion?
    /// One entry an image, in the order in which the images were given; unreadable ones included.
    public var images: [ScoredImage]
    /// Anomaly score of each patch, `[S, grid.height, grid.width]` row-major, over the `S` readable images in order; a distance, 0 to 2.
    package var patchMaps: [Float]
    /// Image feature of each readable image, `[S, featureWidth]` row-major, as the backbone gives it.
    package var imageFeatures: [Float]
    /// The length of one image feature.
    package var featureWidth: Int
    /// Where images are flagged, and why there.
    public var threshold: Threshold
    /// What the threshold is where the user sets none.
    public var automaticThreshold: Threshold
    /// Whether RsCIN decided the scores, and why.
    public var rscin: RsCINDecision
    /// Seconds spent in each stage, by name, in the order in which they ran.
    public var timings: [StageTiming]
    /// What a reader of the results should know.
    public var findings: [Finding]
    /// Who judged beside the batch's own images, or set the threshold; empty where nobody did.
    public var outsideJudgments: [OutsideJudgment]
    /// Marks that several images share, the most frequent first.
    public var recurring: [RecurringMark]
    /// The range by which samples of more than 8 bits became 8-bit ones.
    public var sampleRange: SampleRange
    /// What the peaks of the images to look at first were compared with, the most anomalous image first; empty where the
    /// tokens were let go before.
    public var evidence: [PeakEvidence] = []
    /// How parts were turned and cropped; nil where photographs were compared as they were taken.
    public var alignment: AlignmentRecord?
    /// Under which the scores came about.
    package var conditions = Conditions()
    /// Names of images that people found defective: they never judge.
    package var barred: Set<String> = []
    /// What people found of the batch's images before it was scored, by their names.
    package var verdicts: [String: PartVerdict.Answer] = [:]
    /// What the batch's line may remember of it; nil where it has no line.
    var offer: LineOffer?

    package init(
        grid: PatchGrid, region: PatchRegion? = nil, images: [ScoredImage], patchMaps: [Float], imageFeatures: [Float], featureWidth: Int,
        threshold: Threshold, automaticThreshold: Threshold? = nil, rscin: RsCINDecision, timings: [StageTiming] = [],
        findings: [Finding] = [],
        outsideJudgments: [OutsideJudgment] = [], recurring: [RecurringMark] = [],
        sampleRange: SampleRange = .full
    ) {
        self.grid = grid
        self.region = region
        self.images = images
        self.patchMaps = patchMaps
        self.imageFeatures = imageFeatures
        self.featureWidth = featureWidth
        self.threshold = threshold
        self.automaticThreshold = automaticThreshold ?? threshold
        self.rscin = rscin
        self.timings = timings
        self.findings = findings
        self.outsideJudgments = outsideJudgments
        self.recurring = recurring
        self.sampleRange = sampleRange
    }

    /// What the scores depend on, so that a run can be repeated.
    package struct Conditions: Sendable {
        /// The settings in force, as text under their names in the configuration.
        package var settings: [String: String] = [:]
        /// SHA-256 of the weights' file.
        package var weightsSHA256 = ""
    }

    /// The anomaly score of each patch of an image, row by row; nil where it could not be read.
    ///
    /// - Parameter image: One of ``images``.
    public func patchMap(of image: ScoredImage) -> ArraySlice<Float>? { image.index.map { patchMap($0) } }

    /// The image feature of an image, as the backbone gives it; nil where the image could not be read.
    ///
    /// - Parameter image: One of ``images``.
    public func imageFeature(of image: ScoredImage) -> ArraySlice<Float>? {
        image.index.map { imageFeatures[$0 * featureWidth..<($0 + 1) * featureWidth] }
    }

    /// The patch scores of the readable image at `index` among the readable ones, row by row.
    package func patchMap(_ index: Int) -> ArraySlice<Float> {
        patchMaps[index * grid.count..<(index + 1) * grid.count]
    }
}

/// A pixel, counted from the left and from the top.
public struct PixelPosition: Sendable, Hashable {
    public var x, y: Int

    public init(x: Int, y: Int) { (self.x, self.y) = (x, y) }
}

/// One image of a batch with its scores, or with the reason why it has none.
public struct ScoredImage: Sendable {
    /// The file's name relative to the batch's folder, for people: bytes that are not UTF-8 are replaced.
    public var name: String
    /// The file's path.
    public var path: FilePath
    /// The folder that the file must lie in once its links are followed; nil for anywhere.
    public var root: FilePath?
    /// Which full page of a TIFF with several, counted from 0; nil for a file that is one image.
    public var page: Int?
    /// Pixels of the upright original; nil where the image could not be read.
    public var size: ImageSize?
    /// Where the part lies in the photograph; nil where photographs are compared as they were taken.
    package var frame: PartFrame?
    /// Position among the readable images, by which `patchMaps` and `imageFeatures` are indexed; nil where unreadable.
    package var index: Int?
    /// The part that the image shows, where it is named or several images show it; nil for a part with one image.
    public var part: String?
    /// Whether the image could be read, and so has a score.
    public var isReadable: Bool { index != nil }
    /// The score that decides rank and flag, a distance, 0 to 2.
    public var score: Float?
    /// The maximum of the patch map, MSM's raw image score.
    public var scoreMSM: Float?
    /// The conformal p-value where images from outside the batch calibrate one.
    public var pValue: Float?
    /// Whether the score reaches the threshold.
    public var flagged: Bool
    /// Where the map peaks, in pixels of the upright original.
    public var peak: PixelPosition?
    /// Why the image could not be scored, as a sentence.
    public var error: String?
    /// Whether what kept it from being scored may pass: missing rights, a share that was away, a lack of memory.
    package var mayBeReadLater = false

    package init(
        name: String, path: FilePath, size: ImageSize? = nil, index: Int? = nil, score: Float? = nil,
        scoreMSM: Float? = nil, pValue: Float? = nil, flagged: Bool = false, peak: PixelPosition? = nil,
        error: String? = nil
    ) {
        self.name = name
        self.path = path
        self.size = size
        self.index = index
        self.score = score
        self.scoreMSM = scoreMSM
        self.pValue = pValue
        self.flagged = flagged
        self.peak = peak
        self.error = error
    }
}
