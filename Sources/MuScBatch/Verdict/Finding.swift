import MuScImages
import MuScScoring
import MuScVerdicts
import SystemPackage

/// What somebody should know of an inspection beside its scores: what was left out, chosen, overridden or without
/// effect, and what deserves a look.
///
/// A finding holds figures and names. `Finding.sentence` of MuScResults tells it to people.
public enum Finding: Sendable, Hashable {
    // MARK: The photographs

    /// The image size followed from the photographs.
    case imageSize(ImageSizeFollowed)
    /// Only a part of the photographs counts.
    case region(RegionOfInterest, patches: Int, of: Int)
    /// Parts were found, turned or cropped.
    case partsAligned(PartsAligned)
    /// Parts were to be found, or do not lie alike, and photographs were compared as they were taken.
    case partsLeftAsTaken(AlignmentAbsence)
    /// `model.align` does not go with another setting.
    case alignmentLeftOut(because: AlignmentObstacle)
    /// Images in which no part was found, scored in the best guess.
    case partsNotFound([String])
    /// Images in which something lies beside the part, which was not compared.
    case besideParts([String])
    /// Images whose part lies far from where the others lie.
    case partsAstray([String])
    /// The photographs have several sizes.
    case photographSizes(PhotographSizes)
    /// Samples of more than 8 bits became 8-bit ones by this range.
    case sampleRange(SampleRange)
    /// Some images have samples of more than 8 bits and some have not.
    case mixedDepths(deep: Int, of: Int, example: String)
    /// Samples of more than 8 bits are of several kinds, such as whole and floating-point numbers.
    case mixedSamples
    /// Files have several pages or pictures.
    case pages(PagesOfFiles)
    /// Files that cannot be decoded by their headers.
    case undecodable(LeftOutFiles)

    /// Preset `tuned` was never measured with this backbone.
    case presetUnmeasured(backbone: String)

    /// Images that show the same as others: the names of each group. One of a group is scored and judges.
    case copies([[String]])
    /// Photographs of a part that was photographed before, from the same place: the names of each group.
    case twins([[String]])
    /// Images that show several times the same part by their names.
    case partsByName(PartPattern, parts: Int, images: Int, of: Int)
    /// All images would show one part, or nothing, so that each counts as a part of its own.
    case partsIgnored
    /// Images that say nothing of a part: scored, and no judges.
    case blank([BlankImage])

    // MARK: Known good images

    /// The folder of known good images cannot be listed; nobody from it judged.
    case knownGoodUnlisted(ListingError)
    /// There are no images in the folder of known good images.
    case knownGoodEmpty(FilePath)
    /// Known good images that could not be read: one of them with the reason, and how many others.
    case knownGoodUnreadable(name: String, reason: String, others: Int)
    /// None of the folder's images could be read.
    case knownGoodUnused(FilePath)
    /// Known good images that cannot be decoded.
    case knownGoodUndecodable(LeftOutFiles)
    /// The known good images have another shape than the photographs.
    case knownGoodAspectRatio(ImageSize, photographs: ImageSize)
    /// Known good images that stand far out from the others and were left out, by name.
    case knownGoodStandOut([String])

    /// Several of the known good images show the same part: they count by parts.
    case knownGoodParts(Int, images: Int)

    /// Known good images so few that the batch's own scores set the threshold.
    case knownGoodTooFew(images: Int, least: Int)

    /// The known good images judged, but set no threshold, because RsCIN is always applied.
    case knownGoodWithoutThreshold

    // MARK: Verdicts

    /// Parts that people found good judged.
    case foundGoodJudged(FoundGoodJudged)
    /// An image is flagged though people found its like good, on fewer parts than it takes.
    case almostKnown(image: String, foundGood: Int, of: Int)
    /// Images of this batch that people found defective did not judge.
    case defectsBarred(Int)
    /// Parts that were found good and cannot judge, because their photographs are gone: one of them, and how many others.
    case foundGoodMissing(name: String, others: Int)
    /// Verdicts of a file that fit no image of its folder: one of them, and how many others.
    case verdictsUnmatched(FilePath, image: String, others: Int)
    /// Lines of a file of verdicts that say less than they seem to: one of them, and how many others.
    case verdictsFaulty(FilePath, VerdictProblem, others: Int)
    /// A file of verdicts cannot be used.
    case verdictsUnreadable(VerdictFileError)
    /// What was read of a line's verdicts could not be kept; the text names the file and says why.
    case verdictsUnregistered(String)

    // MARK: Settings

    /// A setting that somebody asked for and that had no effect: its key, and why.
    case settingWithoutEffect(key: String, SettingIdle)

    // MARK: Judges

    /// Images from outside that did not judge: copies of others among them, and images of the batch itself.
    case judgesLeftOut(OutsideJudges.Origin, copies: Int, ofBatch: Int)
    /// Images from outside that are blank, by name, and did not judge.
    case blankJudges(OutsideJudges.Origin, [String])
    /// Something was wrong with what is remembered of the line.
    case lineMemory(LineMemoryProblem)
    /// What the line remembers was read with another range of samples, and could not judge.
    case linePastOtherRange(line: String, batch: String)
    /// The line's past is too small to set the threshold, so the batch's own scores set it.
    case linePastTooSmall(images: Int, least: Int, falseAlarmRate: Double)
    /// Not all images of the batch judged.
    case chosenJudges(JudgesChosen)
    /// So few images judged each other that one odd image weighs much.
    case fewImages(Int)

    // MARK: The verdict

    /// Marks that several images share were not looked for, because the grid of patches is too fine.
    case marksUnsearchedOnGrid(PatchGrid)
    /// Marks that several images share were not looked for, because the batch was scored in blocks.
    case marksUnsearchedInBlocks
    /// Images share a mark.
    case recurringMark(RecurringMark)
    /// More than half of the images are flagged against known good images.
    case mostFlagged(Int, of: Int)
}

extension Finding {
    /// Why a setting had no effect.
    public enum SettingIdle: Sendable, Hashable {
        /// The threshold is a fixed one.
        case thresholdIsFixed
        /// The batch's own scores set the threshold.
        case thresholdOfBatch
        /// RsCIN did not decide the scores.
        case rscinNotApplied
        /// Images from outside set the threshold, so that MSM's scores stay.
        case scoresLeftToMSM
        /// Known good images judge alone.
        case knownGoodAlone
        /// A batch that is cut into parts is not searched for marks.
        case batchInParts
        /// The parts of a batch hold no more images than are to judge.
        case partsHoldFewer
        /// The least number of judges is more than the share comes to.
        case leastJudgesAreMore
        /// The batch or its drop folder has a value of its own.
        case overriddenByBatch
        /// The pattern is found in no image's name.
        case namesWithoutPart
        /// All images have samples of 8 bits.
        case samplesOf8Bits
    }

    /// An image that says nothing of a part.
    public struct BlankImage: Sendable, Hashable {
        public var name: String
        public var reason: BlankReason

        package init(name: String, reason: BlankReason) { (self.name, self.reason) = (name, reason) }
    }

    /// How many parts that people found good judged, and what they say of the threshold.
    public struct FoundGoodJudged: Sendable, Hashable {
        public var parts: Int
        /// Those among them that were drawn at random.
        public var spotChecks: Int
        /// How many spot checks a threshold takes, and how many a promise.
        public var least, promise: Int
        /// Whether they set the threshold.
        public var setThreshold: Bool

        package init(parts: Int, spotChecks: Int, least: Int, promise: Int, setThreshold: Bool) {
            self.parts = parts
            self.spotChecks = spotChecks
            self.least = least
            self.promise = promise
            self.setThreshold = setThreshold
        }
    }

    /// What photographs were resized to where their own size decided it.
    public struct ImageSizeFollowed: Sendable, Hashable {
        /// The size of most photographs.
        public var photographs: ImageSize
        public var choice: AutomaticImageSize.Choice
        /// What bounded it.
        public var automatic: AutomaticImageSize
        public var grid: PatchGrid
        /// Into how many tiles each photograph was cut.
        public var tiles: Int

        package init(
            photographs: ImageSize, choice: AutomaticImageSize.Choice, automatic: AutomaticImageSize, grid: PatchGrid,
            tiles: Int
        ) {
            self.photographs = photographs
            self.choice = choice
            self.automatic = automatic
            self.grid = grid
            self.tiles = tiles
        }
    }

    /// How parts were found in a batch's photographs.
    public struct PartsAligned: Sendable, Hashable {
        public var isTurned: Bool
        /// Whether the frame moves with the part.
        public var follows: Bool
        /// In how many of the photographs that were looked at a part was found.
        public var found: Int
        public var of: Int
        /// The frame's size in most photographs, in pixels.
        public var frame: ImageSize
        public var grid: PatchGrid

        package init(isTurned: Bool, follows: Bool, found: Int, of: Int, frame: ImageSize, grid: PatchGrid) {
            (self.isTurned, self.follows, self.found, self.of) = (isTurned, follows, found, of)
            (self.frame, self.grid) = (frame, grid)
        }
    }

    /// What parts are not looked for beside.
    public enum AlignmentObstacle: Sendable, Hashable {
        /// A region is given, in pixels of photographs as they are taken.
        case region
        /// The photographs have several shapes.
        case shapes
    }

    /// The sizes of a batch's photographs where they have several.
    public struct PhotographSizes: Sendable, Hashable {
        public struct Count: Sendable, Hashable {
            public var size: ImageSize
            public var images: Int

            package init(size: ImageSize, images: Int) { (self.size, self.images) = (size, images) }
        }

        /// The most frequent first.
        public var sizes: [Count]
        /// Images of another aspect ratio than the most frequent size's.
        public var distorted: Int

        package init(sizes: [Count], distorted: Int) { (self.sizes, self.distorted) = (sizes, distorted) }
    }

    /// What was made of files with several pages or pictures.
    public struct PagesOfFiles: Sendable, Hashable {
        public enum Taken: Sendable, Hashable, CaseIterable {
            /// Each page as an image of its own.
            case each
            /// The first, because the configuration says so.
            case first
            /// The first, because the pages differ in size or kind.
            case firstOfDifferent
            /// The first picture of a file that is no TIFF: an animated PNG, a stereo camera's JPEG, PNM files one behind
            /// the other.
            case firstPicture
        }

        public var taken: Taken
        /// Each with its number of pages or pictures.
        public var files: [String]

        package init(taken: Taken, files: [String]) { (self.taken, self.files) = (taken, files) }
    }

    /// Files of a folder that cannot be used.
    public struct LeftOutFiles: Sendable, Hashable, Codable {
        public var count: Int
        /// Files of the folder.
        public var of: Int
        /// One of them.
        public var example: String

        package init(count: Int, of: Int, example: String) {
            self.count = count
            self.of = of
            self.example = example
        }
    }

    /// How many of a batch's images judged, and why not all.
    public struct JudgesChosen: Sendable, Hashable {
        public var judges: Int
        public var images: Int
        /// What all would have taken; nil where the settings name a number.
        public var tooSlow: Seconds?

        package init(judges: Int, images: Int, tooSlow: Seconds? = nil) {
            self.judges = judges
            self.images = images
            self.tooSlow = tooSlow
        }

        public struct Seconds: Sendable, Hashable {
            /// Of mutual scoring with all judges, as estimated.
            public var all: Double
            public var limit: Double

            package init(all: Double, limit: Double) { (self.all, self.limit) = (all, limit) }
        }
    }
}
