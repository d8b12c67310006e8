import MuScBatch

extension Evaluation {
    /// Everything about a scorer that decides its scores, under the names of the configuration: what results belong to.
    ///
    /// Threads and memory are left out, as they change no result.
    ///
    /// - Parameter weightsSHA256: The digest of the weights' file.
    package static func configuration(of scorer: BatchScorer, weightsSHA256: String) -> [String: String] {
        scorer.decidingSettings.merging(["model.weights_sha256": weightsSHA256]) { $1 }
    }
}
