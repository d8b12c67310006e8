import MuScBatch
import MuScImages
import SystemPackage

/// Why an evaluation stopped. Classes that were finished before are kept.
package enum EvaluationError: Error, Sendable, CustomStringConvertible {
    case dataset(DatasetError)
    /// The class of this name could not be scored.
    case scoring(className: String, ScoringError)
    /// An image of the data set could not be read: metrics over the others would not be the data set's.
    case unreadableImage(FilePath, reason: String)
    /// The metrics of the class of this name could not be computed.
    case metrics(className: String, MetricError)
    /// A file of the results could not be written or read.
    case file(FilePath, reason: String)

    package var description: String {
        switch self {
        case .dataset(let error): error.description
        case .scoring(let name, let error): "class \(name): \(error)"
        case .unreadableImage(let path, let reason):
            "\(path): \(reason) An evaluation needs every image of the data set."
        case .metrics(let name, let error): "class \(name): \(error)"
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}
