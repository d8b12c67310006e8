import FoundationEssentials
import MuScBackbone
import MuScScoring
import MuScSupport

extension ScoringSettings {
    /// Every setting as text under its name in the configuration, as a batch is scored with it.
    ///
    /// Given back to a program of the same version, the same batch has the same scores.
    ///
    /// - Parameters:
    ///   - grid: How the patches lie: a window that follows from the grid is named in patches.
    ///   - activation: Of the network.
    package func inForce(on grid: PatchGrid, activation: BackboneDescription.Activation) -> [String: String] {
        var settings = self
        settings.activation = activation
        settings.window = window.patches(on: grid).map { .patches($0) } ?? Window.none
        settings.automaticSize = nil
        let texts = Self.keys.map { ($0.name, $0.get(settings).flat) }
        return Dictionary(texts, uniquingKeysWith: { $1 }).merging(["model.backbone": backbone.name]) { $1 }
    }

    /// The settings that may decide a score or a flag, by name: threads, memory and the time limit decide nothing once
    /// the judges are fixed.
    package static func deciding(_ texts: [String: String]) -> [String: String] {
        let others = Set(keys.filter { !$0.decides }.map(\.name))
        return texts.filter { !others.contains($0.key) }
    }
}

extension SizedNetwork {
    /// Every setting as text under its name in the configuration; see ``ScoringSettings/inForce(on:activation:)``.
    package var settingsInForce: [String: String] { settings.inForce(on: grid, activation: model.activation) }

    /// Those that may decide a score or a flag, with the whole description of the backbone and what the image feature is.
    package var decidingSettings: [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let description = (try? encoder.encode(settings.backbone)).map { SHA256.hash(data: $0).hexadecimal }
        // Which image feature RsCIN takes follows from preset and mode, and was another in earlier versions.
        return ScoringSettings.deciding(settingsInForce).merging(
            ["model.description_sha256": description ?? "", "model.image_feature": model.imageFeature.rawValue]) { $1 }
    }
}
