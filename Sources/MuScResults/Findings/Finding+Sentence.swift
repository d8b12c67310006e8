import MuScBatch
import MuScImages
import MuScSupport

extension Finding {
    /// The finding for people: one sentence or two.
    public var sentence: String {
        switch self {
        case .imageSize(let followed): Self.sentence(followed)
        case .region(let region, let patches, let all):
            "Only the region \(region) counts: \(patches) of \(all) patches (\(Self.percent(patches, of: all)) %) are judged "
                + "and judge."
        case .partsAligned(let parts): Self.sentence(parts)
        case .partsLeftAsTaken(let absence): Self.sentence(absence)
        case .alignmentLeftOut(let obstacle): Self.sentence(obstacle)
        case .partsNotFound(let names): Self.sentence(notFound: names)
        case .besideParts(let names):
            "Something lies beside the part in \(Self.list(names, most: 8)), outside the frame: it was not compared. Look at "
                + "\(names.count == 1 ? "it" : "them"), or compare whole photographs (model.align: off)."
        case .partsAstray(let names):
            "In \(Self.list(names, most: 8)) the part lies far from where the others lie. Its place was not compared: if it is "
                + "a defect, look at \(names.count == 1 ? "it" : "them"), or compare whole photographs (model.align: off)."
        case .photographSizes(let sizes): Self.sentence(sizes)
        case .sampleRange(let range): Self.sentence(range)
        case .mixedDepths(let deep, let all, let example):
            "Depths are mixed: \(deep) of \(all) images have samples of more than 8 bits, such as \(example), the others 8. Those "
                + "keep their values, so that brightness may differ between the two: save all alike, or sort them into folders "
                + "of their own."
        case .mixedSamples:
            "Samples of more than 8 bits are of several kinds (as stored, with a largest value that the file states, "
                + "floating-point or signed), so that brightness may differ: save all images alike."
        case .pages(let pages): Self.sentence(pages)
        case .undecodable(let files):
            "\(files.count) of \(files.of) files cannot be decoded by their headers, such as \(files.example)."
        case .presetUnmeasured(let backbone):
            "Preset tuned was never measured with \(backbone): its layers and image size are not chosen by results. musc "
                + "tune finds some on labelled photographs."
        case .copies(let groups): Self.sentence(copies: groups)
        case .twins(let groups): Self.sentence(twins: groups)
        case .partsByName(let pattern, let parts, let images, let all):
            "By their names (judges.same_part: \(pattern)) \(images) of \(all) images show \(parts) part\(parts == 1 ? "" : "s"). "
                + "Images of one part do not judge each other, and a part's score is the highest of its images."
        case .partsIgnored:
            "All images show the same part, as far as can be told, so that there is none to judge them but themselves: each was "
                + "taken for a part of its own."
        case .blank(let images): Self.sentence(blank: images)
        case .knownGoodParts(let parts, let images):
            "The \(images) known good images show \(parts) parts. Images of one part do not judge each other, and set the "
                + "threshold together, by the highest of their scores."
        case .blankJudges(let origin, let names):
            "Of the \(origin.adjective) images \(Self.list(names, most: 5)) "
                + "\(names.count == 1 ? "is" : "are") blank and did not judge."
        case .judgesLeftOut(let origin, let copies, let ofBatch):
            Self.sentence(leftOut: origin, copies: copies, ofBatch: ofBatch)
        case .knownGoodUnlisted(let error): "The known good images could not judge: \(error) (judges.known_good)."
        case .knownGoodEmpty(let folder):
            "There are no known good images in \(folder) (judges.known_good): put 30 to 50 photographs of good parts there, "
                + "not in folders below."
        case .knownGoodUnreadable(let name, let reason, let others):
            "Of the known good images, \(name)\(others > 0 ? " and \(others) more" : "") could not be read: \(reason)."
        case .knownGoodUnused(let folder): "So no image of \(folder) could judge (judges.known_good)."
        case .knownGoodUndecodable(let files):
            "\(files.count) of \(files.of) known good images cannot be read, such as \(files.example)."
        case .knownGoodAspectRatio(let theirs, let own):
            "The known good images have another aspect ratio (\(Self.pixels(theirs)) px) than the photographs "
                + "(\(Self.pixels(own)) px), so that what is on them is compared distorted: are they of the same camera?"
        case .knownGoodStandOut(let names): Self.sentence(standingOut: names)
        case .knownGoodTooFew(let images, let least):
            "\(images) known good image\(images == 1 ? "" : "s") cannot set a threshold: at least \(least) are needed, 30 to "
                + "50 are better; so the batch's own scores set it."
        case .knownGoodWithoutThreshold:
            "The known good images judge, but set no threshold, and there are no p-values: RsCIN is always applied "
                + "(scoring.rscin, scoring.preset), and its scores cannot be compared with those of images outside the batch. "
                + "With scoring.rscin auto or never they set it."
        case .foundGoodJudged(let judged): Self.sentence(judged)
        case .almostKnown(let image, let found, let all):
            "\(image) is flagged for what you found good on \(found == 1 ? "one part" : "\(found) parts") before: \(all - found == 1 ? "one" : "\(all - found)") "
                + "more like this and it is known."
        case .defectsBarred(let count):
            count == 1
                ? "1 image of this batch was found defective, and does not judge."
                : "\(count) images of this batch were found defective, and do not judge."
        case .foundGoodMissing(let name, let others):
            "\(name)\(others > 0 ? " and \(others) more parts" : "") that were found good cannot judge: the photographs are gone or "
                + "cannot be read, and nothing is remembered of them."
        case .verdictsUnmatched(let path, let image, let others):
            others > 0
                ? "\(path): the verdicts on \(image) and \(others) more fit no image of the folder and count for nothing; musc verdict lists "
                    + "them."
                : "\(path): the verdict on \(image) fits no image of the folder and counts for nothing."
        case .verdictsFaulty(let path, let problem, let others):
            "\(path): \(problem)\(others > 0 ? "; \(others) more lines have faults, which musc verdict lists" : "")."
        case .verdictsUnreadable(let error): "\(error). What was read of them before stands."
        case .verdictsUnregistered(let problem):
            "What people found of the line's parts could not be kept (\(problem)): it lasts as long as the batches' folders do."
        case .settingWithoutEffect(let key, let idle): "\(key) has no effect: \(Self.reason(idle))."
        case .lineMemory(let problem): "\(problem)."
        case .linePastOtherRange(let line, let batch):
            "The line's past could not judge: its samples had the range \(line), this batch's have \(batch). Set images.range to "
                + "one range for all batches of the line."
        case .linePastTooSmall(let images, let least, let rate):
            "The line's past holds \(images) images, and fewer than \(least) cannot set a threshold for "
                + "\(PercentText.text(rate)) false alarms; so the batch's own scores set it."
        case .chosenJudges(let chosen): Self.sentence(chosen)
        case .fewImages(let count):
            "Only \(count) images judged each other. With so few, one odd image weighs much; known good images would help."
        case .marksUnsearchedOnGrid(let grid):
            "Marks that several images share were not looked for: on a grid of \(grid.width)×\(grid.height) patches parts "
                + "that differ by a few pixels look like them. Let known good images judge, or take a smaller image size."
        case .marksUnsearchedInBlocks:
            "Marks that several images share were not looked for: that takes all images at once, and this batch was scored in parts."
        case .recurringMark(let mark):
            "\(mark.parts.count) parts look alike at one spot: \(Self.list(mark.parts.map(\.name), most: 12)). "
                + RecurringMark.meaning
        case .mostFlagged(let flagged, let images):
            "\(flagged) of \(images) images are flagged: are the known good images of the same product, camera and light?"
        }
    }

    private static func sentence(_ judged: FoundGoodJudged) -> String {
        let parts = "Compared with \(judged.parts) part\(judged.parts == 1 ? "" : "s") that you found good."
        let checks = "\(judged.spotChecks) of them \(judged.spotChecks == 1 ? "was a spot check" : "were spot checks")"
        if judged.spotChecks < judged.least {
            return "\(parts) \(checks); \(judged.least) spot checks set a threshold, and only they do: parts that were looked at because "
                + "they score high would raise it."
        }
        guard judged.setThreshold else { return "\(parts) \(checks)." }
        return judged.spotChecks < judged.promise
            ? "\(parts) \(checks) and set the threshold; from \(judged.promise) on it is a promise."
            : "\(parts) \(checks) and set the threshold."
    }

    private static func sentence(copies groups: [[String]]) -> String {
        let count = groups.reduce(0) { $0 + $1.count - 1 }
        let shown = groups.prefix(5).map { list($0, most: 4) }.joined(separator: "; ")
        let more = groups.count > 5 ? "; and \(groups.count - 5) more groups" : ""
        return "\(count) image\(count == 1 ? " shows" : "s show") exactly what another shows (\(shown)\(more)). Each content "
            + "was scored once and judges once, so that copies do not vouch for each other."
    }

    private static func sentence(twins groups: [[String]]) -> String {
        let shown = groups.prefix(5).map { list($0, most: 4) }.joined(separator: "; ")
        let more = groups.count > 5 ? "; and \(groups.count - 5) more parts" : ""
        return "\(groups.count) part\(groups.count == 1 ? " was" : "s were") photographed several times (\(shown)\(more)). "
            + "Images of one part do not judge each other, one of them judges the others, and a part's score is the highest of "
            + "its images."
    }

    private static func sentence(blank images: [BlankImage]) -> String {
        let shown = images.prefix(5).map { "\($0.name): \($0.reason.rawValue)" }.joined(separator: "; ")
        let more = images.count > 5 ? "; and \(images.count - 5) more" : ""
        return "\(images.count) image\(images.count == 1 ? " shows" : "s show") nothing of a part (\(shown)\(more)): scored, but "
            + "no judge\(images.count == 1 ? "" : "s") of the others."
    }

    private static func sentence(leftOut origin: OutsideJudges.Origin, copies: Int, ofBatch: Int) -> String {
        let reasons = [
            copies > 0 ? "\(copies) \(copies == 1 ? "is a copy" : "are copies") of others" : nil,
            ofBatch > 0 ? "\(ofBatch) \(ofBatch == 1 ? "is" : "are") in this batch as well" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        return "Of the \(origin.adjective) images \(reasons): they did not judge."
    }

    private static func reason(_ idle: SettingIdle) -> String {
        switch idle {
        case .thresholdIsFixed: "output.threshold fixes the threshold"
        case .thresholdOfBatch: "the batch's own scores set the threshold"
        case .rscinNotApplied: "RsCIN did not decide the scores"
        case .scoresLeftToMSM: "images from outside the batch judge it, and they are compared by MSM's scores"
        case .knownGoodAlone: "images known or found good judge alone"
        case .batchInParts: "marks are looked for in a batch that is scored whole (scoring.subsets: 1)"
        case .partsHoldFewer: "the parts of scoring.subsets hold no more images than that"
        case .leastJudgesAreMore: "scoring.least_judges is at least what that share of the judges comes to"
        case .namesWithoutPart: "the pattern is found in no image's name"
        case .samplesOf8Bits: "all images have samples of 8 bits, which are taken as they are"
        case .overriddenByBatch: "the batch or its drop folder has a value of its own, which goes before it"
        }
    }

    private static func sentence(_ followed: ImageSizeFollowed) -> String {
        let (choice, grid) = (followed.choice, followed.grid)
        let tiles = followed.tiles > 1 ? " in \(followed.tiles) tiles" : ""
        let reason =
            switch choice.limit {
            case .photograph: "a little below their own size"
            case .usualSize: "enlarged to the backbone's usual number of patches"
            case .time:
                "as large as an estimated \(Int((followed.automatic.secondsLimit / 60).rounded())) minutes for the batch allow"
            case .memory: "as large as \(followed.automatic.byteLimit >> 30) GiB of memory allow"
            }
        return "Image size auto: photographs of \(pixels(followed.photographs)) px were scored at "
            + "\(pixels(choice.size)) px, \(reason): \(grid.width)×\(grid.height) patches\(tiles)."
    }

    private static func sentence(_ range: SampleRange) -> String {
        let text =
            switch range.scaling {
            case .significantBits(let bits): "0 to \((1 << bits) - 1), \(bits) significant bits"
            case .range: "\(range)".replacing(",", with: " to ")
            case .fullRange, nil: "the full range of the files"
            }
        return "Samples of more than 8 bits were brought to 8 by one range for all images: \(text) (images.range)."
    }

    private static func sentence(_ pages: PagesOfFiles) -> String {
        let files = list(pages.files, most: 3)
        return switch pages.taken {
        case .each: "Of TIFF files with several pages each page is an image of its own: \(files) (images.pages)."
        case .first: "Of TIFF files with several pages the first alone was taken: \(files) (images.pages: first)."
        case .firstOfDifferent:
            "Of TIFF files whose pages differ in size or kind the first page alone was taken: \(files). Save the others as files "
                + "of their own if they belong to the batch."
        case .firstPicture:
            "Of files with several pictures the first alone was taken: \(files). Save the others as files of their own if they "
                + "belong to the batch."
        }
    }

    private static func sentence(_ found: PhotographSizes) -> String {
        let shown = found.sizes.prefix(4).map { "\($0.images) of \(pixels($0.size))" }.joined(separator: ", ")
        let more = found.sizes.count > 4 ? " and \(found.sizes.count - 4) more sizes" : ""
        let (count, isOne) = (found.distorted, found.distorted == 1)
        let warning =
            count == 0
            ? ""
            : " \(count) of them \(isOne ? "has" : "have") another aspect ratio than most, so that what is on "
                + "\(isOne ? "it" : "them") is compared distorted: sort \(isOne ? "it" : "them") into a folder of "
                + "\(isOne ? "its" : "their") own if the scores look wrong."
        return "The photographs have \(found.sizes.count) sizes (\(shown)\(more) px); all were scaled to one grid of "
            + "patches.\(warning)"
    }

    private static func sentence(standingOut names: [String]) -> String {
        let isOne = names.count == 1
        return "Look at the known good \(isOne ? "image" : "images") \(list(names, most: 5)): \(isOne ? "it stands" : "they stand") "
            + "far out from the other known good images, and \(isOne ? "was" : "were") left out."
    }

    private static func sentence(_ chosen: JudgesChosen) -> String {
        let choice = "\(chosen.judges) of the \(chosen.images) images judged, the same for all (seeded choice)"
        guard let slow = chosen.tooSlow else { return choice + "." }
        return choice + ": all would take mutual scoring about \(Int(slow.all)) s, and scoring.time_limit_seconds is "
            + "\(Int(slow.limit))."
    }

    // MARK: Parts of sentences

    private static func pixels(_ size: ImageSize) -> String { "\(size.width)×\(size.height)" }

    private static func percent(_ part: Int, of all: Int) -> Int { Int((100 * Double(part) / Double(all)).rounded()) }

    static func list(_ names: [String], most: Int) -> String {
        names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
    }
}

extension [Finding] {
    /// Each finding for people.
    public var sentences: [String] { map(\.sentence) }
}

extension OutsideJudges.Origin {
    /// What images of it are called.
    fileprivate var adjective: String {
        switch self {
        case .knownGood: "known good"
        case .foundGood: "found good"
        case .linePast: "remembered"
        }
    }
}

extension RecurringMark {
    /// What it may mean, and what to do.
    static let meaning =
        "This is part of the design, or a repeated defect. If a defect, their scores are too low. Check one; "
        + "known good photographs would settle it."
}
