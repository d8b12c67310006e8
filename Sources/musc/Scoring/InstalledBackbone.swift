import FoundationEssentials
import MuScBackbone
import MuScTensors
import MuScWeights

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
                    + (Suggestion.nearest(to: name, among: names) ?? ": there are \(names.joined(separator: ", "))")
                    + "; a path that ends in .json describes one of your own",
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

extension InstalledBackbone {
    /// Finds the backbone of a configuration and opens its weights.
    ///
    /// - Parameter fetching: Whether weights that are missing are fetched.
    /// - Throws: ``UserError`` with exit status 2 that says what to type where the weights are missing.
    static func find(_ configuration: Configuration, fetching: Bool) async throws(UserError) -> InstalledBackbone {
        let description = WeightsCatalogue.description(
            try description(named: configuration.backbone), pretrained: configuration.pretrained)
        let store = WeightsStore()
        let id = WeightsStore.id(backbone: description.name, pretrained: configuration.pretrained)
        do {
            if fetching, store.installed(id) == nil {
                _ = try await store.fetchTellingProgress(description, pretrained: configuration.pretrained)
            }
            let weights = try store.open(description, pretrained: configuration.pretrained)
            return InstalledBackbone(
                description: description, weights: weights, sha256: store.installed(id)?.sha256 ?? "")
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
    }
}

extension BatchProcessor {
    /// A processor with the network that the configuration names.
    static func ready(_ configuration: Configuration, fetching: Bool) async throws(UserError) -> BatchProcessor {
        let installed = try await InstalledBackbone.find(configuration, fetching: fetching)
        return try BatchProcessor(configuration: configuration, installed: installed)
    }
}
