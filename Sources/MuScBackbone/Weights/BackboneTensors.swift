extension BackboneDescription {
    /// The canonical names and shapes of all tensors of this backbone, in the order of the forward pass.
    ///
    /// Vectors are `[n]`, matrices `[out, in]`, the patch embedding `[width, 3, patch, patch]`, the position embedding
    /// `[1 + trainedGrid², width]` with the class token's row first.
    public var tensorShapes: [(name: String, shape: [Int])] {
        var tensors: [(name: String, shape: [Int])] = [
            ("cls_token", [width]),
            ("pos_embed", [1 + trainedGrid * trainedGrid, width]),
        ]
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
            linear("\(block).mlp.fc1", from: width, to: mlpWidth)
            linear("\(block).mlp.fc2", from: mlpWidth, to: width)
            if hasLayerScale { tensors.append(("\(block).ls2.gamma", [width])) }
        }
        norm("norm")
        if projectsImageFeature { tensors.append(("head.weight", [featureWidth, width])) }
        return tensors
    }
}
