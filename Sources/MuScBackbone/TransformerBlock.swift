import CKernels
import MuScSupport

extension TransformerWeights.Block {
    /// Reads the tensors of one block and packs them.
    ///
    /// - Throws: ``WeightsError`` where a tensor is missing or misshapen.
    init(
        _ index: Int, of weights: BackboneWeights, _ description: BackboneDescription,
        _ precision: TransformerWeights.Precision
    ) throws(WeightsError) {
        let (name, width) = ("blocks.\(index)", description.width)
        // The first block makes half of the error that int8 costs the shallow layers, and a ninth of the time where nine
        // blocks are run.
        let usesInt8 = precision.usesInt8 && index > 0
        let numbers = precision.numbers, linear = usesInt8 ? MUSC_INT8 : numbers
        var attentionNorm = try Norm(name + ".norm1", weights), mlpNorm = try Norm(name + ".norm2", weights)
        var queriesBias = try weights.floats(name + ".attn.qkv.bias")
        let projectionBias = try weights.floats(name + ".attn.proj.bias")
        let gamma1 = description.hasLayerScale ? try weights.floats(name + ".ls1.gamma") : nil
        var queries = PackedLinear.Arrangement(rows: Self.queryRows(description))
        var hidden = PackedLinear.Arrangement(rows: Self.hiddenRows(description))
        var attended = PackedLinear.Arrangement(rows: Array(0..<width))
        let values = try weights.withFloats(name + ".attn.qkv.weight") { weight in
            if numbers == MUSC_BF16, !description.rotatesPositions {
                Self.centreKeys(&queriesBias, weight, at: attentionNorm.bias)
            }
            guard usesInt8 else { return [Float]() }
            let values = Self.valueMagnitudes(weight, queriesBias, attentionNorm)
            let smoothing = Self.smoothing(of: attentionNorm.magnitudes, weight)
            attentionNorm.divide(by: smoothing)
            queries.columnFactors = smoothing
            return values
        }
        projection = try weights.withFloats(name + ".attn.proj.weight") { weight in
            if usesInt8 {
                // A channel of the values is a channel of what attention makes of them.
                let smoothing = Self.smoothing(of: values, weight)
                attended.columnFactors = smoothing
                queries.rowFactors = [Float](repeating: 1, count: 2 * width) + smoothing.map { 1 / $0 }
            }
            return Self.packed(weight, projectionBias, gamma: gamma1, attended, inputs: width, linear, numbers)
        }
        qkv = try weights.withFloats(name + ".attn.qkv.weight") {
            Self.packed($0, queriesBias, queries, inputs: width, linear, numbers)
        }
        let hiddenBias = try weights.floats(name + ".mlp.fc1.bias")
        self.hidden = try weights.withFloats(name + ".mlp.fc1.weight") { weight in
            if usesInt8 {
                let smoothing = Self.smoothing(of: mlpNorm.magnitudes, weight)
                mlpNorm.divide(by: smoothing)
                hidden.columnFactors = smoothing
            }
            return Self.packed(weight, hiddenBias, hidden, inputs: width, linear, numbers)
        }
        let outputBias = try weights.floats(name + ".mlp.fc2.bias")
        let gamma2 = description.hasLayerScale ? try weights.floats(name + ".ls2.gamma") : nil
        output = try weights.withFloats(name + ".mlp.fc2.weight") {
            PackedLinear(
                weight: $0, bias: outputBias, gamma: gamma2, inputs: description.mlpWidth, outputs: width, precision: numbers,
                outputPrecision: MUSC_F32)
        }
        (norm1, norm2) = (attentionNorm.affine, mlpNorm.affine)
    }

    /// Packs a layer, from the file's own memory where nothing is changed.
    private static func packed(
        _ weight: UnsafeBufferPointer<Float>, _ bias: [Float], gamma: [Float]? = nil, _ arrangement: PackedLinear.Arrangement,
        inputs: Int, _ precision: musc_precision, _ outputPrecision: musc_precision
    ) -> PackedLinear {
        guard arrangement.isChange(of: bias.count) else {
            return PackedLinear(
                weight: weight, bias: bias, gamma: gamma, inputs: inputs, outputs: bias.count, precision: precision,
                outputPrecision: outputPrecision)
        }
        return .arranged(
            arrangement, of: weight, bias: bias, gamma: gamma, inputs: inputs, precision: precision,
            outputPrecision: outputPrecision)
    }

    /// The rows of queries, keys and values; where queries and keys are turned, with the channels of a pair side by side.
    private static func queryRows(_ description: BackboneDescription) -> [Int?] {
        let rows = 0..<3 * description.width
        guard description.rotatesPositions else { return Array(rows) }
        let paired = RotaryEmbedding.pairedChannels(headWidth: description.headWidth)
        return rows.map { row in
            row < 2 * description.width ? row - row % paired.count + paired[row % paired.count] : row
        }
    }

    /// The rows of the MLP's first layer. A gated one has all gates in the file and then all values; `MUSC_GATE` takes them in
    /// turns of 16.
    private static func hiddenRows(_ description: BackboneDescription) -> [Int?] {
        let hidden = description.mlpWidth
        guard description.feedForward == .gated else { return Array(0..<hidden) }
        return stride(from: 0, to: hidden, by: 16).flatMap { first -> [Int?] in
            let group: [Int?] = (first..<first + 16).map { $0 < hidden ? $0 : nil }
            return group + group.map { $0.map { $0 + hidden } }
        }
    }

    /// Chooses the keys' bias so that a token at the norm's bias has a zero key.
    ///
    /// Softmax does not change where every key is moved by the same vector, for that adds the same to all scores of a
    /// query. So most of what all keys share is gone before they are rounded to bfloat16, and with it two thirds of the
    /// error of the scores. Where keys are turned, each by an angle of its own, they share nothing, and the bias counts.
    private static func centreKeys(_ bias: inout [Float], _ weight: UnsafeBufferPointer<Float>, at shift: [Float]) {
        let width = shift.count
        for key in width..<2 * width {
            var sum: Float = 0
            for channel in 0..<width { sum += weight[key * width + channel] * shift[channel] }
            bias[key] = -sum
        }
    }
}

extension TransformerWeights.Block {
    /// A LayerNorm's weight and bias as they are read.
    private struct Norm {
        var weight, bias: [Float]

        init(_ name: String, _ weights: BackboneWeights) throws(WeightsError) {
            weight = try weights.floats(name + ".weight")
            bias = try weights.floats(name + ".bias")
        }

        /// How large the channels are that it gives, in the mean square, if those that go in are alike.
        var magnitudes: [Float] { zip(weight, bias).map { ($0 * $0 + $1 * $1).squareRoot() } }

        mutating func divide(by factors: [Float]) {
            for (channel, factor) in factors.enumerated() {
                weight[channel] /= factor
                bias[channel] /= factor
            }
        }

        var affine: TransformerWeights.Affine {
            TransformerWeights.Affine(weight: FloatStorage(weight), bias: FloatStorage(bias))
        }
    }

    /// How large the channels of the values are, in the mean square, if the channels before the LayerNorm are alike and
    /// independent.
    private static func valueMagnitudes(
        _ weight: UnsafeBufferPointer<Float>, _ bias: [Float], _ norm: Norm
    ) -> [Float] {
        let width = norm.weight.count
        return (2 * width..<3 * width).map { row in
            var (mean, square) = (bias[row], Float(0))
            for channel in 0..<width {
                let entry = weight[row * width + channel]
                mean += entry * norm.bias[channel]
                square += (entry * norm.weight[channel]) * (entry * norm.weight[channel])
            }
            return (mean * mean + square).squareRoot()
        }
    }

    /// What a layer's inputs are divided by, and its columns multiplied with, before both are rounded to 8 bits: so no
    /// channel of a token, and no column of the weights, takes the range of all others (SmoothQuant, arXiv 2211.10438).
    ///
    /// The factor of a channel is the root of its inputs' size over that of its weights. Sizes follow from the weights
    /// alone: the same weights have the same factors, whatever photographs come.
    private static func smoothing(of magnitudes: [Float], _ weight: UnsafeBufferPointer<Float>) -> [Float] {
        let inputs = magnitudes.count
        var squares = [Float](repeating: 0, count: inputs)
        for start in stride(from: 0, to: weight.count, by: inputs) {
            for channel in 0..<inputs { squares[channel] += weight[start + channel] * weight[start + channel] }
        }
        let rows = Float(max(weight.count / inputs, 1))
        return zip(magnitudes, squares).map { $0 > 0 && $1 > 0 ? ($0 / ($1 / rows).squareRoot()).squareRoot() : 1 }
    }
}
