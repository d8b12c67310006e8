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
            prepared.preparation.append(
                .imageSize(
                    Finding.ImageSizeFollowed(
                        photographs: photograph, choice: choice, automatic: automatic, grid: prepared.grid,
                        tiles: prepared.tiles.count)))
        }
        if let region {
            do {
                let patches = try region.patches(on: prepared.grid, photograph: photograph)
                prepared.settings.region = nil
                prepared.region = patches.count < patches.grid.count ? patches : nil
                prepared.preparation.append(.region(region, patches: patches.count, of: patches.grid.count))
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
        scorer.preparation += Finding.all(of: survey, range: scorer.settings.sampleRange).filter { !preparation.contains($0) }
        return scorer
    }
}

/// The sizes of a batch's photographs.
struct PhotographSurvey {
    /// How many photographs there are of each size, the most frequent first.
    let sizes: [Finding.PhotographSizes.Count]

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
        sizes = counts.map { Finding.PhotographSizes.Count(size: $0.key, images: $0.value) }.sorted {
            ($1.images, $1.size.width * $1.size.height, $1.size.width) < ($0.images, $0.size.width * $0.size.height, $0.size.width)
        }
    }

    /// The sizes of the readable images of a batch.
    init(_ tokens: BatchTokens) {
        self.init(tokens.images.compactMap(\.size).map { ImageSize(width: $0.width, height: $0.height) })
    }

    var readable: Int { sizes.reduce(0) { $0 + $1.images } }
    var mostFrequent: ImageSize? { sizes.first?.size }

    /// What a reader should know where images that judge along have another shape; nil where they have the same.
    func finding(onJudges judges: PhotographSurvey) -> Finding? {
        guard let own = mostFrequent, let theirs = judges.mostFrequent, Self.differInShape(own, theirs) else { return nil }
        return .knownGoodAspectRatio(theirs, photographs: own)
    }

    /// What a reader should know where the photographs have several sizes; nil where they have one.
    var finding: Finding? {
        guard let usual = mostFrequent, sizes.count > 1 else { return nil }
        let distorted = sizes.filter { Self.differInShape($0.size, usual) }.reduce(0) { $0 + $1.images }
        return .photographSizes(Finding.PhotographSizes(sizes: sizes, distorted: distorted))
    }

    /// Whether aspect ratios differ by more than rounding and cropping explain.
    private static func differInShape(_ a: ImageSize, _ b: ImageSize) -> Bool {
        abs(Double(a.width * b.height) / Double(a.height * b.width) - 1) > 0.02
    }
}
