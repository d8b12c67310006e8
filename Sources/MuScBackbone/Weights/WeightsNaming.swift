import MuScTensors

/// The schemes by which publishers name the tensors of a vision transformer.
///
/// The canonical names are those of Meta and timm, which agree: `cls_token`, `pos_embed`, `patch_embed.proj.weight`,
/// `blocks.0.attn.qkv.weight` … `norm.weight`; for CLIP timm's `norm_pre.weight` and `head.weight`.
public enum WeightsNaming: String, Sendable, Hashable, CaseIterable {
    /// DINO, DINOv2 and DINOv3 as Meta publishes them, and everything from timm.
    case timm
    /// CLIP as OpenAI and open_clip name it: `visual.conv1.weight` …
    case openCLIP
    /// CLIP on the Hugging Face hub: `vision_model.embeddings.patch_embedding.weight` …
    case huggingFaceCLIP
    /// ViT (DINO) and Dinov2 on the Hugging Face hub: `embeddings.patch_embeddings.projection.weight` …
    case huggingFaceViT
    /// DINOv3 on the Hugging Face hub: `embeddings.patch_embeddings.weight`, `layer.0.norm1.weight` …
    case huggingFaceDINOv3

    /// The scheme's name for people.
    public var label: String {
        switch self {
        case .timm: "Meta's and timm's"
        case .openCLIP: "open_clip's and OpenAI's"
        case .huggingFaceCLIP: "Hugging Face CLIP's"
        case .huggingFaceViT: "Hugging Face ViT's and Dinov2's"
        case .huggingFaceDINOv3: "Hugging Face DINOv3's"
        }
    }

    /// The patch embedding's name, by which the scheme is recognised.
    var anchor: String {
        switch self {
        case .timm: "patch_embed.proj.weight"
        case .openCLIP: "conv1.weight"
        case .huggingFaceCLIP: "vision_model.embeddings.patch_embedding.weight"
        case .huggingFaceViT: "embeddings.patch_embeddings.projection.weight"
        case .huggingFaceDINOv3: "embeddings.patch_embeddings.weight"
        }
    }

    /// A second name that must be there as well, because the anchor alone is too common (`conv1.weight`).
    var witness: String {
        switch self {
        case .timm: "cls_token"
        case .openCLIP: "class_embedding"
        case .huggingFaceCLIP: "vision_model.embeddings.class_embedding"
        case .huggingFaceViT, .huggingFaceDINOv3: "embeddings.cls_token"
        }
    }

    /// Where the values of a canonical tensor stand in a file of this scheme.
    enum Source: Hashable {
        case tensor(String)
        /// The matrix with rows and columns exchanged.
        case transposed(String)
        /// One after the other along the first dimension.
        case joined([String])
        /// The product with another tensor of the same shape, element by element.
        case masked(String, by: String)
        /// Queries, then zeros for the keys, then values.
        case keyless(queries: String, values: String)
        /// The position embedding of the class token and that of the patches, kept apart.
        case positions(classToken: String, patches: String)
        /// The position embedding of the patches alone; the class token's is already in the class token.
        case patchPositions(String)
    }

    /// The places where the canonical tensor may stand, the usual one first; names without the file's prefix.
    func sources(of canonicalName: String) -> [Source] {
        switch self {
        case .timm: timmSources(canonicalName)
        case .openCLIP: openCLIPSources(canonicalName)
        case .huggingFaceCLIP: huggingFaceCLIPSources(canonicalName)
        case .huggingFaceViT: huggingFaceViTSources(canonicalName)
        case .huggingFaceDINOv3: huggingFaceDINOv3Sources(canonicalName)
        }
    }

    private func timmSources(_ name: String) -> [Source] {
        switch name {
        // timm keeps register models without a position for the class token.
        case "pos_embed": return [.tensor(name), .patchPositions(name)]
        case "register_tokens": return [.tensor(name), .tensor("reg_token"), .tensor("storage_tokens")]
        default: break
        }
        func beside(_ own: String, _ others: String...) -> [String]? {
            guard name.hasPrefix("blocks."), name.hasSuffix(own) else { return nil }
            return others.map { name.dropLast(own.count) + $0 }
        }
        for scale in ["1", "2"] {
            // timm's DINOv3.
            if let names = beside(".ls\(scale).gamma", ".gamma_\(scale)") { return [.tensor(name), .tensor(names[0])] }
        }
        if let names = beside(".attn.qkv.bias", ".attn.qkv.bias_mask", ".attn.q_bias", ".attn.v_bias") {
            // Meta's DINOv3 masks the keys' part out; timm's has none of it, and often no bias at all.
            return [.masked(name, by: names[0]), .tensor(name), .keyless(queries: names[1], values: names[2])]
        }
        for kind in [".weight", ".bias"] {
            if let names = beside(
                ".mlp.fc1" + kind, ".mlp.w12" + kind, ".mlp.w1" + kind, ".mlp.w2" + kind,
                ".mlp.fc1_g" + kind, ".mlp.fc1_x" + kind)
            {
                // Gated: DINOv2's, Meta's DINOv3, timm's DINOv3.
                return [
                    .tensor(name), .tensor(names[0]), .joined(Array(names[1...2])), .joined(Array(names[3...4])),
                ]
            }
            if let names = beside(".mlp.fc2" + kind, ".mlp.w3" + kind) { return [.tensor(name), .tensor(names[0])] }
        }
        return [.tensor(name)]
    }

    private func openCLIPSources(_ name: String) -> [Source] {
        switch name {
        case "cls_token": return [.tensor("class_embedding")]
        case "pos_embed": return [.tensor("positional_embedding")]
        case "patch_embed.proj.weight": return [.tensor("conv1.weight")]
        case "head.weight": return [.transposed("proj")]
        default: break
        }
        return Self.renamed(
            name, block: "transformer.resblocks.",
            [
                "norm_pre": "ln_pre", "norm": "ln_post", "norm1": "ln_1", "norm2": "ln_2",
                "attn.proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
            ]
        ) { module, kind in
            module == "attn.qkv" ? .tensor("attn.in_proj_\(kind)") : nil
        }
    }

    private func huggingFaceCLIPSources(_ name: String) -> [Source] {
        switch name {
        case "cls_token": return [.tensor("vision_model.embeddings.class_embedding")]
        case "pos_embed": return [.tensor("vision_model.embeddings.position_embedding.weight")]
        case "patch_embed.proj.weight": return [.tensor(anchor)]
        case "head.weight": return [.tensor("visual_projection.weight")]
        default: break
        }
        return Self.renamed(
            name, block: "vision_model.encoder.layers.",
            [
                // The misspelling is the library's own.
                "norm_pre": "vision_model.pre_layrnorm", "norm": "vision_model.post_layernorm",
                "norm1": "layer_norm1", "norm2": "layer_norm2", "attn.proj": "self_attn.out_proj",
                "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2",
            ]
        ) { module, kind in
            module == "attn.qkv" ? .joined(["q", "k", "v"].map { "self_attn.\($0)_proj.\(kind)" }) : nil
        }
    }

    private func huggingFaceViTSources(_ name: String) -> [Source] {
        switch name {
        case "cls_token": return [.tensor("embeddings.cls_token")]
        case "pos_embed":
            // The second form is what an ONNX export leaves of an embedding that is resampled at run time.
            return [
                .tensor("embeddings.position_embeddings"),
                .positions(classToken: "embeddings.Concat", patches: "embeddings.Reshape"),
            ]
        case "register_tokens": return [.tensor("embeddings.register_tokens")]
        case "patch_embed.proj.weight", "patch_embed.proj.bias":
            return [.tensor("embeddings.patch_embeddings.projection." + name.split(separator: ".")[2])]
        default: break
        }
        let attention = { (module: String, kind: String) -> Source? in
            module == "attn.qkv"
                ? .joined(["query", "key", "value"].map { "attention.attention.\($0).\(kind)" }) : nil
        }
        let vit = [
            "norm": "layernorm", "norm1": "layernorm_before", "norm2": "layernorm_after",
            "attn.proj": "attention.output.dense", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense",
        ]
        let dinov2 = [
            "norm": "layernorm", "norm1": "norm1", "norm2": "norm2", "attn.proj": "attention.output.dense",
            "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2",
        ]
        let gated = ["mlp.fc1": "mlp.weights_in", "mlp.fc2": "mlp.weights_out"]
        if name.hasSuffix(".gamma") {
            return Self.renamed(name, block: "encoder.layer.", [:]) { module, _ in
                .tensor(module.replacing("ls", with: "layer_scale") + ".lambda1")
            }
        }
        return [vit, dinov2, gated].flatMap { Self.renamed(name, block: "encoder.layer.", $0, special: attention) }
    }

    private func huggingFaceDINOv3Sources(_ name: String) -> [Source] {
        switch name {
        case "cls_token": return [.tensor("embeddings.cls_token")]
        case "register_tokens": return [.tensor("embeddings.register_tokens")]
        case "patch_embed.proj.weight", "patch_embed.proj.bias":
            return [.tensor("embeddings.patch_embeddings." + name.split(separator: ".")[2])]
        default: break
        }
        let modules = [
            "norm": "norm", "norm1": "norm1", "norm2": "norm2", "attn.proj": "attention.o_proj",
            "mlp.fc1": "mlp.up_proj", "mlp.fc2": "mlp.down_proj", "ls1": "layer_scale1", "ls2": "layer_scale2",
        ]
        // Files have the first; the library itself, from its version 5 on, the second.
        return ["layer.", "model.layer."].flatMap { block in
            let gated = Self.renamed(name, block: block, [:]) { module, kind in
                module == "mlp.fc1" ? .joined(["mlp.gate_proj.\(kind)", "mlp.up_proj.\(kind)"]) : nil
            }
            return gated
                + Self.renamed(name, block: block, modules) { module, kind in
                    switch (module, kind) {
                    case ("attn.qkv", "bias"):
                        .keyless(queries: "attention.q_proj.bias", values: "attention.v_proj.bias")
                    case ("attn.qkv", _): .joined(["q", "k", "v"].map { "attention.\($0)_proj.\(kind)" })
                    case ("ls1", _), ("ls2", _): modules[module].map { .tensor($0 + ".lambda1") }
                    default: nil
                    }
                }
        }
    }

    /// Renames the module between the block's number and the last part (`weight`, `bias`) of a canonical name.
    ///
    /// - Parameters:
    ///   - block: What stands for `blocks.`.
    ///   - modules: New names of modules.
    ///   - special: What is not a renaming; asked first, with the module and the last part.
    private static func renamed(
        _ name: String, block: String, _ modules: [String: String], special: (String, String) -> Source?
    ) -> [Source] {
        var parts = name.split(separator: ".").map(String.init)
        guard let kind = parts.popLast() else { return [] }
        var prefix = ""
        if parts.first == "blocks", parts.count > 2 {
            prefix = "\(block)\(parts[1])."
            parts.removeFirst(2)
        }
        let module = parts.joined(separator: ".")
        if let source = special(module, kind) { return [source.prefixed(prefix)] }
        guard let renamed = modules[module] else { return [] }
        return [.tensor("\(prefix)\(renamed).\(kind)")]
    }
}

extension WeightsNaming.Source {
    /// The names of the tensors that are needed.
    var names: [String] {
        switch self {
        case .tensor(let name), .transposed(let name), .patchPositions(let name): [name]
        case .joined(let names): names
        case .masked(let name, let mask): [name, mask]
        case .keyless(let queries, let values): [queries, values]
        case .positions(let classToken, let patches): [classToken, patches]
        }
    }

    func prefixed(_ prefix: String) -> WeightsNaming.Source { renamed { prefix + $0 } }

    /// The same of tensors of other names.
    func renamed(_ name: (String) -> String) -> WeightsNaming.Source {
        switch self {
        case .tensor(let own): .tensor(name(own))
        case .transposed(let own): .transposed(name(own))
        case .joined(let names): .joined(names.map(name))
        case .masked(let own, let mask): .masked(name(own), by: name(mask))
        case .keyless(let queries, let values): .keyless(queries: name(queries), values: name(values))
        case .positions(let classToken, let patches): .positions(classToken: name(classToken), patches: name(patches))
        case .patchPositions(let own): .patchPositions(name(own))
        }
    }

    /// The shapes that the tensors must have for a canonical tensor of `shape`; dimensions of 1 in front do not count.
    func shapes(for shape: [Int]) -> [[Int]] {
        switch self {
        case .tensor: [shape]
        case .transposed: [shape.reversed()]
        case .joined(let names): names.map { _ in [shape[0] / names.count] + shape.dropFirst() }
        case .masked: [shape, shape]
        case .keyless: [[shape[0] / 3], [shape[0] / 3]]
        case .positions: [[1] + shape.dropFirst(), [shape[0] - 1] + shape.dropFirst()]
        case .patchPositions: [[shape[0] - 1] + shape.dropFirst()]
        }
    }
}
