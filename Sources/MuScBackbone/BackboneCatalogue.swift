/// The backbones that are known by name: the ten of the paper's tables, DINOv2's other sizes and register variants, and
/// DINOv3's.
public enum BackboneCatalogue {
    /// The backbone that `musc` uses unless told otherwise.
    public static let standard = "dinov2_vits14"

    /// All descriptions, in the order in which they are listed.
    public static let all: [BackboneDescription] = clip + dino + dinov2 + dinov3

    /// The description of this name, or nil.
    public static func description(named name: String) -> BackboneDescription? {
        all.first { $0.name == name }
    }

    /// Whether preset `tuned` was found by measuring with this backbone; with the others it is what was measured with
    /// ``standard`` as far as that can be carried over.
    public static func isMeasured(_ name: String) -> Bool { name == standard }

    private static let clip: [BackboneDescription] = [
        BackboneDescription(
            name: "ViT-B-32", family: .clip, patch: 32, width: 768, depth: 12, heads: 12, nativeSize: 224,
            featureWidth: 512, activation: .quickGELU, paperSizes: [256, 512], licence: "OpenAI, MIT"),
        BackboneDescription(
            name: "ViT-B-16", family: .clip, patch: 16, width: 768, depth: 12, heads: 12, nativeSize: 224,
            featureWidth: 512, activation: .quickGELU, paperSizes: [256, 512], licence: "OpenAI, MIT"),
        BackboneDescription(
            name: "ViT-B-16-plus-240", family: .clip, patch: 16, width: 896, depth: 12, heads: 14, nativeSize: 240,
            featureWidth: 640, paperSizes: [240, 512], licence: "LAION, MIT"),
        BackboneDescription(
            name: "ViT-L-14", family: .clip, patch: 14, width: 1024, depth: 24, heads: 16, nativeSize: 224,
            featureWidth: 768, activation: .quickGELU, paperSizes: [336, 518], licence: "OpenAI, MIT"),
        BackboneDescription(
            name: "ViT-L-14-336", family: .clip, patch: 14, width: 1024, depth: 24, heads: 16, nativeSize: 336,
            featureWidth: 768, activation: .quickGELU, paperSizes: [336, 518], licence: "OpenAI, MIT"),
    ]

    private static let dino: [BackboneDescription] = [
        dino("dino_vitbase8", patch: 8, width: 768, heads: 12, paperSizes: [256, 512]),
        dino("dino_vitbase16", patch: 16, width: 768, heads: 12, paperSizes: [256, 512]),
        dino("dino_deitsmall8", patch: 8, width: 384, heads: 6, paperSizes: []),
        dino("dino_deitsmall16", patch: 16, width: 384, heads: 6, paperSizes: []),
    ]

    private static func dino(
        _ name: String, patch: Int, width: Int, heads: Int, paperSizes: [Int]
    ) -> BackboneDescription {
        BackboneDescription(
            name: name, family: .dino, patch: patch, width: width, depth: 12, heads: heads, nativeSize: 224,
            paperSizes: paperSizes, licence: "Meta, Apache-2.0")
    }

    private static let dinov2: [BackboneDescription] = [
        dinov2("dinov2_vits14", width: 384, depth: 12, heads: 6, paperSizes: []),
        dinov2("dinov2_vitb14", width: 768, depth: 12, heads: 12, paperSizes: [336, 518]),
        dinov2("dinov2_vitl14", width: 1024, depth: 24, heads: 16, paperSizes: [336, 518]),
        BackboneDescription(
            name: "dinov2_vitg14", family: .dinov2, patch: 14, width: 1536, depth: 40, heads: 24, mlpWidth: 4096,
            feedForward: .gated, nativeSize: 518, licence: "Meta, Apache-2.0"),
        dinov2("dinov2_vits14_reg", width: 384, depth: 12, heads: 6, registers: 4, paperSizes: []),
        dinov2("dinov2_vitb14_reg", width: 768, depth: 12, heads: 12, registers: 4, paperSizes: []),
        dinov2("dinov2_vitl14_reg", width: 1024, depth: 24, heads: 16, registers: 4, paperSizes: []),
    ]

    private static func dinov2(
        _ name: String, width: Int, depth: Int, heads: Int, registers: Int = 0, paperSizes: [Int]
    ) -> BackboneDescription {
        BackboneDescription(
            name: name, family: .dinov2, patch: 14, width: width, depth: depth, heads: heads, registers: registers,
            nativeSize: 518, paperSizes: paperSizes, licence: "Meta, Apache-2.0")
    }

    private static let dinov3: [BackboneDescription] = [
        dinov3("dinov3_vits16", width: 384, depth: 12, heads: 6),
        dinov3("dinov3_vits16plus", width: 384, depth: 12, heads: 6, feedForward: .gated),
        dinov3("dinov3_vitb16", width: 768, depth: 12, heads: 12),
        dinov3("dinov3_vitl16", width: 1024, depth: 24, heads: 16),
        dinov3("dinov3_vitl16plus", width: 1024, depth: 24, heads: 16, feedForward: .gated),
        dinov3("dinov3_vith16plus", width: 1280, depth: 32, heads: 20, feedForward: .gated),
    ]

    private static func dinov3(
        _ name: String, width: Int, depth: Int, heads: Int, feedForward: BackboneDescription.FeedForward = .plain
    ) -> BackboneDescription {
        BackboneDescription(
            name: name, family: .dinov3, patch: 16, width: width, depth: depth, heads: heads, feedForward: feedForward,
            registers: 4, nativeSize: 256, licence: "Meta, DINOv3 License")
    }
}
