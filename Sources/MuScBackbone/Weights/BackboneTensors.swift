extension BackboneDescription {
    /// The canonical names and shapes of all tensors of this backbone, in the order of the forward pass.
    ///
    /// Vectors are `[n]`, matrices `[out, in]`, the patch embedding `[width, 3, patch, patch]`, the position embedding
    /// `[1 + trainedGrid², width]` with the class token's row first. The first layer of a gated MLP has all gates and then
    /// all values: `[2 · mlpWidth, width]`.
    public var tensorShapes: [(name: String, shape: [Int])] {
        var tensors: [(name: String, shape: [Int])] = [("cls_token", [width])]
        if rotatesPositions {
            tensors.append(("rope_embed.periods", [headWidth / 4]))
        } else {
            tensors.append(("pos_embed", [1 + trainedGrid * trainedGrid, width]))
        }
        if registers > 0 { tensors.append(("register_tokens", [registers, width])) }
        tensors.append(("patch_embed.proj.weight", [width, 3, patch, patch]))
        if hasPatchBias { tensors.append(("patch_embed.proj.bias", [width])) }
        func norm(_ name: String) { tensors += [("\(name).weight", [width]), ("\(name).bias", [width])] }
        func linear(_ name: String, from inputs: Int, to outputs: Int) {
            tensors += [("\(name).weight", [outputs, inputs]), ("\(name).bias", [outputs])]
        }
        if normalisesInput { norm("norm_pre") }
        for index in 0..<depth {
            let block = "blocks.\(index)"
            norm("\(block).norm1")
            linear("\(block).attn.qkv", from: width, to: 3 * width)
            linear("\(block).attn.proj", from: width, to: width)
            if hasLayerScale { tensors.append(("\(block).ls1.gamma", [width])) }
            norm("\(block).norm2")
            linear("\(block).mlp.fc1", from: width, to: feedForward == .gated ? 2 * mlpWidth : mlpWidth)
            linear("\(block).mlp.fc2", from: mlpWidth, to: width)
            if hasLayerScale { tensors.append(("\(block).ls2.gamma", [width])) }
        }
        norm("norm")
        if projectsImageFeature { tensors.append(("head.weight", [featureWidth, width])) }
        return tensors
    }

    /// What stands for a tensor that a file may leave out; nil where it must be there.
    ///
    /// DINOv3's files in Hugging Face's and timm's form carry no periods, and those of timm no bias of queries, keys and
    /// values where Meta's has zeros.
    func substitute(for canonicalName: String) -> Substitute? {
        guard family == .dinov3 else { return nil }
        if canonicalName == "rope_embed.periods" { return .computed }
        return canonicalName.hasSuffix(".attn.qkv.bias") ? .zeros : nil
    }

    /// See ``substitute(for:)``.
    enum Substitute {
        /// The network computes it.
        case computed
        case zeros
    }
}
