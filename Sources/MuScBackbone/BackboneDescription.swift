/// Everything that distinguishes one vision transformer from another.
///
/// The forward pass, the preprocessing, the names of the weights and `musc weights list` all read from this value; a
/// new backbone is one more value in ``BackboneCatalogue``, or a JSON file of the same fields.
public struct BackboneDescription: Sendable, Hashable {
    /// The publishers' architectures, which differ in their normalisations and in what they call the image feature.
    public enum Family: String, Sendable, Hashable, Codable, CaseIterable {
        case clip, dino, dinov2, dinov3
    }

    /// How an MLP comes by its hidden channels.
    public enum FeedForward: String, Sendable, Hashable, Codable {
        /// `activation(fc1 x)`.
        case plain
        /// SwiGLU: `silu(gate x) ⊙ (value x)`.
        case gated
    }

    /// The non-linearity of the MLPs that are not gated.
    public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
        /// x · Φ(x), with the error function.
        case gelu
        /// x · sigmoid(1.702 x), with which OpenAI trained CLIP.
        case quickGELU = "quick_gelu"
    }

    public var name: String
    public var family: Family
    /// Side of a patch in pixels; also the stride of the patch embedding.
    public var patch: Int
    /// Channels of a token.
    public var width: Int
    /// Number of blocks.
    public var depth: Int
    /// Attention heads; divides `width`.
    public var heads: Int
    /// Hidden channels of the MLPs.
    public var mlpWidth: Int
    public var feedForward: FeedForward
    /// Register tokens after the class token (DINOv2 with registers and DINOv3: 4).
    public var registers: Int
    /// Side in pixels of the images for which the position embedding was trained; for DINOv3, which has none, the side
    /// at which its publishers use it.
    public var nativeSize: Int
    /// The base of the rotary position embedding's periods (DINOv3); files that carry the periods overrule it.
    public var ropeBase: Double
    /// Channels of the image feature; `width` where the class token is not projected.
    public var featureWidth: Int
    /// Activation at the native size.
    public var activation: Activation
    /// Activation at other sizes: the reference rebuilds CLIP without QuickGELU there, and its published results carry that.
    public var activationWhenResized: Activation
    /// Blocks, counted from 0, whose output tokens are used by default.
    public var featureLayers: [Int]
    /// Image sizes in the paper's tables, ascending; empty where the paper has none.
    public var paperSizes: [Int]
    /// Who publishes the weights and under which licence, for people.
    public var licence: String

    /// Patches a side of the grid that the position embedding was trained on.
    public var trainedGrid: Int { nativeSize / patch }

    public init(
        name: String, family: Family, patch: Int, width: Int, depth: Int, heads: Int, mlpWidth: Int? = nil,
        feedForward: FeedForward = .plain, registers: Int = 0, nativeSize: Int, ropeBase: Double = 100,
        featureWidth: Int? = nil, activation: Activation = .gelu,
        activationWhenResized: Activation = .gelu, featureLayers: [Int]? = nil, paperSizes: [Int] = [],
        licence: String = ""
    ) {
        self.name = name
        self.family = family
        self.patch = patch
        self.width = width
        self.depth = depth
        self.heads = heads
        self.mlpWidth = mlpWidth ?? 4 * width
        self.feedForward = feedForward
        self.registers = registers
        self.nativeSize = nativeSize
        self.ropeBase = ropeBase
        self.featureWidth = featureWidth ?? width
        self.activation = activation
        self.activationWhenResized = activationWhenResized
        self.featureLayers = featureLayers ?? Self.quarters(of: depth)
        self.paperSizes = paperSizes
        self.licence = licence
    }

    /// The last block of each quarter of the depth: 2, 5, 8, 11 of twelve.
    static func quarters(of depth: Int) -> [Int] {
        (1...4).map { max(depth * $0 / 4 - 1, 0) }
    }
}

extension BackboneDescription {
    /// Added to the variance in every LayerNorm.
    public var layerNormEpsilon: Float {
        switch family {
        case .clip, .dinov3: 1e-5
        case .dino, .dinov2: 1e-6
        }
    }

    /// Whether the patch embedding has a bias.
    public var hasPatchBias: Bool { family != .clip }

    /// Whether a LayerNorm stands before the first block (CLIP's `ln_pre`).
    public var normalisesInput: Bool { family == .clip }

    /// Whether each residual branch is scaled channel by channel (DINOv2's and DINOv3's LayerScale).
    public var hasLayerScale: Bool { family == .dinov2 || family == .dinov3 }

    /// Whether queries and keys of patches are turned by their place (DINOv3's RoPE) instead of a learned position
    /// embedding that is added to the tokens.
    public var rotatesPositions: Bool { family == .dinov3 }

    /// Channels of an attention head.
    public var headWidth: Int { width / heads }

    /// Whether images may have any side from one patch on: what is left over at the right and below is not looked at.
    public var cutsImagesToPatches: Bool { family == .dinov3 }

    /// Whether patch tokens are taken after the final LayerNorm; CLIP's are taken as the block leaves them.
    public var normalisesTokens: Bool { family != .clip }

    /// Whether the class token is projected, and the result divided by its L2 norm (CLIP).
    public var projectsImageFeature: Bool { family == .clip }

    /// How a learned position embedding is resampled to another grid.
    ///
    /// DINO's and DINOv2's code passes `(grid + 0.1) / trained grid` as scale factor, CLIP's resamples to exactly the new
    /// grid, and DINOv2's register models do so with anti-aliasing.
    package var positionResampling: PositionEmbedding.Resampling {
        switch family {
        case .clip: .bicubic(scaleOffset: 0)
        case .dinov2 where registers > 0: .antialiased
        case .dino, .dinov2, .dinov3: .bicubic(scaleOffset: 0.1)
        }
    }

    /// The activation at this image size under the reference's rule.
    public func activation(atWidth width: Int, height: Int) -> Activation {
        width == nativeSize && height == nativeSize ? activation : activationWhenResized
    }
}

extension BackboneDescription: Codable {
    enum CodingKeys: String, CodingKey {
        case name, family, patch, width, depth, heads, registers, activation, licence
        case mlpWidth = "mlp_width", feedForward = "feed_forward", ropeBase = "rope_base"
        case nativeSize = "native_size", featureWidth = "feature_width"
        case activationWhenResized = "activation_when_resized", featureLayers = "feature_layers"
        case paperSizes = "paper_sizes"
    }

    /// Reads a description in which all but name, family, patch, width, depth, heads and native size may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let activation = try values.decodeIfPresent(Activation.self, forKey: .activation) ?? .gelu
        self.init(
            name: try values.decode(String.self, forKey: .name),
            family: try values.decode(Family.self, forKey: .family),
            patch: try values.decode(Int.self, forKey: .patch),
            width: try values.decode(Int.self, forKey: .width),
            depth: try values.decode(Int.self, forKey: .depth),
            heads: try values.decode(Int.self, forKey: .heads),
            mlpWidth: try values.decodeIfPresent(Int.self, forKey: .mlpWidth),
            feedForward: try values.decodeIfPresent(FeedForward.self, forKey: .feedForward) ?? .plain,
            registers: try values.decodeIfPresent(Int.self, forKey: .registers) ?? 0,
            nativeSize: try values.decode(Int.self, forKey: .nativeSize),
            ropeBase: try values.decodeIfPresent(Double.self, forKey: .ropeBase) ?? 100,
            featureWidth: try values.decodeIfPresent(Int.self, forKey: .featureWidth),
            activation: activation,
            activationWhenResized: try values.decodeIfPresent(Activation.self, forKey: .activationWhenResized)
                ?? activation,
            featureLayers: try values.decodeIfPresent([Int].self, forKey: .featureLayers),
            paperSizes: try values.decodeIfPresent([Int].self, forKey: .paperSizes) ?? [],
            licence: try values.decodeIfPresent(String.self, forKey: .licence) ?? "")
    }
}
