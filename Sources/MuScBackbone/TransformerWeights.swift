import MuScLinearAlgebra

/// The weights of one vision transformer, laid out for the forward pass.
///
/// Matrices are row-major `[output channels, input channels]`, as the publishers store them.
struct TransformerWeights: Sendable {
    /// One pre-norm block: attention, then MLP.
    struct Block: Sendable {
        var norm1, norm2: Affine
        var qkv, projection, hidden, output: Linear
        /// LayerScale of the attention and the MLP branch; nil where the family has none.
        var scale1, scale2: FloatStorage?
    }

    /// Weight and bias of a LayerNorm.
    struct Affine: Sendable {
        var weight, bias: FloatStorage
    }

    /// `y = x · weightᵀ + bias`.
    struct Linear: Sendable {
        var weight: FloatStorage
        var bias: FloatStorage?
        var inputs, outputs: Int
    }

    var patchEmbedding: Linear
    /// Class token and registers, each with its position embedding added: `[1 + registers, width]`.
    var leadingTokens: FloatStorage
    /// Position embedding of the patches of the grid in use: `[patches, width]`.
    var positions: FloatStorage
    var inputNorm: Affine?
    var blocks: [Block]
    var finalNorm: Affine
    /// CLIP's projection of the class token, `[featureWidth, width]`.
    var projection: Linear?

    /// Reads every tensor of the backbone once.
    ///
    /// - Parameters:
    ///   - gridWidth, gridHeight: Patches of the images that will be given, for the position embedding.
    /// - Throws: ``WeightsError`` where a tensor is missing or misshapen.
    init(
        _ weights: BackboneWeights, description: BackboneDescription, gridWidth: Int, gridHeight: Int
    ) throws(WeightsError) {
        let width = description.width
        func storage(_ name: String) throws(WeightsError) -> FloatStorage { FloatStorage(try weights.floats(name)) }
        func affine(_ name: String) throws(WeightsError) -> Affine {
            Affine(weight: try storage(name + ".weight"), bias: try storage(name + ".bias"))
        }
        func linear(
            _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true
        ) throws(WeightsError) -> Linear {
            Linear(
                weight: try storage(name + ".weight"), bias: hasBias ? try storage(name + ".bias") : nil,
                inputs: inputs, outputs: outputs)
        }

        patchEmbedding = try linear(
            "patch_embed.proj", inputs: 3 * description.patch * description.patch, outputs: width,
            hasBias: description.hasPatchBias)
        let embedding = try weights.floats("pos_embed")
        var leading = try weights.floats("cls_token")
        for channel in 0..<width { leading[channel] += embedding[channel] }
        if description.registers > 0 { leading += try weights.floats("register_tokens") }
        leadingTokens = FloatStorage(leading)
        positions = FloatStorage(
            PositionEmbedding.resampled(
                Array(embedding[width...]), trainedGrid: description.trainedGrid, channels: width, width: gridWidth,
                height: gridHeight, scaleOffset: description.positionScaleOffset))
        inputNorm = description.normalisesInput ? try affine("norm_pre") : nil
        blocks = []
        for index in 0..<description.depth {
            let name = "blocks.\(index)"
            blocks.append(
                Block(
                    norm1: try affine(name + ".norm1"), norm2: try affine(name + ".norm2"),
                    qkv: try linear(name + ".attn.qkv", inputs: width, outputs: 3 * width),
                    projection: try linear(name + ".attn.proj", inputs: width, outputs: width),
                    hidden: try linear(name + ".mlp.fc1", inputs: width, outputs: description.mlpWidth),
                    output: try linear(name + ".mlp.fc2", inputs: description.mlpWidth, outputs: width),
                    scale1: description.hasLayerScale ? try storage(name + ".ls1.gamma") : nil,
                    scale2: description.hasLayerScale ? try storage(name + ".ls2.gamma") : nil))
        }
        finalNorm = try affine("norm")
        projection =
            description.projectsImageFeature
            ? try linear("head", inputs: width, outputs: description.featureWidth, hasBias: false) : nil
    }
}
