import MuScBatch

extension Evaluation {
    /// Everything about an inspector that decides its scores, under the names of the configuration: what results belong to.
    ///
    /// Threads and memory are left out, as they change no result.
    package static func configuration(of inspector: Inspector) -> [String: String] {
        inspector.network.decidingSettings.merging(["model.weights_sha256": inspector.weightsSHA256]) { $1 }
    }
}
