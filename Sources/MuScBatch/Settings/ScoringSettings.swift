import MuScBackbone
import MuScImages
import MuScScoring

/// Everything that decides what a batch's scores are.
///
/// Start from a preset and change single values:
///
/// ```swift
/// var settings = ScoringSettings(preset: .tuned, backbone: description)
/// settings.imageSize = 224
/// ```
public struct ScoringSettings: Sendable {
    /// A whole set of parameters.
    public enum Preset: String, Sendable, Codable, CaseIterable {
        /// The best measured parameters for the backbone; the reference's where none were measured.
        case tuned
        /// The reference's own, to the letter.
        case paper
    }

    /// When RsCIN's re-scoring becomes the score.
    public enum RsCINMode: String, Sendable, Codable, CaseIterable {
        /// Where an image's neighbours agree with it on the whole; see `RsCINDecision`.
        case auto
        case always, never
    }

    /// How many images of the batch judge.
    public enum Judges: Sendable, Hashable {
        /// All others, as in the paper.
        case all
        /// A seeded choice of so many, the same for every image.
        case count(Int)
        /// All, or as many as the time limit allows.
        case auto
    }

    /// How far away a patch's partner may lie.
    public enum Window: Sendable, Hashable {
        /// Anywhere, as in the paper.
        case none
        /// At most so many rows and columns away.
        case patches(Int)
        /// 3/16 of the grid's longer side, rounded up: 3 of 16, 5 of 24, 7 of 37.
        case proportional

        /// The window in patches on this grid; nil for none.
        public func patches(on grid: PatchGrid) -> Int? {
            switch self {
            case .none: nil
            case .patches(let count): count
            case .proportional: (3 * max(grid.width, grid.height) + 15) / 16
            }
        }
    }

    /// What is made of marks that several images of a batch share; see `RecurringDefects`.
    public enum RecurringMarks: String, Sendable, Codable, CaseIterable {
        /// Nothing, as in the paper.
        case ignore
        /// They count as defects, and the groups of images are named.
        case count
    }

    public var preset: Preset
    public var backbone: BackboneDescription
    /// nil for the reference's rule.
    public var activation: BackboneDescription.Activation?
    /// How large an image may be; larger ones are left out.
    public var imageLimits = DecodingLimits()
    /// Which range of samples of more than 8 bits becomes 0 to 255; `auto` until
    /// `Inspector.prepare` has seen the batch.
    public var sampleRange = SampleRange.auto
    /// What is made of the pages of a TIFF.
    public var pages = PageChoice.all
    /// What images are resized to; both sides are multiples of the patch. Where ``automaticSize`` is set, what they are
    /// resized to until `Inspector.prepare` has seen the batch.
    public var imageSize: ImageSize
    /// How the size follows from the batch's own photographs; nil for ``imageSize``.
    public var automaticSize: AutomaticImageSize?
    /// The most patches a side that the network sees at once: larger photographs are cut into tiles, whose tokens are
    /// put together into one grid (`TilePlan`). nil never cuts, as the reference.
    public var tile: Int?
    /// Whether ``imageSize`` means as many patches as that square, laid out in the photographs' own aspect ratio.
    public var followsShape: Bool
    /// Whether parts are found, turned upright and cropped before they are compared.
    public var alignment: PartAlignment
    /// Whether JPEG files of more than twice the image size are decoded at a half, a quarter or an eighth.
    public var reducesWhileDecoding = false
    /// The part of the photographs that counts; nil for all. What lies outside neither judges nor is judged.
    public var region: RegionOfInterest?
    /// Blocks, counted from 0, whose patch tokens are compared.
    public var featureLayers: [Int]
    /// LNAMD's degrees r: odd numbers of patches.
    public var degrees: [Int]
    public var interval: MutualScoring.Interval
    /// The least number of nearest judges that are averaged, where there are as many.
    public var minimumJudges: Int
    public var window: Window
    public var judges: Judges
    /// Seconds that mutual scoring may take before `judges: auto` takes fewer than all.
    public var timeLimit: Double
    public var rscin: RsCINMode
    /// Neighbourhood sizes of RsCIN, the image itself included.
    public var rscinWindows: [Int]
    /// Whether RsCIN takes image features at unit length; the reference takes them as the backbone gives them.
    public var unitImageFeatures: Bool
    /// The reference's divide_num: parts of the batch that are scored each alone.
    public var subsets: Int
    /// A fixed threshold on the score; nil for the automatic one.
    public var threshold: Float?
    /// The share of good parts that a conformal threshold may flag, above 0 and below 1.
    public var falseAlarmRate = 0.05
    /// The fewest known good images that judge alone; fewer judge beside the batch's own images.
    public var leastKnownGoodAlone = 20
    /// The same of images that people found good in reports: of these it takes more, since many were looked at because they
    /// score high (`examples/verdict_line.sh`).
    public var leastFoundGoodAlone = 40
    public var recurringMarks = RecurringMarks.ignore
    /// Names the part that an image shows by the image's name: images of one part do not judge each other. nil where names
    /// say nothing of parts.
    public var samePart: PartPattern?
    /// Whether photographs are turned upright by their EXIF orientation; the reference does not.
    public var appliesOrientation: Bool
    /// How products are computed: `exact` in fp32; `fast` with bfloat16 and int8 where the processor has them.
    public var precision: MutualScoring.Precision
    /// The most threads to use.
    public var threads: Int
    /// Bytes that the batch's tokens and mutual scoring may take; nil for half of what is free when a batch begins.
    ///
    /// Tokens that do not fit are kept in a file.
    public var memory: Int?

    /// Whether images of equal content are scored once and judge once; in the reference copies vouch for each other.
    public var copiesJudgeOnce: Bool { preset == .tuned }
    /// Whether photographs that show a part again are looked for, and blank ones do not judge.
    public var looksForTwins: Bool { preset == .tuned }

    /// The preset's values for this backbone.
    public init(preset: Preset = .tuned, backbone: BackboneDescription, threads: Int = 1) {
        let isMeasured = BackboneCatalogue.isMeasured(backbone.name)
        self.preset = preset
        self.backbone = backbone
        let side = Self.standardImageSize(preset: preset, backbone: backbone)
        imageSize = ImageSize(side: side)
        featureLayers = backbone.featureLayers
        degrees = [1, 3, 5]
        interval = MutualScoring.Interval(upper: 0.3)
        minimumJudges = 1
        window = .none
        judges = .all
        timeLimit = 900
        rscin = .always
        rscinWindows = [1, 2, 3]
        unitImageFeatures = false
        subsets = 1
        (followsShape, alignment) = (false, .none)
        appliesOrientation = true
        precision = .exact
        self.threads = threads
        guard preset == .tuned else { return }
        // The usual square is never cut. With dinov2_vits14 that is 24 patches, measured on photographs of 72 × 48 patches:
        // 16, 20, 24 and 37 had 0.81, 0.85, 0.90 and 0.86 image AUROC, and 24 takes as little time as 37.
        tile = max(side / backbone.patch, 16)
        reducesWhileDecoding = true
        (followsShape, alignment) = (true, .auto)
        window = .proportional
        judges = .auto
        rscin = .auto
        unitImageFeatures = true
        recurringMarks = .count
        if isMeasured {
            featureLayers = [2, 5, 8]
            degrees = [1, 5]
            interval = MutualScoring.Interval(upper: 0.05)
            minimumJudges = 3
            // Measured: no image score of the tiles and cells moves by 0.001, and AUROC by less than 0.002.
            precision = .fast
        }
    }

    /// The longest side of an image, in pixels.
    public static let longestSide = 16_384
    /// The most patches of an image: partners are counted in 16 bits.
    public static let mostPatches = 65_535

    /// About as many patches as ``imageSize`` has, laid out in another shape.
    ///
    /// Within 5 % of a square it is the square. Of the sizes around, the one that keeps number and shape best; the shape
    /// counts double.
    ///
    /// - Parameter shape: A picture of the wanted aspect ratio.
    package func imageSize(inShapeOf shape: ImageSize) -> ImageSize {
        let patch = backbone.patch
        let wanted = Double(shape.width) / Double(max(shape.height, 1))
        let patches = Double(imageSize.width / patch * (imageSize.height / patch))
        guard abs(wanted - 1) > 0.05, wanted.isFinite, wanted > 0 else { return imageSize }
        let middle = Int((patches / wanted).squareRoot().rounded())
        let longest = Self.longestSide / patch
        let sizes = (middle - 2...middle + 2).filter { 1...longest ~= $0 }.map { rows in
            (rows: rows, columns: min(max(Int((Double(rows) * wanted).rounded()), 1), longest))
        }
        func cost(_ size: (rows: Int, columns: Int)) -> Double {
            let count = Double(size.rows * size.columns) / patches, shape = Double(size.columns) / Double(size.rows) / wanted
            return max(count, 1 / count) + 2 * max(shape, 1 / shape)
        }
        guard let best = sizes.min(by: { cost($0) < cost($1) }) else { return imageSize }
        return ImageSize(width: best.columns * patch, height: best.rows * patch)
    }

    /// 336 for the standard backbone, else the larger of the paper's sizes, else the backbone's own.
    private static func standardImageSize(preset: Preset, backbone: BackboneDescription) -> Int {
        if backbone.name == BackboneCatalogue.standard { return preset == .tuned ? 336 : backbone.nativeSize }
        // Any size is native to RoPE: as many patches as the standard backbone was measured best with.
        if backbone.rotatesPositions, preset == .tuned { return 24 * backbone.patch }
        return backbone.paperSizes.max() ?? backbone.nativeSize
    }

    /// How the network computes.
    package var networkPrecision: VisionTransformer.Precision {
        switch precision {
        case .exact: .exact
        case .fast: .fast
        case .fastest: .fastest
        }
    }

    /// What stands for an image in RsCIN: the class token in preset `paper` and where RsCIN is asked for, else the mean of
    /// the deepest feature layer's tokens, which tells as well whether images look alike and spares the blocks behind it.
    package var imageFeature: VisionTransformer.ImageFeature {
        unitImageFeatures && rscin != .always ? .tokenMean : .classToken
    }

    /// The blocks of the network that are run.
    package var networkBlocks: Int {
        imageFeature == .classToken ? backbone.depth : (featureLayers.max() ?? 0) + 1
    }

    /// What is to be said of a preset that nobody measured with this backbone; nil where there is nothing.
    package var findingOnPreset: Finding? {
        preset == .tuned && !BackboneCatalogue.isMeasured(backbone.name) ? .presetUnmeasured(backbone: backbone.name) : nil
    }

    /// Checks that the values fit each other and the backbone.
    ///
    /// - Throws: ``SettingsError`` that names the key and what would be right.
    public func validate() throws(SettingsError) {
        let patch = backbone.patch
        for side in [imageSize.width, imageSize.height]
        where side < patch || side % patch != 0 || side > Self.longestSide {
            let below = min(side, Self.longestSide) / patch * patch
            let fits = below < patch ? "\(patch)" : "\(below) and \(below + patch)"
            throw SettingsError(
                key: "model.image_size", fault: "\(side) is not a multiple of \(backbone.name)'s patch of \(patch) px",
                advice: "the nearest that fit are \(fits)")
        }
        let patches = imageSize.width / patch * (imageSize.height / patch)
        guard patches <= Self.mostPatches else {
            throw SettingsError(
                key: "model.image_size",
                fault: "\(imageSize) is cut into \(patches) patches of \(patch) px, more than \(Self.mostPatches)",
                advice: "take less; auto finds a size")
        }
        if let tile, tile < TilePlan.shortestTile {
            throw SettingsError(
                key: "model.tile", fault: "\(tile) patches leave too little between two margins of \(TilePlan.margin)",
                advice: "take \(TilePlan.shortestTile) or more, or off")
        }
        for layer in featureLayers where layer < 0 || layer >= backbone.depth {
            throw SettingsError(
                key: "model.feature_layers", fault: "\(layer) is not a block of \(backbone.name)",
                advice: "choose from 0 to \(backbone.depth - 1)")
        }
        guard !featureLayers.isEmpty, Set(featureLayers).count == featureLayers.count else {
            throw SettingsError(
                key: "model.feature_layers", fault: "the list is empty or names a block twice",
                advice: "name each block once, such as 2,5,8")
        }
        for r in degrees where r < 1 || r % 2 == 0 {
            throw SettingsError(
                key: "scoring.r_list", fault: "\(r) is not a positive odd number", advice: "such as 1,3,5")
        }
        guard !degrees.isEmpty else {
            throw SettingsError(key: "scoring.r_list", fault: "the list is empty", advice: "such as 1,3,5")
        }
        if case .count(let count) = judges, count < 1 {
            throw SettingsError(
                key: "scoring.judges", fault: "\(count) judges cannot score anything",
                advice: "take a number of 1 or more, all or auto")
        }
        if case .patches(let count) = window, count < 0 {
            throw SettingsError(
                key: "scoring.window", fault: "\(count) is negative", advice: "take 0 or more patches, or off")
        }
        guard !rscinWindows.isEmpty, rscinWindows.allSatisfy({ $0 >= 1 }) else {
            throw SettingsError(
                key: "scoring.rscin_windows", fault: "windows are counts of images, the image itself included",
                advice: "such as 1,2,3")
        }
        guard falseAlarmRate > 0, falseAlarmRate < 1 else {
            throw SettingsError(
                key: "output.false_alarm_rate", fault: "\(falseAlarmRate) is no share of the good parts",
                advice: "take a number above 0 and below 1, such as 0.05")
        }
        guard subsets >= 1 else {
            throw SettingsError(key: "scoring.subsets", fault: "\(subsets) is less than 1", advice: "take 1 or more")
        }
    }
}

/// A setting that cannot be used.
public struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The key as it stands in the configuration, such as `scoring.r_list`.
    public var key: String
    public var fault: String
    public var advice: String

    public init(key: String, fault: String, advice: String) {
        self.key = key
        self.fault = fault
        self.advice = advice
    }

    public var description: String { "\(key): \(fault): \(advice)" }
}
