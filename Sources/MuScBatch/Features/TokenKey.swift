import MuScBackbone
import MuScImages

/// Everything that decides what the tokens of an image are, beside the image itself.
///
/// Tokens of different keys may not be compared.
package struct TokenKey: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The version of how images become tokens; it counts up when that changes.
    package static let currentFormat = 1

    package var format: Int
    package var backbone: String
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    package var weightsSHA256: String
    package var activation: String
    /// How the network computes: `exact`, `fast` or `fastest`.
    package var precision: String
    package var imageSize: ImageSize
    /// The size of the tiles in patches where photographs are cut into some; nil where the network sees them whole.
    package var tile: ImageSize?
    /// Whether large JPEG files are decoded at a half, a quarter or an eighth; nil for no.
    package var reducesWhileDecoding: Bool?
    package var featureLayers: [Int]
    package var appliesOrientation: Bool
    /// The range by which samples of more than 8 bits became 8-bit ones; nil for the files' full range, and for batches
    /// of 8 bits.
    package var sampleRange: String?
    /// What the image feature is; nil for the class token.
    package var imageFeature: String?
    /// How the position embedding is resampled where that is not as it once was; nil otherwise.
    package var positions: String?
    /// The frame in which parts are compared; nil where photographs are compared as they were taken.
    package var alignment: String?

    /// The key of the tokens that `network` makes with weights of this sum.
    package init(_ network: SizedNetwork, weightsSHA256: String) {
        format = Self.currentFormat
        backbone = network.settings.backbone.name
        self.weightsSHA256 = weightsSHA256
        activation = network.model.activation.rawValue
        precision = network.model.precision.rawValue
        imageSize = network.settings.imageSize
        if network.tiles.count > 1 {
            tile = ImageSize(width: network.tiles.tileWidth, height: network.tiles.tileHeight)
        }
        reducesWhileDecoding = network.settings.reducesWhileDecoding ? true : nil
        featureLayers = network.settings.featureLayers
        appliesOrientation = network.settings.appliesOrientation
        let range = network.settings.sampleRange
        sampleRange = (range.scaling ?? .fullRange) == .fullRange ? nil : "\(range)"
        imageFeature = network.model.imageFeature == .classToken ? nil : network.model.imageFeature.rawValue
        positions = network.settings.backbone.positionResampling == .antialiased ? "antialiased" : nil
        alignment = network.alignment?.digest
    }

    /// One line that differs wherever the keys differ.
    package var description: String {
        let layers = featureLayers.map(String.init).joined(separator: ",")
        return "\(format) \(backbone) \(weightsSHA256) \(activation) \(precision) \(imageSize) px, layers \(layers)"
            + (appliesOrientation ? "" : ", orientation ignored")
            + (tile.map { ", tiles of \($0) patches" } ?? "") + (reducesWhileDecoding == true ? ", reduced while decoding" : "")
            + (sampleRange.map { ", samples \($0)" } ?? "")
            + (imageFeature.map { ", image feature \($0)" } ?? "") + (positions.map { ", positions \($0)" } ?? "")
            + (alignment.map { ", parts in frame \($0)" } ?? "")
    }
}
