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
    /// - Parameter network: With the settings that the batch is to be scored with.
    package func choice(for photograph: ImageSize, images: Int, network: SizedNetwork) -> Choice {
        let patch = network.settings.backbone.patch
        let usual = Double(network.settings.imageSize.width / patch * (network.settings.imageSize.height / patch))
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
            guard let exceeded = exceeded(by: size(scale), images: images, network) else {
                return Choice(size: size(scale), limit: limit)
            }
            limit = exceeded
            scale *= Self.step
        }
        return Choice(size: size((usual / area).squareRoot()), limit: limit)
    }

    /// Which limit a size breaks; nil for none.
    private func exceeded(by size: ImageSize, images: Int, _ network: SizedNetwork) -> Choice.Limit? {
        guard let sized = try? network.resized(to: size), sized.grid.count <= ScoringSettings.mostPatches else { return .memory }
        let work = sized.estimate
        if work.scoringBytes(images: images) + images * work.tokenBytesOfImage > byteLimit { return .memory }
        let scoring = work.scoringSeconds(images: images, judges: work.chosenJudges(of: images).count)
        return Double(images) * work.featureSeconds + scoring > secondsLimit ? .time : nil
    }
}
