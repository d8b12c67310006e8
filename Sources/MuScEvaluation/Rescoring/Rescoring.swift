import MuScScoring
import MuScTensors

/// RsCIN for the scores of any method ("Mobile RsCIN" of the reference): what images that look alike scored moves an
/// image's own score.
package enum Rescoring {
    /// The neighbourhood sizes that the paper takes for its own scores: 1,2,3, on VisA 1,8,9.
    package static let windows = [1, 2, 3]
    package static let visaWindows = [1, 8, 9]

    /// Re-scores images by the scores of their nearest neighbours in image-feature space (section 3.4 of the paper).
    ///
    /// Window 1, the image's own score, is added where it is missing, as the reference does for other methods: windows
    /// 2,3 (VisA 8,9) mean 1,2,3 (1,8,9).
    ///
    /// - Parameters:
    ///   - scores: One an image, finite, of any scale, higher is more anomalous.
    ///   - features: `[scores.count, width]` row-major; unit length is recommended (CLIP's features have it).
    ///   - windows: Neighbourhood sizes, the image itself included, each at least 1 and at most the number of images.
    ///   - unitFeatures: Whether the features are divided by their lengths first; the reference does not.
    ///   - precision: Of the products of features: `half` for features that are stored in float16, as in the reference.
    /// - Returns: New scores from 0 to 1, in the order of the old ones; all 0 where the old ones are all equal.
    /// - Throws: ``RescoringError`` where counts do not fit, a number is not finite or a window is out of range.
    package static func rescore(
        _ scores: [Float], features: [Float], windows: [Int] = windows, unitFeatures: Bool = false,
        precision: RsCIN.Precision = .single
    ) throws(RescoringError) -> [Float] {
        guard !scores.isEmpty else { throw RescoringError(file: nil, fault: .noScores) }
        guard !features.isEmpty, features.count % scores.count == 0 else {
            throw RescoringError(file: nil, fault: .countsDiffer(scores: scores.count, features: nil))
        }
        if let image = scores.firstIndex(where: { !$0.isFinite }) {
            throw RescoringError(file: nil, fault: .notFinite(image: image))
        }
        if let value = features.firstIndex(where: { !$0.isFinite }) {
            throw RescoringError(file: nil, fault: .notFinite(image: value / (features.count / scores.count)))
        }
        if let window = windows.first(where: { $0 < 1 || $0 > scores.count }) {
            throw RescoringError(file: nil, fault: .windowOutOfRange(window, images: scores.count))
        }
        return RsCIN.rescore(
            scores, features: unitFeatures ? RsCIN.unitFeatures(features, count: scores.count) : features,
            windows: windows.contains(1) ? windows : [1] + windows, precision: precision)
    }
}

/// Why scores could not be re-scored.
package struct RescoringError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Fault: Sendable, Hashable {
        /// There are no scores.
        case noScores
        /// `features` is the number of feature vectors, nil where their values cannot be dealt evenly.
        case countsDiffer(scores: Int, features: Int?)
        /// The score or the feature of the image at this index is infinite or not a number.
        case notFinite(image: Int)
        case windowOutOfRange(Int, images: Int)
        /// The features have no image of this name.
        case missingImage(String)
        /// The file holds several arrays of features; one has to be named.
        case chooseArray([String])
        /// The file has no array of this name.
        case noArray(String, there: [String])
        /// The file cannot be read as what it should be; the text is the reason.
        case unreadable(String)
    }

    /// The file at fault; nil for values in memory.
    package var file: String?
    package var fault: Fault

    package init(file: String?, fault: Fault) {
        self.file = file
        self.fault = fault
    }

    package var description: String {
        let text: String
        switch fault {
        case .noScores:
            text = "there are no scores: it takes a column of numbers, named score or by --column"
        case .countsDiffer(let scores, let features?):
            text = "there are \(scores) scores and \(features) image features: one feature is needed for each score, in the same order"
        case .countsDiffer(let scores, nil):
            text = "the features cannot be dealt to \(scores) scores: it takes as many values for each image"
        case .notFinite(let image):
            text = "the score or the feature of image \(image + 1) is infinite or not a number: mend it, or leave the image out"
        case .windowOutOfRange(let window, let images):
            text = "a window of \(window) does not fit \(images) images: take 1 to \(images)"
        case .missingImage(let name):
            text = "there is no feature for the image \(name.quotedForPeople): add it, or leave the image out of the scores"
        case .chooseArray(let names):
            text = "holds several arrays: choose one with --class: \(names.listedForPeople)"
        case .noArray(let name, let there):
            text = "holds no array \(name.quotedForPeople): there \(there.count == 1 ? "is" : "are") \(there.listedForPeople)"
        case .unreadable(let reason):
            text = reason
        }
        return file.map { "\($0): \(text)" } ?? text
    }
}
