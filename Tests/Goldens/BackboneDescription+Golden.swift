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
        let patch = try number("patch")
        let activation = try value("activation", Activation.init(rawValue:))
        self.init(
            name: name, family: family, patch: patch, width: try number("width"), depth: try number("depth"),
            heads: try number("heads"), nativeSize: try number("train_grid") * patch,
            featureWidth: golden.metadata["output_dim"].flatMap { Int($0) }, activation: activation,
            activationWhenResized: activation)
    }
}

/// A key that a golden's metadata lacks, or whose value cannot be used.
package struct MissingMetadata: Error {
    package var key: String
}
