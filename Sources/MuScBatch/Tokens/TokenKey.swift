import MuScBackbone
import MuScImages

/// Everything that decides what the tokens of an image are, beside the image itself.
///
/// Tokens of different keys may not be compared.
public struct TokenKey: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The version of how images become tokens; it counts up when that changes.
    public static let currentFormat = 1

    public var format: Int
    public var backbone: String
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    public var weightsSHA256: String
    public var activation: String
    /// How the network computes: `exact` or `fast`.
    public var precision: String
    public var imageSize: ImageSize
    /// The size of the tiles in patches where photographs are cut into some; nil where the network sees them whole.
    public var tile: ImageSize?
    /// Whether large JPEG files are decoded at a half, a quarter or an eighth; nil for no.
    public var reducesWhileDecoding: Bool?
    public var featureLayers: [Int]
    public var appliesOrientation: Bool
    /// What the image feature is; nil for the class token.
    public var imageFeature: String?
    /// How the position embedding is resampled where that is not as it once was; nil otherwise.
    public var positions: String?

    /// The key of the tokens that `scorer` makes with weights of this sum.
    public init(_ scorer: BatchScorer, weightsSHA256: String) {
        format = Self.currentFormat
        backbone = scorer.settings.backbone.name
        self.weightsSHA256 = weightsSHA256
        activation = scorer.model.activation.rawValue
        precision = scorer.model.precision.rawValue
        imageSize = scorer.settings.imageSize
        if scorer.tiles.count > 1 {
            tile = ImageSize(width: scorer.tiles.tileWidth, height: scorer.tiles.tileHeight)
        }
        reducesWhileDecoding = scorer.settings.reducesWhileDecoding ? true : nil
        featureLayers = scorer.settings.featureLayers
        appliesOrientation = scorer.settings.appliesOrientation
        imageFeature = scorer.model.imageFeature == .classToken ? nil : scorer.model.imageFeature.rawValue
        positions = scorer.settings.backbone.positionResampling == .antialiased ? "antialiased" : nil
    }

    /// The key of the patch tokens alone, for those who do not use image features.
    var ofPatchTokens: TokenKey {
        var copy = self
        copy.imageFeature = nil
        return copy
    }

    /// One line that differs wherever the keys differ.
    public var description: String {
        let layers = featureLayers.map(String.init).joined(separator: ",")
        return "\(format) \(backbone) \(weightsSHA256) \(activation) \(precision) \(imageSize) px, layers \(layers)"
            + (appliesOrientation ? "" : ", orientation ignored")
            + (tile.map { ", tiles of \($0) patches" } ?? "") + (reducesWhileDecoding == true ? ", reduced while decoding" : "")
            + (imageFeature.map { ", image feature \($0)" } ?? "") + (positions.map { ", positions \($0)" } ?? "")
    }
}
