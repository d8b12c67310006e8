import FoundationEssentials

extension Inspector {
    /// An inspector with weights that are installed, as `musc weights fetch` leaves them.
    ///
    /// ```swift
    /// let inspector = try Inspector(backbone: "dinov2_vits14") { $0.imageSize = 224 }
    /// ```
    ///
    /// - Parameters:
    ///   - backbone: A name of the catalogue, or the path of a JSON file that describes one.
    ///   - preset: From which the settings begin.
    ///   - store: Where the weights lie.
    ///   - change: Changes single settings.
    /// - Throws: ``BackboneNameError``, ``WeightsStoreError`` where the weights are missing, ``SettingsError`` for settings that cannot be used,
    ///   ``BackboneError`` where they do not fit the backbone.
    public init(
        backbone: String = BackboneCatalogue.standard, preset: ScoringSettings.Preset = .tuned,
        store: WeightsStore = WeightsStore(), _ change: (inout ScoringSettings) -> Void = { _ in }
    ) throws {
        let installed = try InstalledBackbone(InstalledBackbone.description(named: backbone), in: store)
        var settings = ScoringSettings(
            preset: preset, backbone: installed.description, threads: ProcessInfo.processInfo.activeProcessorCount)
        change(&settings)
        try settings.validate()
        try self.init(settings: settings, weights: installed.weights, weightsSHA256: installed.sha256)
    }
}
