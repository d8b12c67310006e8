import MuSc

extension InstalledBackbone {
    /// The description of the backbone of this name, or of the JSON file of this path.
    ///
    /// - Throws: ``UserError`` with exit status 2.
    static func description(of name: String) throws(UserError) -> BackboneDescription {
        do { return try description(named: name) } catch { throw UserError("\(error)", exit: .usage) }
    }

    /// Finds the backbone of a configuration and opens its weights.
    ///
    /// - Parameter fetching: Whether weights that are missing are fetched.
    /// - Throws: ``UserError`` with exit status 2 that says what to type where the weights are missing.
    static func find(_ configuration: Configuration, fetching: Bool) async throws(UserError) -> InstalledBackbone {
        let (name, pretrained) = (configuration.backbone, configuration.pretrained)
        let description = WeightsCatalogue.description(try description(of: name), pretrained: pretrained)
        let store = WeightsStore()
        do {
            if fetching, store.installed(WeightsStore.id(backbone: description.name, pretrained: pretrained)) == nil {
                _ = try await store.fetchTellingProgress(description, pretrained: pretrained)
            }
            return try InstalledBackbone(description, pretrained: pretrained, in: store)
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
