import CKernels
import MuScSupport

/// The weights of one vision transformer, laid out for the forward pass.
///
/// Linear layers are packed for the kernels, in the precision of the model but for the patch embedding, which reads
/// pixels in fp32.
struct TransformerWeights: Sendable {
    /// One pre-norm block: attention, then MLP.
    struct Block: Sendable {
        var norm1, norm2: Affine
        /// `projection` and `output` carry the LayerScale of their branch, where the family has one.
        var qkv, projection, hidden, output: PackedLinear
    }

    /// Weight and bias of a LayerNorm.
    struct Affine: Sendable {
        var weight, bias: FloatStorage
    }

    /// How tokens are told where their patch lies.
    enum Positions: Sendable {
        /// A learned embedding that is added to the patches: `[patches, width]`.
        case learned(FloatStorage)
        /// Queries and keys are turned.
        case rotary(RotaryEmbedding)
    }

    var patchEmbedding: PackedLinear
    /// Class token and registers, each with its position embedding added: `[1 + registers, width]`.
    var leadingTokens: FloatStorage
    /// Where the patches of the grid in use lie.
    var positions: Positions
    /// What the positions of any grid are made of: the learned embedding `[trainedGrid², width]`, or RoPE's periods.
    private let positionSource: [Float]
    var inputNorm: Affine?
    var blocks: [Block]
    var finalNorm: Affine
    /// CLIP's projection of the class token, `[featureWidth, width]`.
    var projection: FloatStorage?

    /// Reads every tensor of the backbone once.
    ///
    /// - Parameters:
    ///   - gridWidth, gridHeight: Patches of the images that will be given, for the position embedding.
    ///   - threads: The most threads to use.
    /// - Throws: ``WeightsError`` where a tensor is missing or misshapen.
    init(
        _ weights: BackboneWeights, description: BackboneDescription, gridWidth: Int, gridHeight: Int,
        precision: musc_precision, threads: Int
    ) throws(WeightsError) {
        let width = description.width
        @Sendable func storage(_ name: String) throws(WeightsError) -> FloatStorage { FloatStorage(try weights.floats(name)) }
        @Sendable func affine(_ name: String) throws(WeightsError) -> Affine {
            Affine(weight: try storage(name + ".weight"), bias: try storage(name + ".bias"))
        }
        @Sendable func linear(
            _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, scale: String? = nil,
            precision: musc_precision
        ) throws(WeightsError) -> PackedLinear {
            let bias = hasBias ? try weights.floats(name + ".bias") : nil
            let gamma: [Float]? = if let scale { try weights.floats(scale) } else { nil }
            return try weights.withFloats(name + ".weight") { weight in
                PackedLinear(
                    weight: weight, bias: bias, gamma: gamma, inputs: inputs, outputs: outputs, precision: precision)
            }
        }

        patchEmbedding = try linear(
            "patch_embed.proj", inputs: 3 * description.patch * description.patch, outputs: width,
            hasBias: description.hasPatchBias, precision: MUSC_F32)
        var leading = try weights.floats("cls_token")
        if description.rotatesPositions {
            positionSource =
                weights.shape("rope_embed.periods") == nil
                ? RotaryEmbedding.periods(base: description.ropeBase, headWidth: description.headWidth)
                : try weights.floats("rope_embed.periods")
        } else {
            let embedding = try weights.floats("pos_embed")
            for channel in 0..<width { leading[channel] += embedding[channel] }
            positionSource = Array(embedding[width...])
        }
        if description.registers > 0 { leading += try weights.floats("register_tokens") }
        leadingTokens = FloatStorage(leading)
        positions = Self.positions(positionSource, description, gridWidth: gridWidth, gridHeight: gridHeight)
        inputNorm = description.normalisesInput ? try affine("norm_pre") : nil
        @Sendable func block(_ index: Int) throws(WeightsError) -> Block {
            let name = "blocks.\(index)"
            let scales = description.hasLayerScale ? (name + ".ls1.gamma", name + ".ls2.gamma") : (nil, nil)
            return Block(
                norm1: try affine(name + ".norm1"), norm2: try affine(name + ".norm2"),
                qkv: try Self.attentionInput(name, weights, description, precision: precision),
                projection: try linear(
                    name + ".attn.proj", inputs: width, outputs: width, scale: scales.0, precision: precision),
                hidden: description.feedForward == .gated
                    ? try Self.gatedInput(name + ".mlp.fc1", weights, description, precision: precision)
                    : try linear(
                        name + ".mlp.fc1", inputs: width, outputs: description.mlpWidth, precision: precision),
                output: try linear(
                    name + ".mlp.fc2", inputs: description.mlpWidth, outputs: width, scale: scales.1,
                    precision: precision))
        }
        // Most of the time that a program takes until its first image: so blocks are laid out side by side.
        let read = concurrentMap(description.depth, threads: threads) { index -> Result<Block, WeightsError> in
            do throws(WeightsError) { return .success(try block(index)) } catch { return .failure(error) }
        }
        blocks = []
        for result in read { blocks.append(try result.get()) }
        finalNorm = try affine("norm")
        projection = description.projectsImageFeature ? try storage("head.weight") : nil
    }

    /// The same weights for images of another grid; all but the position embedding is shared.
    func resized(_ description: BackboneDescription, gridWidth: Int, gridHeight: Int) -> TransformerWeights {
        var weights = self
        weights.positions = Self.positions(positionSource, description, gridWidth: gridWidth, gridHeight: gridHeight)
        return weights
    }

    private static func positions(
        _ source: [Float], _ description: BackboneDescription, gridWidth: Int, gridHeight: Int
    ) -> Positions {
        if description.rotatesPositions {
            return .rotary(
                RotaryEmbedding(
                    periods: source, description: description, leading: 1 + description.registers, gridWidth: gridWidth,
                    gridHeight: gridHeight))
        }
        return .learned(
            FloatStorage(
                PositionEmbedding.resampled(
                    source, trainedGrid: description.trainedGrid, channels: description.width, width: gridWidth,
                    height: gridHeight, description.positionResampling)))
    }

    /// The layer that makes queries, keys and values.
    ///
    /// Softmax does not change where every key is moved by the same vector, for that adds the same to all scores of a
    /// query. In bfloat16 the keys' bias is therefore chosen so that a token at the norm's bias has a zero key: most
    /// of what all keys share is gone before they are rounded, and with it two thirds of the error of the scores. Where
    /// keys are turned, each by an angle of its own, they share nothing, and the bias counts.
    private static func attentionInput(
        _ block: String, _ weights: BackboneWeights, _ description: BackboneDescription, precision: musc_precision
    ) throws(WeightsError) -> PackedLinear {
        let width = description.width
        var bias = try weights.floats(block + ".attn.qkv.bias")
        let shift = try weights.floats(block + ".norm1.bias")
        return try weights.withFloats(block + ".attn.qkv.weight") { weight in
            if description.rotatesPositions {
                let paired = RotaryEmbedding.pairedChannels(headWidth: description.headWidth)
                let order = (0..<3 * width).map { row -> Int? in
                    row < 2 * width ? row - row % paired.count + paired[row % paired.count] : row
                }
                return PackedLinear.choosing(
                    rows: order, of: weight, bias: bias, inputs: width, precision: precision)
            }
            if precision == MUSC_BF16 {
                for key in width..<2 * width {
                    var sum: Float = 0
                    for channel in 0..<width { sum += weight[key * width + channel] * shift[channel] }
                    bias[key] = -sum
                }
            }
            return PackedLinear(weight: weight, bias: bias, inputs: width, outputs: 3 * width, precision: precision)
        }
    }

    /// The first layer of a gated MLP, its gates and values in turns of 16 as `MUSC_GATE` takes them; the file has all
    /// gates and then all values.
    private static func gatedInput(
        _ name: String, _ weights: BackboneWeights, _ description: BackboneDescription, precision: musc_precision
    ) throws(WeightsError) -> PackedLinear {
        let hidden = description.mlpWidth
        let bias = try weights.floats(name + ".bias")
        let order = stride(from: 0, to: hidden, by: 16).flatMap { first -> [Int?] in
            let group: [Int?] = (first..<first + 16).map { $0 < hidden ? $0 : nil }
            return group + group.map { $0.map { $0 + hidden } }
        }
        return try weights.withFloats(name + ".weight") { weight in
            PackedLinear.choosing(
                rows: order, of: weight, bias: bias, inputs: description.width, precision: precision)
        }
    }
}
