import CKernels
import MuScSupport

/// The weights of one vision transformer, laid out for the forward pass.
///
/// Linear layers are packed for the kernels, in the precision of the model but for the patch embedding, which reads
/// pixels in fp32.
struct TransformerWeights: Sendable {
    /// In what the numbers are kept.
    struct Precision: Sendable {
        /// Between products, and in attention.
        var numbers: musc_precision
        /// Whether queries, keys, values, the attention's projection and the MLP's first layer are products of int8.
        var usesInt8: Bool
    }

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
    ///   - blockCount: How many blocks, from the first, will be run.
    ///   - threads: The most threads to use.
    /// - Throws: ``WeightsError`` where a tensor is missing or misshapen.
    init(
        _ weights: BackboneWeights, description: BackboneDescription, gridWidth: Int, gridHeight: Int,
        precision: Precision, blockCount: Int, threads: Int
    ) throws(WeightsError) {
        let width = description.width
        func affine(_ name: String) throws(WeightsError) -> Affine {
            Affine(
                weight: FloatStorage(try weights.floats(name + ".weight")),
                bias: FloatStorage(try weights.floats(name + ".bias")))
        }
        let patchBias = description.hasPatchBias ? try weights.floats("patch_embed.proj.bias") : nil
        patchEmbedding = try weights.withFloats("patch_embed.proj.weight") {
            PackedLinear(
                weight: $0, bias: patchBias, inputs: 3 * description.patch * description.patch, outputs: width,
                precision: MUSC_F32, outputPrecision: MUSC_F32)
        }
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
        // Most of the time that a program takes until its first image: so blocks are laid out side by side.
        let read = concurrentMap(blockCount, threads: threads) { index -> Result<Block, WeightsError> in
            do throws(WeightsError) {
                return .success(try Block(index, of: weights, description, precision))
            } catch {
                return .failure(error)
            }
        }
        blocks = []
        for result in read { blocks.append(try result.get()) }
        finalNorm = try affine("norm")
        projection = description.projectsImageFeature ? FloatStorage(try weights.floats("head.weight")) : nil
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
}
