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
    /// Seconds of wall-clock time of the two stages.
    var featureSeconds = 0.0
    var scoringSeconds = 0.0

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
        featureSeconds += other.featureSeconds
        scoringSeconds += other.scoringSeconds
    }
}
