extension BatchSummary {
    /// How a batch's scores are spread.
    package struct ScoreSpread: Sendable, Hashable, Codable {
        /// The score below which a tenth of the images lie.
        package var tenth: Float
        package var median: Float
        /// The score above which a tenth of the images lie.
        package var ninetieth: Float
        package var highest: Float

        package init(tenth: Float, median: Float, ninetieth: Float, highest: Float) {
            self.tenth = tenth
            self.median = median
            self.ninetieth = ninetieth
            self.highest = highest
        }

        /// The spread of some scores, with quantiles interpolated between neighbours; nil where there are none.
        package init?(of scores: [Float]) {
            let sorted = scores.filter(\.isFinite).sorted()
            guard let last = sorted.last else { return nil }
            func quantile(_ share: Float) -> Float {
                let place = share * Float(sorted.count - 1)
                let index = min(Int(place), sorted.count - 1)
                let next = sorted[min(index + 1, sorted.count - 1)]
                return sorted[index] + (next - sorted[index]) * (place - Float(index))
            }
            self.init(tenth: quantile(0.1), median: quantile(0.5), ninetieth: quantile(0.9), highest: last)
        }
    }
}
