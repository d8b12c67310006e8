import MuScBackbone
import MuScImages
import MuScScoring

/// How large photographs are made for the network when nobody says it: as large as time and memory allow.
///
/// The aspect ratio is kept. The size is a step of 2^(−¼) (a sixth) below the photograph's own, which found no more on the
/// module test (image AUROC 0.844, a step below 0.867) and takes longer, or the largest below that in such steps that keeps
/// the batch within the budget; small photographs are enlarged to as many patches as the backbone's usual square has. Time is estimated by the speed of two cores of a server of today and not by this machine's, so that
/// a batch gets the same size wherever it is scored, and a line's memory fits from one batch to the next.
public struct AutomaticImageSize: Sendable, Hashable {
    /// Seconds that features and mutual scoring of the batch may take, as estimated.
    public var secondsLimit: Double
    /// Bytes that tokens and mutual scoring of the batch may take together.
    public var byteLimit: Int

    /// - Parameters: By default ten minutes and 3 GiB.
    public init(secondsLimit: Double = 600, byteLimit: Int = 3 << 30) {
        self.secondsLimit = secondsLimit
        self.byteLimit = byteLimit
    }

    /// What a batch's photographs are resized to, and why not larger.
    public struct Choice: Sendable, Hashable {
        public enum Limit: Sendable, Hashable {
            /// It is a step below the photographs' own size, or as many patches as the usual square has where that is
            /// more.
            case photograph
            case time, memory
            /// The photographs are so small that they are enlarged.
            case usualSize
        }

        public var size: ImageSize
        public var limit: Limit

        package init(size: ImageSize, limit: Limit) { (self.size, self.limit) = (size, limit) }
    }

    /// Steps of the size, two a halving of the area.
    private static let step = 0.840_896_415

    /// The size for a batch of `images` photographs.
    ///
    /// - Parameter scorer: Of the network and the settings that the batch is to be scored with.
    public func choice(for photograph: ImageSize, images: Int, scorer: BatchScorer) -> Choice {
        let patch = scorer.settings.backbone.patch
        let usual = Double(scorer.settings.imageSize.width / patch * (scorer.settings.imageSize.height / patch))
        let area = Double(photograph.width) * Double(photograph.height) / Double(patch * patch)
        func size(_ scale: Double) -> ImageSize {
            func pixels(_ side: Int) -> Int {
                let patches = Int((Double(side) * scale / Double(patch)).rounded())
                return min(max(patches, 1), ScoringSettings.longestSide / patch) * patch
            }
            return ImageSize(width: pixels(photograph.width), height: pixels(photograph.height))
        }
        var limit = area < usual ? Choice.Limit.usualSize : .photograph
        var scale = Self.step
        while area * scale * scale > usual {
            guard let exceeded = exceeded(by: size(scale), images: images, scorer) else {
                return Choice(size: size(scale), limit: limit)
            }
            limit = exceeded
            scale *= Self.step
        }
        return Choice(size: size((usual / area).squareRoot()), limit: limit)
    }

    /// Which limit a size breaks; nil for none.
    private func exceeded(by size: ImageSize, images: Int, _ scorer: BatchScorer) -> Choice.Limit? {
        guard let sized = try? scorer.resized(to: size), sized.grid.count <= ScoringSettings.mostPatches else { return .memory }
        if sized.scoringBytes(images: images) + images * sized.tokenBytesOfImage > byteLimit { return .memory }
        let scoring = sized.scoringSeconds(images: images, judges: sized.chosenJudges(of: images).count)
        return Double(images) * sized.featureSeconds + scoring > secondsLimit ? .time : nil
    }
}

extension BatchScorer {
    /// Seconds that one image takes in the network, at most, by the speed of two cores of a server of today.
    package var featureSeconds: Double {
        featureOperations(endsWithClassToken: false)
            / (settings.precision.isFast ? Self.fastFeatures : Self.exactFeatures)
    }

    /// Operations of the network for one image, margins of tiles included; a multiply-add counted as two.
    package var featureOperations: Double {
        featureOperations(
            endsWithClassToken: settings.imageFeature == .classToken
                && !settings.featureLayers.contains(settings.backbone.depth - 1))
    }

    private func featureOperations(endsWithClassToken: Bool) -> Double {
        Double(tiles.count)
            * settings.backbone.operations(
                patches: tiles.tileWidth * tiles.tileHeight, blocks: settings.networkBlocks,
                endsWithClassToken: endsWithClassToken)
    }

    /// Operations a second of the network on two cores with AVX-512, rounded down (`musc bench` prints them).
    private static let exactFeatures = 130e9
    private static let fastFeatures = 300e9
}
