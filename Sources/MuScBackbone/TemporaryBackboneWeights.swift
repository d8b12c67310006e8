import MuScTensors
public enum WeightsError: Error { case missing(String) }
public struct BackboneWeights: Sendable {
    let archive: TensorArchive
    public init(archive: TensorArchive, for description: BackboneDescription) throws(WeightsError) { self.archive = archive }
    public func floats(_ n: String) throws(WeightsError) -> [Float] {
        for name in [n] + (n == "head.weight" ? [] : []) {
            if let t = archive[name], let f = try? t.floats() { return f }
        }
        throw .missing(n)
    }
}
