import MuScTensors

/// The naming scheme and the prefix that a file's tensors share.
struct NamingMatch {
    let naming: WeightsNaming
    /// What stands before the scheme's own names, such as `module.backbone.` or nothing.
    let prefix: String
    /// Names of the file by the name without the group of blocks that DINOv2's training code puts in
    /// (`blocks.0.11.norm1.weight` for block 11); empty where there are no groups.
    private let ungrouped: [String: String]

    /// Recognises the scheme; nil where there is none.
    init?(_ archive: TensorArchive) {
        var candidates: [(naming: WeightsNaming, prefix: String)] = []
        for naming in WeightsNaming.allCases {
            for name in archive.names where name == naming.anchor || name.hasSuffix("." + naming.anchor) {
                let prefix = String(name.dropLast(naming.anchor.count))
                if archive[prefix + naming.witness] != nil { candidates.append((naming, prefix)) }
            }
        }
        // A training checkpoint holds a student and a teacher; the teacher, an average over time, is what is published.
        func rank(_ prefix: String) -> Int { prefix.contains("teacher") || prefix.contains("ema") ? 0 : 1 }
        let best = candidates.min {
            (rank($0.prefix), $0.prefix.count, $0.prefix) < (rank($1.prefix), $1.prefix.count, $1.prefix)
        }
        guard let best else { return nil }
        (naming, prefix) = best
        var ungrouped: [String: String] = [:]
        if best.naming == .timm {
            let start = best.prefix + "blocks."
            for name in archive.names where name.hasPrefix(start) {
                let parts = name.dropFirst(start.count).split(separator: ".")
                guard parts.count > 2, parts[0].allSatisfy(\.isNumber), parts[1].allSatisfy(\.isNumber) else {
                    continue
                }
                ungrouped[start + parts.dropFirst().joined(separator: ".")] = name
            }
        }
        self.ungrouped = ungrouped
    }

    /// The source under the names that the file uses.
    func inFile(_ source: WeightsNaming.Source) -> WeightsNaming.Source {
        let prefixed = source.prefixed(prefix)
        return ungrouped.isEmpty ? prefixed : prefixed.renamed { ungrouped[$0] ?? $0 }
    }

    /// Whether a tensor that the backbone does not use is one of those that usually surround it.
    func isBeside(_ name: String, _ archive: TensorArchive) -> Bool {
        guard name.hasPrefix(prefix) else { return true }
        let own = name.dropFirst(prefix.count)
        if let tensor = archive[name] {
            // Buffers that count or index, such as `position_ids` and OpenAI's `input_resolution`.
            if !tensor.scalarType.isFloatingPoint { return true }
            // timm writes CLIP's projection with a bias of zeros.
            if own == "head.bias", tensor.count <= 1 << 16, tensor.floats().allSatisfy({ $0 == 0 }) { return true }
        }
        let beside: [String] =
            switch naming {
            case .timm: ["mask_token", "head.", "head_dist.", "dino_head.", "ibot_head.", "fc_norm.", "local_cls_norm."]
            case .openCLIP:
                // Without a prefix the text tower's own `transformer.resblocks` cannot be told apart and is no CLIP file's.
                ["token_embedding.", "text", "logit_", "ln_final.", "input_resolution", "context_length", "vocab_size"]
            case .huggingFaceCLIP:
                ["text_model.", "text_projection.", "logit_", "vision_model.embeddings.position_ids", "classifier."]
            case .huggingFaceViT, .huggingFaceDINOv3:
                ["embeddings.mask_token", "pooler.", "classifier.", "decoder.", "onnx::"]
            }
        return beside.contains { own.hasPrefix($0) }
    }
}
