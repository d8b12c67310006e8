import Glibc
import MuScLinearAlgebra

/// Buffers for one image on its way through the network.
final class Workspace: @unchecked Sendable {
    // `@unchecked Sendable` holds because a workspace is handed from the pool to one thread at a time.
    let tokens, normalised, qkv, attended, hidden, scores: UnsafeMutablePointer<Float>
    private let all: [UnsafeMutablePointer<Float>]

    init(for model: VisionTransformer) {
        let description = model.description
        let patches = model.gridWidth * model.gridHeight
        let length = 1 + description.registers + patches
        func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
            UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(
                to: Float.self, capacity: count)
        }
        tokens = floats(length * description.width)
        normalised = floats(length * description.width)
        qkv = floats(length * 3 * description.width)
        attended = floats(length * description.width)
        let patchInputs = 3 * description.patch * description.patch
        hidden = floats(max(length * description.mlpWidth, patches * patchInputs))
        scores = floats(length * length)
        all = [tokens, normalised, qkv, attended, hidden, scores]
    }

    deinit {
        for buffer in all { UnsafeMutableRawPointer(buffer).deallocate() }
    }
}

/// One image's way through the network, on the calling thread.
struct ForwardPass {
    let model: VisionTransformer
    let workspace: Workspace

    private var width: Int { model.description.width }
    private var leading: Int { 1 + model.description.registers }
    private var patches: Int { model.gridWidth * model.gridHeight }
    private var length: Int { leading + patches }

    func run(_ image: NormalizedImage, needsImageFeature: Bool) -> ImageTokens {
        let last = needsImageFeature ? model.description.depth - 1 : (model.featureLayers.max() ?? 0)
        var taps: [Int: [Float]] = [:]
        embed(image)
        for index in 0...last {
            attend(model.weights.blocks[index])
            transform(model.weights.blocks[index])
            if model.featureLayers.contains(index) { taps[index] = patchTokens() }
        }
        return ImageTokens(
            layers: model.featureLayers.map { taps[$0] ?? [] },
            imageFeature: needsImageFeature ? imageFeature() : [])
    }

    /// Cuts the image into patches and embeds them; class and register tokens go first.
    private func embed(_ image: NormalizedImage) {
        let patch = model.description.patch
        let inputs = 3 * patch * patch
        image.values.withUnsafeBufferPointer { pixels in
            for gridY in 0..<model.gridHeight {
                for gridX in 0..<model.gridWidth {
                    var target = workspace.hidden + (gridY * model.gridWidth + gridX) * inputs
                    for channel in 0..<3 {
                        for y in 0..<patch {
                            let row = (channel * image.height + gridY * patch + y) * image.width + gridX * patch
                            for x in 0..<patch { target[x] = pixels[row + x] }
                            target += patch
                        }
                    }
                }
            }
        }
        workspace.tokens.update(from: model.weights.leadingTokens.pointer, count: leading * width)
        let target = workspace.tokens + leading * width
        target.update(from: model.weights.positions.pointer, count: patches * width)
        if let bias = model.weights.patchEmbedding.bias { add(bias, to: target, rows: patches) }
        multiply(model.weights.patchEmbedding, input: workspace.hidden, rows: patches, output: target, accumulates: true)
        if let norm = model.weights.inputNorm {
            layerNorm(workspace.tokens, norm, rows: length, output: workspace.tokens)
        }
    }

    /// Multi-head self-attention with its residual: `x + γ · proj(softmax(q·kᵀ / √w) · v)`.
    private func attend(_ block: TransformerWeights.Block) {
        layerNorm(workspace.tokens, block.norm1, rows: length, output: workspace.normalised)
        project(block.qkv, input: workspace.normalised, rows: length, output: workspace.qkv)
        let heads = model.description.heads
        let headWidth = width / heads
        for head in 0..<heads {
            let query = workspace.qkv + head * headWidth
            OpenBLAS.product(
                rows: length, columns: length, depth: headWidth, alpha: 1 / Float(headWidth).squareRoot(), a: query,
                strideA: 3 * width, b: query + width, strideB: 3 * width, transposesB: true, c: workspace.scores,
                strideC: length)
            softmax(workspace.scores, rows: length, columns: length)
            OpenBLAS.product(
                rows: length, columns: headWidth, depth: length, a: workspace.scores, strideA: length,
                b: query + 2 * width, strideB: 3 * width, transposesB: false, c: workspace.attended + head * headWidth,
                strideC: width)
        }
        addResidual(block.projection, input: workspace.attended, scale: block.scale1)
    }

    /// The MLP with its residual: `x + γ · fc2(activation(fc1(norm(x))))`.
    private func transform(_ block: TransformerWeights.Block) {
        layerNorm(workspace.tokens, block.norm2, rows: length, output: workspace.normalised)
        project(block.hidden, input: workspace.normalised, rows: length, output: workspace.hidden)
        activate(workspace.hidden, count: length * block.hidden.outputs)
        addResidual(block.output, input: workspace.hidden, scale: block.scale2)
    }

    private func patchTokens() -> [Float] {
        let source = workspace.tokens + leading * width
        return [Float](unsafeUninitializedCapacity: patches * width) { buffer, count in
            count = patches * width
            guard let target = buffer.baseAddress else { return }
            if model.description.normalisesTokens {
                layerNorm(source, model.weights.finalNorm, rows: patches, output: target)
            } else {
                target.update(from: source, count: count)
            }
        }
    }

    private func imageFeature() -> [Float] {
        var feature = [Float](repeating: 0, count: width)
        feature.withUnsafeMutableBufferPointer { buffer in
            guard let target = buffer.baseAddress else { return }
            layerNorm(workspace.tokens, model.weights.finalNorm, rows: 1, output: target)
        }
        guard let projection = model.weights.projection else { return feature }
        var projected = [Float](repeating: 0, count: projection.outputs)
        for output in 0..<projection.outputs {
            let row = projection.weight.pointer + output * width
            for channel in 0..<width { projected[output] += row[channel] * feature[channel] }
        }
        let length = projected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return projected.map { $0 / max(length, 1e-12) }
    }
}

// MARK: - Passes over rows of tokens

extension ForwardPass {
    /// `output = input · weightᵀ`, added to what is there where `accumulates`.
    private func multiply(
        _ linear: TransformerWeights.Linear, input: UnsafePointer<Float>, rows: Int,
        output: UnsafeMutablePointer<Float>, accumulates: Bool
    ) {
        OpenBLAS.product(
            rows: rows, columns: linear.outputs, depth: linear.inputs, a: input, strideA: linear.inputs,
            b: linear.weight.pointer, strideB: linear.inputs, transposesB: true, beta: accumulates ? 1 : 0, c: output,
            strideC: linear.outputs)
    }

    /// `output = input · weightᵀ + bias`.
    private func project(
        _ linear: TransformerWeights.Linear, input: UnsafePointer<Float>, rows: Int,
        output: UnsafeMutablePointer<Float>
    ) {
        multiply(linear, input: input, rows: rows, output: output, accumulates: false)
        if let bias = linear.bias { add(bias, to: output, rows: rows) }
    }

    /// `tokens += scale · (input · weightᵀ + bias)`.
    private func addResidual(
        _ linear: TransformerWeights.Linear, input: UnsafePointer<Float>, scale: FloatStorage?
    ) {
        project(linear, input: input, rows: length, output: workspace.normalised)
        for row in 0..<length {
            let target = workspace.tokens + row * width
            let branch = workspace.normalised + row * width
            if let scale = scale?.pointer {
                for channel in 0..<width { target[channel] += scale[channel] * branch[channel] }
            } else {
                for channel in 0..<width { target[channel] += branch[channel] }
            }
        }
    }

    private func add(_ bias: FloatStorage, to rows: UnsafeMutablePointer<Float>, rows count: Int) {
        for row in 0..<count {
            let target = rows + row * bias.count
            for channel in 0..<bias.count { target[channel] += bias.pointer[channel] }
        }
    }

    /// `(x − mean) / √(variance + ε) · weight + bias`, row by row; input and output may be the same.
    private func layerNorm(
        _ input: UnsafePointer<Float>, _ norm: TransformerWeights.Affine, rows: Int,
        output: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let source = input + row * width
            let target = output + row * width
            var sum: Float = 0
            for channel in 0..<width { sum += source[channel] }
            let mean = sum / Float(width)
            var squares: Float = 0
            for channel in 0..<width { squares += (source[channel] - mean) * (source[channel] - mean) }
            let scale = 1 / (squares / Float(width) + model.description.layerNormEpsilon).squareRoot()
            for channel in 0..<width {
                target[channel] = (source[channel] - mean) * scale * norm.weight.pointer[channel]
                    + norm.bias.pointer[channel]
            }
        }
    }

    private func softmax(_ scores: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        for row in 0..<rows {
            let values = scores + row * columns
            var top = values[0]
            for column in 1..<columns { top = max(top, values[column]) }
            var sum: Float = 0
            for column in 0..<columns {
                values[column] = expf(values[column] - top)
                sum += values[column]
            }
            let scale = 1 / sum
            for column in 0..<columns { values[column] *= scale }
        }
    }

    private func activate(_ values: UnsafeMutablePointer<Float>, count: Int) {
        switch model.activation {
        case .gelu:
            for index in 0..<count {
                values[index] = 0.5 * values[index] * (1 + erff(values[index] * Float(0.5).squareRoot()))
            }
        case .quickGELU:
            for index in 0..<count { values[index] /= 1 + expf(-1.702 * values[index]) }
        }
    }
}
