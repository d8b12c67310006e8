import MuScScoring

/// What mutual scoring made of a batch and of the images that set the threshold.
struct PatchMaps: Sendable {
    /// The mean over degrees of the mean over layers, `[readable, grid.count]` row-major.
    var batch: [Float]
    /// The same for the panel's images that set the threshold.
    var calibration: [Float]
    /// Groups of images that share a mark.
    var recurring: [RecurringDefects.Group] = []
    /// On who judged.
    var findings: [Finding] = []
}

/// The mean over layers, each weighed alike.
struct LayerMean {
    private(set) var values: [Float]

    init(count: Int) { values = [Float](repeating: 0, count: count) }

    /// Adds one layer's share.
    ///
    /// - Parameters:
    ///   - scores: Of the layer.
    ///   - offset: Where they belong among the values.
    ///   - count: How many such shares make the mean.
    mutating func add(_ scores: ArraySlice<Float>, at offset: Int = 0, of count: Int) {
        let first = offset - scores.startIndex
        for index in scores.indices { values[first + index] += scores[index] / Float(count) }
    }

    /// Lets no value be more than what good parts say.
    mutating func bound(by word: [Float]) { WordOfGood.bound(&values, by: word) }
}
