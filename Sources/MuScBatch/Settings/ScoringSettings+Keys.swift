import MuScBackbone
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

extension ScoringSettings {
    package typealias Key = ConfigurationKey<ScoringSettings>

    /// Every setting under its name in the configuration: those that can be set, and those that a preset alone decides.
    ///
    /// The backbone is none of them; see ``inForce(on:activation:)``.
    package static let keys = alarmKeys + judgeKeys + modelKeys + scoringKeys + imageKeys + recorded

    private static let alarmKeys: [Key] = [
        Key(
            "output.threshold", \.threshold, .nilWord("auto", or: .number(0...2)), flag: "threshold", "score",
            help: "The score, 0 to 2, from which on images are flagged, or auto.",
            details: """
                auto: by known good images or the line's earlier batches where there are any, else by a rule on the batch \
                that the report explains.
                """),
        Key(
            "output.false_alarm_rate", \.falseAlarmRate, .share, flag: "false-alarm-rate", "rate",
            help: "The share of good parts that may be flagged, where known good images or earlier batches set the threshold."),
    ]

    private static let judgeKeys: [Key] = [
        Key(
            "judges.recurring_marks", \.recurringMarks, .choice(), flag: "recurring-marks", "mode", unset: "preset",
            help: "What is made of a mark that several images of a batch share: count or ignore.",
            details: """
                Such as a defect of the tool, where images of the batch judge. count: it is no excuse that others have it, \
                and the page shows the images side by side. paper: ignore; tuned: count.
                """),
        Key(
            "judges.same_part", \.samePart, .emptyOr(.partPattern), flag: "same-part", "pattern",
            help: "A pattern whose first capture in an image's name names its part, such as (.*)_[0-9]+.",
            details: """
                For several photographs of a part, from several sides or in several lights: images of one part do not judge \
                each other, and a part's score is the highest of its images. Names are those of the results, and those of \
                the known good images. Photographs taken again from the same place are found without it (tuned).
                """),
    ]

    private static let modelKeys: [Key] = [
        Key(
            "model.image_size", \.sizeChoice, .size, flag: "image-size", "pixels", unset: "preset",
            help: "Pixels that images are resized to, multiples of the patch: a side, width and height as 1008x672, or auto.",
            details: """
                Larger sees smaller defects and takes longer. tuned: a side stands for as many patches as that square, in the \
                photographs' own aspect ratio; 336x336 is the square. auto: from the batch's own photographs, with their aspect \
                ratio, as large as ten minutes and 3 GiB allow. Both presets: for dinov2_vits14 336 (tuned) and 518 (paper).
                """),
        Key(
            "model.tile", \.tile, .nilWord("off", or: .integer(TilePlan.shortestTile...1024)), flag: "tile", "patches", unset: "preset",
            help: "Patches a side beyond which photographs are cut into tiles, or off for never.",
            details: """
                The tiles overlap and are put together into one grid. paper: off; tuned: 24 for dinov2_vits14.
                """),
        Key(
            "model.region", \.region, .emptyOr(.region), flag: "region", "region", isPerRoot: true,
            help: "The part that counts: left,top,width,height in pixels or shares, or a mask's file.",
            details: """
                Patches outside neither judge nor are judged, and are shown grey. A rectangle is written [left, top, width, \
                height], such as [0.1, 0.1, 0.8, 0.8]; a mask is a PNG file of the photographs' shape in which white \
                counts. A file _region.png in a batch's folder goes first, and has the batch scored again when it changes; \
                then the region of a drop folder:
                  roots: [{folder: /data/line-b, region: /data/line-b.png}]
                """),
        Key(
            "model.align", \.alignment, .choice(off: PartAlignment.none), flag: "align", "mode", isPerRoot: true, unset: "preset",
            help: "Whether parts are found on a plain background and compared turned and cropped: auto, crop, upright, or off.",
            details: """
                auto: cropped where nearly every photograph shows one part on a plain background, and turned upright where long \
                parts lie turned. crop: never turned; upright: turned in any case. Results stay in the photographs' own \
                pixels. paper: off; tuned: auto.
                """),
        Key(
            "model.feature_layers", \.featureLayers, .integers(0...255, example: "2,5,8"), flag: "feature-layers", "list",
            unset: "preset", help: "Blocks, counted from 0, whose tokens are compared, such as 2,5,8."),
        Key(
            "model.activation", \.activation, .nilWord("reference", or: .choice()),
            help: "The activation of CLIP backbones: gelu, quick_gelu, or reference.",
            details: "reference: what the reference program uses for the weights."),
    ]

    private static let scoringKeys: [Key] = [
        Key(
            "scoring.preset", \.preset, .choice(), flag: "preset", "preset",
            help: "tuned: the best measured parameters; paper: the reference's, to the letter.",
            details: """
                Where another key says "preset", the preset decides; any other value overrides it. What was measured holds \
                for the backbone dinov2_vits14.
                """),
        Key(
            "scoring.r_list", \.degrees, .integers(1...99, example: "1,3,5"), flag: "r-list", "list", unset: "preset",
            help: "Sides, in patches, of the neighbourhoods over which tokens are averaged, such as 1,3,5.",
            details: "Odd numbers. paper: [1, 3, 5]; tuned: [1, 5] for dinov2_vits14."),
        Key(
            "scoring.interval", \.interval, .interval, flag: "interval", "from,to", unset: "preset",
            help: "Which share of the judges' distances is averaged, the nearest first, such as 0,0.3.",
            details: "paper: [0, 0.3]; tuned: [0, 0.05] for dinov2_vits14."),
        Key(
            "scoring.least_judges", \.minimumJudges, .integer(1...100_000), flag: "least-judges", "count", unset: "preset",
            help: "The fewest judges that are averaged, however small their share, where there are as many.",
            details: "paper: 1; tuned: 3 for dinov2_vits14."),
        Key(
            "scoring.window", \.window, .window, flag: "window", "patches", unset: "preset",
            help: "How many rows and columns away a patch's counterpart may lie, or off for anywhere.",
            details: """
                Narrow suits parts that always lie the same way. proportional: 3/16 of the grid's side, rounded up. \
                paper: off; tuned: proportional.
                """),
        Key(
            "scoring.judges", \.judges, .judges, flag: "judges", "count", unset: "preset",
            help: "How many images of the batch judge: all, a number, or auto.",
            details: """
                A number is a seeded choice, the same for every image. auto: all, or fewer where all would take longer \
                than time_limit_seconds. paper: all; tuned: auto.
                """),
        Key(
            "scoring.time_limit_seconds", \.timeLimit, .number(1...(.infinity)), decides: false,
            help: "Seconds that mutual scoring may take before `judges: auto` takes fewer than all."),
        Key(
            "scoring.rscin", \.rscin, .choice(), flag: "rscin", "mode", unset: "preset",
            help: "Whether scores are corrected by those of look-alikes (RsCIN): auto, always or never.",
            details: "auto: where neighbours agree on the whole. paper: always; tuned: auto."),
        Key(
            "scoring.rscin_windows", \.rscinWindows, .integers(1...100_000, example: "1,2,3"), flag: "rscin-windows", "list",
            unset: "preset", help: "How many look-alikes RsCIN takes, the image itself included, such as 1,2,3.",
            details: "Both presets: [1, 2, 3]."),
        Key(
            "scoring.subsets", \.subsets, .integer(1...100_000), flag: "subsets", "count",
            help: "Parts that a batch is cut into at random, each scored alone (the reference's divide_num).",
            details: "The paper's way to save time."),
        Key(
            "scoring.precision", \.precision, .choice(), flag: "precision", "precision", unset: "preset",
            help: "exact: fp32; fast: bfloat16 and int8 where the processor has them; fastest: int8 in the network too.",
            details: """
                That is AVX-512 BF16 and VNNI. fast moves scores by less than 0.001; fastest, which takes VNNI of AVX2 as \
                well, by what ./examples/precision_table.sh prints. paper: exact; tuned: fast for dinov2_vits14.
                """),
        Key(
            "scoring.memory", \.memory, .emptyOr(.bytes), flag: "memory", "amount", decides: false,
            help: "Memory that a batch may take, such as 4G; half of what is free unless given.",
            details: "Tokens that do not fit go to a file in the cache folder, which costs some time and changes no score."),
        Key(
            "scoring.threads", \.threads, .integer(1...1024), flag: "threads", "count", decides: false, unset: "all",
            help: "Threads that compute; all cores unless given."),
    ]

    private static let imageKeys: [Key] = [
        Key(
            "images.max_pixels", \.imageLimits.maxPixels, .integer(1...1_000_000_000_000),
            help: "An image of more pixels is left out and listed with the reason, before anything is allocated for it.",
            details: """
                Where there is not enough memory for a smaller one, it is left out too, and large ones are decoded one at \
                a time in any case.
                """),
        Key(
            "images.max_megabytes", \.imageLimits.maxMegabytes, .integer(1...1_000_000),
            help: "The same for files of more megabytes (2²⁰ bytes)."),
        Key(
            "images.range", \.sampleRange, .sampleRange, flag: "range", "range", isPerRoot: true,
            help: "What becomes black and white of samples of more than 8 bits: auto, full, or low,high.",
            details: """
                One range for the whole batch. auto: the significant bits that the highest value of all images shows, such \
                as 12 of a camera whose files have 16; of floating-point, signed and 32-bit maps what nearly all values lie \
                in. full: all that the files' type can hold. Two numbers such as [0, 4095] keep batches comparable. Files of \
                8 bits are not touched.
                """),
        Key(
            "images.pages", \.pages, .choice(),
            help: "The pages of a TIFF: all, each is an image (stack.tif#3), or first.",
            details: """
                Where pages differ in size or kind the first is taken alone, and the report says so. Thumbnails and masks are \
                no pages.
                """),
    ]

    /// What a preset or the command decides, and no key sets.
    private static let recorded: [Key] = [
        Key(recorded: "scoring.rscin_features") { $0.unitImageFeatures ? "unit length" : "as the backbone gives them" },
        Key(recorded: "images.orientation") { $0.appliesOrientation ? "turned upright" : "as stored" },
        Key(recorded: "images.large_jpeg") { $0.reducesWhileDecoding ? "decoded smaller" : "decoded whole" },
        Key(recorded: "judges.known_good_alone") { "\($0.leastKnownGoodAlone)" },
        Key(recorded: "judges.found_good_alone") { "\($0.leastFoundGoodAlone)" },
    ]

    /// What ``imageSize`` and ``automaticSize`` say together.
    var sizeChoice: SizeChoice {
        get {
            if automaticSize != nil { return .auto }
            return imageSize.isSquare && !followsShape && preset == .tuned ? .exact(imageSize) : .fixed(imageSize)
        }
        set {
            switch newValue {
            case .fixed(let size): (imageSize, automaticSize, followsShape) = (size, nil, preset == .tuned && size.isSquare)
            case .exact(let size): (imageSize, automaticSize, followsShape) = (size, nil, false)
            case .auto: automaticSize = AutomaticImageSize()
            }
        }
    }
}

// MARK: How values are written that only scoring has

/// A value of `model.image_size`.
package enum SizeChoice: Sendable, Hashable {
    case fixed(ImageSize)
    /// A square that stays one, whatever the photographs' shape.
    case exact(ImageSize)
    /// From the batch's own photographs.
    case auto
}

extension DecodingLimits {
    fileprivate var maxMegabytes: Int {
        get { maxFileBytes >> 20 }
        set { maxFileBytes = newValue << 20 }
    }
}

extension ValueFormat where Value == SizeChoice {
    fileprivate static var size: ValueFormat {
        ValueFormat(
            "pixels from 1 to \(ScoringSettings.longestSide), such as 336, or 1008x672 for width and height", words: ["auto"]
        ) { value in
            if value == .text("auto") { return .auto }
            guard let size = value.text.flatMap({ ImageSize($0) }), max(size.width, size.height) <= ScoringSettings.longestSide
            else { return nil }
            return size.isSquare && value.text.flatMap { Int($0) } == nil ? .exact(size) : .fixed(size)
        } write: { choice in
            switch choice {
            case .auto: .text("auto")
            case .fixed(let size): .text("\(size)")
            case .exact(let size): .text("\(size.width)x\(size.height)")
            }
        }
    }
}

extension ValueFormat where Value == RegionOfInterest {
    package static var region: ValueFormat {
        ValueFormat(
            "a rectangle left,top,width,height in pixels or in shares of the sides, such as 0.1,0.1,0.8,0.8, or a mask's file"
        ) { value in
            switch value {
            case .text, .list: RegionOfInterest(value.flat)
            case .mapping, .empty, .bareNone: nil
            }
        } write: {
            .text("\($0)")
        }
    }
}

extension ValueFormat where Value == SampleRange {
    package static var sampleRange: ValueFormat {
        ValueFormat("auto, full, or the two numbers that become black and white, such as [0, 4095]") { value in
            switch value {
            case .text, .list: SampleRange(value.flat)
            case .mapping, .empty, .bareNone: nil
            }
        } write: {
            .text("\($0)")
        }
    }
}

extension ValueFormat where Value == PartPattern {
    fileprivate static var partPattern: ValueFormat {
        ValueFormat("a regular expression with a capture in parentheses, such as (.*)_[0-9]+") { value in
            value.text.flatMap { PartPattern($0) }
        } write: {
            .text("\($0)")
        }
    }
}

extension ValueFormat where Value == MutualScoring.Interval {
    fileprivate static var interval: ValueFormat {
        ValueFormat("two shares from 0 to 1, the first the smaller, such as 0,0.3") { value in
            guard let entries = value.entries, entries.count == 2 else { return nil }
            let bounds = entries.compactMap { ValueFormat<Double>.number(0...1).read($0) }
            return bounds.count == 2 && bounds[0] < bounds[1] ? .init(lower: bounds[0], upper: bounds[1]) : nil
        } write: { interval in
            .list([interval.lower, interval.upper].map { ValueFormat<Double>.number(0...1).write($0) })
        }
    }
}

extension ValueFormat where Value == ScoringSettings.Window {
    fileprivate static var window: ValueFormat {
        ValueFormat("a whole number from 0 to 8192", words: ["proportional"]) { value in
            if value == .text("proportional") { return .proportional }
            return ValueFormat<Int>.integer(0...8192).read(value).map { .patches($0) }
        } write: { window in
            switch window {
            case .none: .text("off")
            case .patches(let count): .text("\(count)")
            case .proportional: .text("proportional")
            }
        }.word("off", for: ScoringSettings.Window.none)
    }
}

extension ValueFormat where Value == ScoringSettings.Judges {
    fileprivate static var judges: ValueFormat {
        ValueFormat("a whole number, 1 or more") { value in
            ValueFormat<Int>.integer(1...(.max)).read(value).map { .count($0) }
        } write: { judges in
            switch judges {
            case .all: .text("all")
            case .auto: .text("auto")
            case .count(let count): .text("\(count)")
            }
        }.word("auto", for: .auto).word("all", for: .all)
    }
}

extension ValueFormat where Value == Double {
    /// A share of which neither none nor all makes sense.
    fileprivate static var share: ValueFormat {
        ValueFormat("a share above 0 and below 1, such as 0.05") { value in
            value.text.flatMap { Double($0) }.flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
        } write: {
            .text("\($0)")
        }
    }
}
