import MuScBackbone
import MuScTensors

extension BackboneDescription {
    /// The description that a golden's metadata gives.
    ///
    /// - Throws: ``MissingMetadata`` where the golden does not say one of the values.
    package init(golden: TensorArchive, name: String) throws(MissingMetadata) {
        func value<Value>(_ key: String, _ read: (String) -> Value?) throws(MissingMetadata) -> Value {
            guard let value = golden.metadata[key].flatMap(read) else { throw MissingMetadata(key: key) }
            return value
        }
        func number(_ key: String) throws(MissingMetadata) -> Int { try value(key) { Int($0) } }
        let family = try value("family", Family.init(rawValue:))
        func optional(_ key: String) -> Int? { golden.metadata[key].flatMap { Int($0) } }
        let patch = try number("patch")
        let isGated = golden.metadata["ffn"] == "swiglu"
        let activation = isGated ? .gelu : try value("activation", Activation.init(rawValue:))
        self.init(
            name: name, family: family, patch: patch, width: try number("width"), depth: try number("depth"),
            heads: try number("heads"), mlpWidth: optional("ffn_hidden"), feedForward: isGated ? .gated : .plain,
            registers: optional("registers") ?? optional("storage_tokens") ?? 0,
            nativeSize: family == .dinov3 ? 16 * patch : try number("train_grid") * patch,
            ropeBase: golden.metadata["rope_base"].flatMap { Double($0) } ?? 100,
            featureWidth: optional("output_dim"), activation: activation, activationWhenResized: activation)
    }
}

/// A key that a golden's metadata lacks, or whose value cannot be used.
package struct MissingMetadata: Error {
    package var key: String
}
