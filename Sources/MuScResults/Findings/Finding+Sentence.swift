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
        case .photographSizes(let sizes): Self.sentence(sizes)
        case .undecodable(let files):
            "\(files.count) of \(files.of) files cannot be decoded by their headers, such as \(files.example)."
        case .presetUnmeasured(let backbone):
            "Preset tuned was never measured with \(backbone): its layers and image size are not chosen by results. musc "
                + "tune finds some on labelled photographs."
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
        case .lineMemory(let problem): "\(problem)."
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
            "Marks that several images share were not looked for, which takes the tokens of all images at once."
        case .recurringMark(let mark):
            "\(mark.parts.count) parts look alike at one spot: \(Self.list(mark.parts.map(\.name), most: 12)). "
                + RecurringMark.meaning
        case .mostFlagged(let flagged, let images):
            "\(flagged) of \(images) images are flagged: are the known good images of the same product, camera and light?"
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

    private static func sentence(_ found: PhotographSizes) -> String {
        let shown = found.sizes.prefix(4).map { "\($0.images) of \(pixels($0.size))" }.joined(separator: ", ")
        let more = found.sizes.count > 4 ? " and \(found.sizes.count - 4) more sizes" : ""
        let (count, isOne) = (found.distorted, found.distorted == 1)
        let warning = count == 0
            ? "" : " \(count) of them \(isOne ? "has" : "have") another aspect ratio than most, so that what is on "
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

    private static func list(_ names: [String], most: Int) -> String {
        names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
    }
}

extension [Finding] {
    /// Each finding for people.
    public var sentences: [String] { map(\.sentence) }
}

extension RecurringMark {
    /// What it may mean, and what to do.
    static let meaning = "This is part of the design, or a repeated defect. If a defect, their scores are too low. Check one; "
        + "known good photographs would settle it."
}
