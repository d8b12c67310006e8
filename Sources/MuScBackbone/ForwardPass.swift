import CKernels
import MuScSupport

/// One image's way through the network, on the calling thread.
struct ForwardPass {
    let model: VisionTransformer
    let workspace: Workspace
    /// The most threads that share an image's products.
    let threads: Int

    private var isa: musc_isa { model.isa }
    private var width: Int { model.description.width }
    private var leading: Int { 1 + model.description.registers }
    private var patches: Int { model.gridWidth * model.gridHeight }
    private var length: Int { leading + patches }
    private var tokens: UnsafeMutablePointer<Float> { workspace.tokens.pointer.assumingMemoryBound(to: Float.self) }

    func run(_ image: NormalizedImage, needsImageFeature: Bool) -> ImageTokens {
        let deepest = model.featureLayers.max() ?? 0
        let needsClassToken = needsImageFeature && model.imageFeature == .classToken
        let last = needsClassToken ? model.description.depth - 1 : deepest
        var taps: [Int: [Float]] = [:]
        embed(image)
        for index in 0...last {
            // After the last block nobody asks for patches that no feature layer wants: the class token is enough.
            let rows = index == last && !model.featureLayers.contains(index) ? 1 : length
            attend(model.weights.blocks[index], rows: rows)
            transform(model.weights.blocks[index], rows: rows)
            if model.featureLayers.contains(index) { taps[index] = patchTokens() }
        }
        let feature =
            needsClassToken ? imageFeature() : needsImageFeature ? ImageTokens.mean(taps[deepest] ?? [], width: width) : []
        return ImageTokens(layers: model.featureLayers.map { taps[$0] ?? [] }, imageFeature: feature)
    }

    /// Cuts the image into patches and embeds them; class and register tokens go first.
    private func embed(_ image: NormalizedImage) {
        let patch = model.description.patch
        let (pixels, stride) = (workspace.pixels.pointer.assumingMemoryBound(to: Float.self), workspace.pixels.stride)
        image.values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            for gridY in 0..<model.gridHeight {
                for gridX in 0..<model.gridWidth {
                    var target = pixels + (gridY * model.gridWidth + gridX) * stride
                    for channel in 0..<3 {
                        for y in 0..<patch {
                            let row = (channel * image.height + gridY * patch + y) * image.width + gridX * patch
                            target.update(from: values + row, count: patch)
                            target += patch
                        }
                    }
                }
            }
        }
        let rows = tokens
        for row in 0..<leading {
            (rows + row * workspace.tokens.stride).update(
                from: model.weights.leadingTokens.pointer + row * width, count: width)
        }
        let target = rows + leading * workspace.tokens.stride
        for row in 0..<patches {
            let token = target + row * workspace.tokens.stride
            switch model.weights.positions {
            case .learned(let positions): token.update(from: positions.pointer + row * width, count: width)
            case .rotary: token.update(repeating: 0, count: width)
            }
        }
        model.weights.patchEmbedding.apply(
            isa, to: workspace.pixels.pointer, stride: stride, rows: patches, MUSC_ADD, output: target,
            outputStride: workspace.tokens.stride)
        if let norm = model.weights.inputNorm {
            layerNorm(rows, norm, rows: length, MUSC_F32, into: workspace.tokens)
        }
    }

    /// Multi-head self-attention with its residual: `x + γ · proj(softmax(q·kᵀ / √w) · v)`.
    ///
    /// - Parameter rows: The tokens, from the first, that are wanted.
    private func attend(_ block: TransformerWeights.Block, rows: Int) {
        let normalised = normalised(block.norm1, rows: length, for: block.qkv)
        let isTurned = model.description.rotatesPositions
        apply(block.qkv, to: normalised, rows: length, isTurned ? MUSC_ROTATE : MUSC_STORE, into: workspace.qkv)
        var call = workspace.attention
        call.queries = rows
        withUnsafePointer(to: call) { attention in
            musc_attention_apply(
                isa, attention, workspace.qkv.pointer, workspace.qkv.stride, workspace.attended.pointer,
                workspace.attended.stride, workspace.scratch)
        }
        apply(block.projection, to: attended(rows, for: block.projection), rows: rows, MUSC_ADD, into: workspace.tokens)
    }

    /// The LayerNorm of so many tokens, as a layer takes it.
    private func normalised(
        _ norm: TransformerWeights.Affine, rows: Int, for layer: PackedLinear
    ) -> Workspace.Rows {
        let bytes = layer.precision == MUSC_INT8 ? workspace.normalisedBytes : nil
        let target = bytes ?? workspace.normalised
        layerNorm(tokens, norm, rows: rows, layer.precision, into: target)
        return target
    }

    /// What attention gave of so many tokens, as a layer takes it.
    private func attended(_ rows: Int, for layer: PackedLinear) -> Workspace.Rows {
        guard layer.precision == MUSC_INT8, let bytes = workspace.attendedBytes else { return workspace.attended }
        musc_quantise_rows(
            isa, model.kernelPrecision, workspace.attended.pointer, workspace.attended.stride, rows, width,
            bytes.pointer.assumingMemoryBound(to: UInt8.self), bytes.stride, bytes.scales)
        return bytes
    }

    /// The MLP with its residual: `x + γ · fc2(activation(fc1(norm(x))))`, or of a gated one
    /// `x + γ · w3(silu(w1(norm(x))) ⊙ w2(norm(x)))`.
    private func transform(_ block: TransformerWeights.Block, rows: Int) {
        let normalised = normalised(block.norm2, rows: rows, for: block.hidden)
        let activation =
            switch (model.description.feedForward, model.activation) {
            case (.gated, _): MUSC_GATE
            case (.plain, .gelu): MUSC_GELU
            case (.plain, .quickGELU): MUSC_QUICK_GELU
            }
        apply(block.hidden, to: normalised, rows: rows, activation, into: workspace.hidden)
        apply(block.output, to: workspace.hidden, rows: rows, MUSC_ADD, into: workspace.tokens)
    }

    private func apply(
        _ linear: PackedLinear, to input: Workspace.Rows, rows: Int, _ epilogue: musc_epilogue, into output: Workspace.Rows
    ) {
        // Rows do not depend on each other; pieces of whole tiles keep the kernel's pace.
        let pieces = min(threads, max(rows / 64, 1))
        let piece = ((rows + pieces - 1) / pieces + 7) / 8 * 8
        let (source, target) = (ThreadSafeRows(input), ThreadSafeRows(output))
        let inputBytes = musc_element_size(linear.precision)
        let outputBytes = epilogue == MUSC_ADD ? MemoryLayout<Float>.size : musc_element_size(linear.outputPrecision)
        concurrentLoop(pieces, threads: threads) { index in
            let first = index * piece
            guard first < rows else { return }
            func apply(_ rotation: UnsafePointer<musc_rotation>?) {
                linear.apply(
                    isa, to: source.rows.pointer + first * source.rows.stride * inputBytes, stride: source.rows.stride,
                    rows: min(piece, rows - first), epilogue,
                    output: target.rows.pointer + first * target.rows.stride * outputBytes,
                    outputStride: target.rows.stride, scales: source.rows.scales.map { $0 + first }, rotation: rotation)
            }
            if epilogue == MUSC_ROTATE, case .rotary(let rotary) = model.weights.positions {
                rotary.withTables(from: first) { apply($0) }
            } else {
                apply(nil)
            }
        }
    }

    /// `(x − mean) / √(variance + ε) · weight + bias`, row by row of the residual stream.
    private func layerNorm(
        _ input: UnsafePointer<Float>, _ norm: TransformerWeights.Affine, rows: Int, _ precision: musc_precision,
        into output: Workspace.Rows
    ) {
        musc_layer_norm(
            isa, input, workspace.tokens.stride, rows, width, norm.weight.pointer, norm.bias.pointer,
            model.description.layerNormEpsilon, precision, output.pointer, output.stride, output.scales)
    }

    private func patchTokens() -> [Float] {
        let source = tokens + leading * workspace.tokens.stride
        return [Float](unsafeUninitializedCapacity: patches * width) { buffer, count in
            count = patches * width
            guard let target = buffer.baseAddress else { return }
            if model.description.normalisesTokens {
                layerNorm(
                    source, model.weights.finalNorm, rows: patches, MUSC_F32,
                    into: Workspace.Rows(pointer: target, stride: width))
            } else {
                for row in 0..<patches {
                    (target + row * width).update(from: source + row * workspace.tokens.stride, count: width)
                }
            }
        }
    }

    private func imageFeature() -> [Float] {
        var feature = [Float](repeating: 0, count: width)
        feature.withUnsafeMutableBytes { buffer in
            guard let target = buffer.baseAddress else { return }
            layerNorm(
                tokens, model.weights.finalNorm, rows: 1, MUSC_F32, into: Workspace.Rows(pointer: target, stride: width))
        }
        guard let projection = model.weights.projection else { return feature }
        var projected = [Float](repeating: 0, count: model.description.featureWidth)
        for output in projected.indices {
            let row = projection.pointer + output * width
            for channel in 0..<width { projected[output] += row[channel] * feature[channel] }
        }
        let length = projected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return projected.map { $0 / max(length, 1e-12) }
    }
}

/// Rows of which each thread touches its own.
private struct ThreadSafeRows: @unchecked Sendable {
    let rows: Workspace.Rows
    init(_ rows: Workspace.Rows) { self.rows = rows }
}
