import FoundationEssentials
import MuScBackbone
import MuScTensors

/// The backbone that a configuration names, with its weights found.
struct InstalledBackbone: Sendable {
    var description: BackboneDescription
    var weights: BackboneWeights
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    var sha256: String

    /// The description of this name, or of the JSON file of this path.
    static func description(named name: String) throws(UserError) -> BackboneDescription {
        if let known = BackboneCatalogue.description(named: name) { return known }
        guard name.hasSuffix(".json") else {
            let names = BackboneCatalogue.all.map(\.name)
            throw UserError(
                "model.backbone: there is no backbone “\(name)”"
                    + ConfigurationLayers.suggestion(for: name, among: names)
                    + "; musc weights list shows all, and a path that ends in .json describes one of your own",
                exit: .usage)
        }
        guard let data = FileManager.default.contents(atPath: name) else {
            throw UserError("\(name): cannot be read: check that the file exists and is readable", exit: .usage)
        }
        do {
            return try JSONDecoder().decode(BackboneDescription.self, from: data)
        } catch {
            throw UserError("\(name): is no description of a backbone: \(error)", exit: .usage)
        }
    }
}

extension BatchProcessor {
    static func ready(_ configuration: Configuration, fetching: Bool) async throws(UserError) -> BatchProcessor {
        let description = try InstalledBackbone.description(named: configuration.backbone)
        do {
            let weights = try BackboneWeights(path: ProcessInfo.processInfo.environment["MUSC_TEST_WEIGHTS"] ?? "", for: description)
            return try BatchProcessor(configuration: configuration, installed: InstalledBackbone(description: description, weights: weights, sha256: ""))
        } catch { throw UserError("\(error)", exit: .usage) }
    }
}
