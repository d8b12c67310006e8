/// Why metrics could not be computed from what was given.
package enum MetricError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There are `scores` scores and `labels` labels; each score needs one.
    case countsDiffer(scores: Int, labels: Int)
    /// The score at `index` is infinite or not a number.
    case notFinite(index: Int)
    /// `values` values are no whole number of images of `width`×`height` pixels.
    case notWholeImages(values: Int, width: Int, height: Int)

    package var description: String {
        switch self {
        case .countsDiffer(let scores, let labels):
            "There are \(scores) scores and \(labels) labels; metrics need one label for each score."
        case .notFinite(let index):
            "The score at index \(index) is infinite or not a number, so no metric can be computed."
        case .notWholeImages(let values, let width, let height):
            "\(values) values are no whole number of images of \(width)×\(height) pixels."
        }
    }
}
