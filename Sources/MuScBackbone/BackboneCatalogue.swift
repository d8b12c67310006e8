/// The backbones that are known by name: the ten of the paper's tables and DINOv2's small and register variants.
public enum BackboneCatalogue {
    /// The backbone that `musc` uses unless told otherwise.
    public static let standard = "dinov2_vits14"

    /// All descriptions, in the order in which they are listed.
    public static let all: [BackboneDescription] = clip + dino + dinov2

    /// The description of this name, or nil.
    public static func description(named name: String) -> BackboneDescription? {
        all.first { $0.name == name }
    }

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
}
