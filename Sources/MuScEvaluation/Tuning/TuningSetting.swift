import MuScBackbone
import MuScBatch
import MuScScoring

/// One choice of what decides scores, among those that a tuning compares.
package struct TuningSetting: Sendable, Hashable, Codable {
    /// Which distances of a patch are averaged, and how far away its partners may lie.
    package struct Nearest: Sendable, Hashable, Codable {
        /// The share of the judges that is averaged, the nearest first.
        package var share: Double
        package var leastJudges: Int
        /// Whether the window of preset `tuned` applies; none otherwise.
        package var isWindowed: Bool

        package var window: ScoringSettings.Window { isWindowed ? .proportional : .none }
    }

    /// Side of the image in pixels.
    package var imageSize: Int
    package var layers: [Int]
    package var degrees: [Int]
    package var nearest: Nearest

    /// The lines of a configuration that give this setting.
    package func configuration(backbone: String) -> String {
        func list(_ values: [Int]) -> String { "[" + values.map { "\($0)" }.joined(separator: ", ") + "]" }
        return """
            model:
              backbone: \(backbone)
              image_size: \(imageSize)
              feature_layers: \(list(layers))
            scoring:
              preset: tuned
              r_list: \(list(degrees))
              interval: [0, \(nearest.share)]
              least_judges: \(nearest.leastJudges)
              window: \(nearest.isWindowed ? "proportional" : "off")

            """
    }

    /// The setting as a line for people.
    package var text: String {
        func list(_ values: [Int]) -> String { values.map { "\($0)" }.joined(separator: ",") }
        return "\(imageSize) px, layers \(list(layers)), r \(list(degrees)), nearest \(nearest.share) (at least "
            + "\(nearest.leastJudges)), window \(nearest.isWindowed ? "proportional" : "off")"
    }

    /// The numbers of layers and degrees, by which the cheaper of two equal settings is told.
    var cost: Int { layers.count * 100 + (layers.max() ?? 0) * 10 + degrees.count }
}

/// The settings that a tuning compares.
package struct TuningGrid: Sendable, Hashable, Codable {
    package var imageSizes: [Int]
    /// Blocks whose tokens are taken.
    package var layers: [Int]
    /// Of these, how many are averaged at most.
    package var mostLayers = 3
    package var degrees = [1, 3, 5]
    package var nearest: [TuningSetting.Nearest] = [false, true].flatMap { isWindowed in
        [
            TuningSetting.Nearest(share: 0.05, leastJudges: 3, isWindowed: isWindowed),
            TuningSetting.Nearest(share: 0.3, leastJudges: 1, isWindowed: isWindowed),
        ]
    }

    /// What preset `paper` has, at its own size among those of the grid, and what preset `tuned` has.
    package let paper, tuned: TuningSetting

    /// The usual grid of a backbone: blocks at every eighth of its depth from the second on, among which are the paper's, all
    /// choices of up to three of them; degrees 1, 3 and 5 in all combinations; the nearest 5 and 30 %, with the window of
    /// preset `tuned` and without.
    ///
    /// - Parameter imageSizes: Sides in pixels, multiples of the patch; not empty.
    package init(backbone: BackboneDescription, imageSizes: [Int]) {
        self.imageSizes = imageSizes
        let eighths = (2...8).map { max(backbone.depth * $0 / 8 - 1, 0) }
        func setting(_ preset: ScoringSettings.Preset) -> TuningSetting {
            let settings = ScoringSettings(preset: preset, backbone: backbone)
            let size = settings.imageSize.width
            return TuningSetting(
                imageSize: imageSizes.min { abs($0 - size) < abs($1 - size) } ?? size, layers: settings.featureLayers,
                degrees: settings.degrees,
                nearest: TuningSetting.Nearest(
                    share: settings.interval.upper, leastJudges: settings.minimumJudges,
                    isWindowed: settings.window == .proportional))
        }
        (paper, tuned) = (setting(.paper), setting(.tuned))
        layers = Array(Set(eighths + paper.layers + tuned.layers)).sorted()
        for preset in [paper, tuned] where !nearest.contains(preset.nearest) { nearest.append(preset.nearest) }
    }

    /// All settings at one image size, those of the presets among them.
    package func settings(imageSize: Int) -> [TuningSetting] {
        var choices = Self.choices(of: layers, most: mostLayers)
        for preset in [paper, tuned] where !choices.contains(preset.layers) { choices.append(preset.layers) }
        return choices.flatMap { layers in
            Self.choices(of: degrees, most: degrees.count).flatMap { degrees in
                nearest.map { TuningSetting(imageSize: imageSize, layers: layers, degrees: degrees, nearest: $0) }
            }
        }
    }

    /// All choices of 1 to `most` of the values, in ascending order.
    private static func choices(of values: [Int], most: Int) -> [[Int]] {
        values.reduce(into: [[]]) { choices, value in
            choices += choices.filter { $0.count < most }.map { $0 + [value] }
        }.filter { !$0.isEmpty }
    }
}
