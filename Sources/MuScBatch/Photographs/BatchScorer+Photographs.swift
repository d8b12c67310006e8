import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage

extension BatchScorer {
    /// Decodes a photograph and resizes it to the image size.
    ///
    /// Only this one is held: where it is more than twice as large, a JPEG is decoded at a half or less.
    func photograph(_ file: BatchFile) throws(ImageError) -> (image: RGBImage, original: ImageSize) {
        let size = settings.imageSize
        let options = DecodingOptions(
            applyingOrientation: settings.appliesOrientation, sampleScaling: settings.sampleRange.scaling ?? .fullRange,
            reducedToCover: settings.reducesWhileDecoding ? size : nil, limits: settings.imageLimits, root: file.root,
            page: file.page ?? 0)
        let (image, original) = try RGBImage.decode(contentsOf: file.path, options: options)
        return (
            image.resized(width: size.width, height: size.height, filter: settings.backbone.family.resampling), original
        )
    }

    /// Decodes and resizes photographs as scoring does, for the time that it takes.
    package func decode(_ files: [BatchFile]) {
        concurrentLoop(files.count, threads: settings.threads) { _ = try? photograph(files[$0]) }
    }

    /// This scorer, made ready for one batch: with the range that its samples have, the size that follows from its
    /// photographs, and its region.
    ///
    /// Of files of 8 bits no more than the beginning is read for the range. Without an automatic size and a region headers
    /// are not looked at; nor for a scorer that was made ready before.
    ///
    /// - Parameters:
    ///   - files: The batch's images, of which the headers are read.
    ///   - region: Takes the place of the settings' region; nil for that.
    ///   - range: Takes the place of the settings' range of samples; nil for that.
    ///   - knownGood: Files of images that judge along, and share the range.
    ///   - outside: How many images from outside may judge along, for which there must be time and memory too.
    /// - Throws: ``ScoringError/region(_:)`` where the region does not fit the photographs.
    public func prepared(
        for files: [BatchFile], region: RegionOfInterest? = nil, range: SampleRange? = nil,
        knownGood: [FilePath] = [], outside: Int = 0
    ) throws(ScoringError) -> BatchScorer {
        let region = region ?? settings.region
        var prepared = ranged(for: files, knownGood: knownGood, range: range ?? settings.sampleRange)
        guard settings.automaticSize != nil || region != nil else { return prepared }
        let survey = PhotographSurvey(files, appliesOrientation: settings.appliesOrientation, threads: settings.threads)
        guard let photograph = survey.mostFrequent else { return prepared }
        if let automatic = settings.automaticSize {
            let choice = automatic.choice(for: photograph, images: survey.readable + outside, scorer: prepared)
            // A size made of whole patches fits.
            if let resized = try? prepared.resized(to: choice.size) { prepared = resized }
            prepared.settings.automaticSize = nil
            prepared.preparation.append(Self.sentence(choice, photograph: photograph, prepared, automatic))
        }
        if let region {
            do {
                let patches = try region.patches(on: prepared.grid, photograph: photograph)
                prepared.settings.region = nil
                prepared.region = patches.count < patches.grid.count ? patches : nil
                let percent = (100 * Double(patches.count) / Double(patches.grid.count)).rounded()
                prepared.preparation.append(
                    "Only the region \(region) counts: \(patches.count) of \(patches.grid.count) patches (\(Int(percent)) %) "
                        + "are judged and judge.")
            } catch {
                throw .region(error)
            }
        }
        return prepared
    }

    /// This scorer with the one range of all samples of more than 8 bits.
    private func ranged(for files: [BatchFile], knownGood: [FilePath], range: SampleRange) -> BatchScorer {
        var sources = files.map { SampleSurvey.Source(path: $0.path, page: $0.page ?? 0, root: $0.root) }
        sources += knownGood.map { SampleSurvey.Source(path: $0) }
        let survey = SampleSurvey(
            sources, reads: range == .auto, limits: settings.imageLimits, threads: settings.threads)
        var scorer = self
        scorer.settings.sampleRange = range == .auto ? survey.range : range
        scorer.preparation += survey.notes(scorer.settings.sampleRange).filter { !preparation.contains($0) }
        return scorer
    }

    private static func sentence(
        _ choice: AutomaticImageSize.Choice, photograph: ImageSize, _ scorer: BatchScorer, _ automatic: AutomaticImageSize
    ) -> String {
        let grid = scorer.grid
        let tiles = scorer.tiles.count > 1 ? " in \(scorer.tiles.count) tiles" : ""
        let reason =
            switch choice.limit {
            case .photograph: "a little below their own size"
            case .usualSize: "enlarged to the backbone's usual number of patches"
            case .time: "as large as an estimated \(Int((automatic.secondsLimit / 60).rounded())) minutes for the batch allow"
            case .memory: "as large as \(automatic.byteLimit >> 30) GiB of memory allow"
            }
        return "Image size auto: photographs of \(photograph.width)×\(photograph.height) px were scored at "
            + "\(choice.size.width)×\(choice.size.height) px, \(reason): \(grid.width)×\(grid.height) patches\(tiles)."
    }
}

/// The sizes of a batch's photographs.
struct PhotographSurvey {
    /// How many photographs there are of each size, the most frequent first.
    let sizes: [(size: ImageSize, count: Int)]

    /// Reads the headers of files; those that are no images do not count.
    init(_ files: [BatchFile], appliesOrientation: Bool, threads: Int) {
        self.init(
            concurrentMap(files.count, threads: threads) { index -> ImageSize? in
                let options = DecodingOptions(applyingOrientation: appliesOrientation, root: files[index].root)
                guard let header = try? ImageHeader(contentsOf: files[index].path, options: options) else { return nil }
                return ImageSize(width: header.width, height: header.height)
            }.compactMap { $0 })
    }

    init(_ photographs: [ImageSize]) {
        let counts = Dictionary(photographs.map { ($0, 1) }, uniquingKeysWith: +)
        sizes = counts.map { (size: $0.key, count: $0.value) }.sorted {
            ($1.count, $1.size.width * $1.size.height, $1.size.width) < ($0.count, $0.size.width * $0.size.height, $0.size.width)
        }
    }

    /// The sizes of the readable images of a batch.
    init(_ tokens: BatchTokens) {
        self.init(tokens.images.compactMap(\.size).map { ImageSize(width: $0.width, height: $0.height) })
    }

    var readable: Int { sizes.reduce(0) { $0 + $1.count } }
    var mostFrequent: ImageSize? { sizes.first?.size }

    /// What a reader should know where images that judge along have another shape; nil where they have the same.
    func note(onJudges judges: PhotographSurvey) -> String? {
        guard let own = mostFrequent, let theirs = judges.mostFrequent,
            abs(Double(own.width * theirs.height) / Double(own.height * theirs.width) - 1) > 0.02
        else { return nil }
        return "The known good images have another aspect ratio (\(theirs.width)×\(theirs.height) px) than the photographs "
            + "(\(own.width)×\(own.height) px), so that what is on them is compared distorted: are they of the same camera?"
    }

    /// What a reader should know where the photographs have several sizes; nil where they have one.
    var note: String? {
        guard let usual = mostFrequent, sizes.count > 1 else { return nil }
        func pixels(_ size: ImageSize) -> String { "\(size.width)×\(size.height)" }
        let shown = sizes.prefix(4).map { "\($0.count) of \(pixels($0.size))" }.joined(separator: ", ")
        let more = sizes.count > 4 ? " and \(sizes.count - 4) more sizes" : ""
        let shape = Double(usual.width) / Double(usual.height)
        let distorted = sizes.filter { abs(Double($0.size.width) / Double($0.size.height) / shape - 1) > 0.02 }
        let count = distorted.reduce(0) { $0 + $1.count }
        let warning = count == 0
            ? "" : " \(count) of them \(count == 1 ? "has" : "have") another aspect ratio than most, so that what is on "
                + "\(count == 1 ? "it" : "them") is compared distorted: sort \(count == 1 ? "it" : "them") into a folder of "
                + "\(count == 1 ? "its" : "their") own if the scores look wrong."
        return "The photographs have \(sizes.count) sizes (\(shown)\(more) px); all were scaled to one grid of patches.\(warning)"
    }
}
