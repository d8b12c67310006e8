import MuScImages

/// What a piece of a batch came to.
struct ScoredBlock: Sendable {
    /// One entry a file, in the order given; `index` counts the block's readable images.
    var images: [ScoredImage] = []
    /// The number of images that could be read.
    var readable = 0
    /// `[readable, grid.count]` row-major.
    var maps: [Float] = []
    /// `[readable, featureWidth]` row-major.
    var features: [Float] = []
    /// What the peaks of its highest scores were compared with.
    var evidence: [PeakEvidence] = []
    /// One entry a readable image.
    var parts: [Part] = []
    /// Seconds of wall-clock time of the two stages.
    var featureSeconds = 0.0
    var scoringSeconds = 0.0

    /// What the judges know of an image's part.
    struct Part: Sendable, Hashable {
        /// The number of a judge's part; nil where it shows none of theirs.
        var number: Int?
        /// Whether it is the first photograph of what it shows, as far as the judges know; false for blank ones.
        var isFirst: Bool
        var blank: BlankReason?
    }

    /// The readable images of these indices alone, ascending; the block itself where these are all.
    func selecting(_ indices: [Int], patches: Int) -> ScoredBlock {
        guard indices.count < readable else { return self }
        let width = features.count / max(readable, 1)
        let known = images.filter { $0.index != nil }
        var result = self
        result.images = indices.enumerated().map { position, index in
            var image = known[index]
            image.index = position
            return image
        }
        result.readable = indices.count
        result.maps = indices.flatMap { maps[$0 * patches..<($0 + 1) * patches] }
        result.features = indices.flatMap { features[$0 * width..<($0 + 1) * width] }
        result.parts = indices.map { parts[$0] }
        return result
    }

    /// Adds the files that follow.
    mutating func append(_ other: ScoredBlock) {
        images += other.images.map { image in
            var image = image
            image.index = image.index.map { $0 + readable }
            return image
        }
        readable += other.readable
        maps += other.maps
        features += other.features
        evidence += other.evidence
        parts += other.parts
        featureSeconds += other.featureSeconds
        scoringSeconds += other.scoringSeconds
    }
}
