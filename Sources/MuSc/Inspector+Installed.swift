import FoundationEssentials

extension Inspector {
    /// An inspector with weights that are installed, as `musc weights fetch` leaves them.
    ///
    /// ```swift
    /// let inspector = try Inspector(backbone: "dinov2_vits14") { $0.imageSize = 224 }
    /// ```
    ///
    /// - Parameters:
    ///   - backbone: A name of the catalogue.
    ///   - preset: From which the settings begin.
    ///   - store: Where the weights lie.
    ///   - change: Changes single settings.
    /// - Throws: ``WeightsStoreError`` where the weights are missing, ``SettingsError`` for settings that cannot be used,
    ///   ``BackboneError`` where they do not fit the backbone.
    public init(
        backbone: String = BackboneCatalogue.standard, preset: ScoringSettings.Preset = .tuned,
        store: WeightsStore = WeightsStore(), _ change: (inout ScoringSettings) -> Void = { _ in }
    ) throws {
        guard let description = BackboneCatalogue.description(named: backbone) else {
            throw SettingsError(
                key: "model.backbone", fault: "there is no backbone “\(backbone)”",
                advice: "choose one of \(BackboneCatalogue.all.map(\.name).joined(separator: ", "))")
        }
        var settings = ScoringSettings(
            preset: preset, backbone: description, threads: ProcessInfo.processInfo.activeProcessorCount)
        change(&settings)
        try settings.validate()
        let installed = store.installed(WeightsStore.id(backbone: backbone))
        try self.init(settings: settings, weights: store.open(description), weightsSHA256: installed?.sha256)
    }
}
