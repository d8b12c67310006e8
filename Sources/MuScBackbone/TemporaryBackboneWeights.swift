public enum WeightsError: Error {}
public struct BackboneWeights { func floats(_ n: String) throws(WeightsError) -> [Float] { [] } }
