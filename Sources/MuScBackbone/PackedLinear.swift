import CKernels
import MuScSupport

/// A linear layer whose weights are laid out for the kernels: `y = x · weightᵀ + bias`.
///
/// `@unchecked Sendable` holds because the packed weights are written only inside `init`.
final class PackedLinear: @unchecked Sendable {
    let inputs, outputs: Int
    /// Of the weights and of what goes in.
    let precision: musc_precision
    /// Of what comes out.
    let outputPrecision: musc_precision
    private let packed: UnsafeMutableRawPointer
    private let bias, gamma: FloatStorage?

    /// - Parameters:
    ///   - weight: `[outputs, inputs]` row-major.
    ///   - gamma: What scales the outputs before they are added to a residual (LayerScale); nil for ones.
    init(
        weight: UnsafeBufferPointer<Float>, bias: [Float]?, gamma: [Float]? = nil, inputs: Int, outputs: Int,
        precision: musc_precision, outputPrecision: musc_precision
    ) {
        precondition(weight.count == inputs * outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.precision = precision
        self.outputPrecision = outputPrecision
        self.bias = bias.map { FloatStorage($0) }
        self.gamma = gamma.map { FloatStorage($0) }
        packed = .allocate(byteCount: musc_linear_packed_size(precision, inputs, outputs), alignment: 64)
        musc_linear_pack(musc_isa_best(), precision, weight.baseAddress, inputs, outputs, packed)
    }

    /// How a layer's rows and columns are changed before they are packed.
    struct Arrangement {
        /// For each output the row of the weights and the bias; nil for an output that is always zero.
        var rows: [Int?]
        /// What the rows are multiplied with, bias included, by their place in the file.
        var rowFactors: [Float]?
        /// What the columns are multiplied with.
        var columnFactors: [Float]?

        /// Whether a layer of so many outputs is another one afterwards.
        func isChange(of outputs: Int) -> Bool {
            rowFactors != nil || columnFactors != nil || rows != (0..<outputs).map(Optional.some)
        }
    }

    /// A layer whose weights are changed first, in a copy.
    static func arranged(
        _ arrangement: Arrangement, of weight: UnsafeBufferPointer<Float>, bias: [Float], gamma: [Float]? = nil, inputs: Int,
        precision: musc_precision, outputPrecision: musc_precision
    ) -> PackedLinear {
        let rows = arrangement.rows
        func factor(_ row: Int) -> Float { arrangement.rowFactors?[row] ?? 1 }
        let changed = [Float](unsafeUninitializedCapacity: rows.count * inputs) { buffer, count in
            count = rows.count * inputs
            for (output, row) in rows.enumerated() {
                let target = UnsafeMutableBufferPointer(rebasing: buffer[output * inputs..<(output + 1) * inputs])
                guard let row else {
                    target.initialize(repeating: 0)
                    continue
                }
                _ = target.initialize(from: weight[row * inputs..<(row + 1) * inputs])
                for channel in 0..<inputs {
                    target[channel] *= factor(row) * (arrangement.columnFactors?[channel] ?? 1)
                }
            }
        }
        let changedBias = rows.map { $0.map { bias[$0] * factor($0) } ?? 0 }
        return changed.withUnsafeBufferPointer {
            PackedLinear(
                weight: $0, bias: changedBias, gamma: gamma, inputs: inputs, outputs: rows.count, precision: precision,
                outputPrecision: outputPrecision)
        }
    }

    deinit {
        packed.deallocate()
    }

    /// Applies the layer to rows of the layer's precision; see `musc_linear_apply`.
    ///
    /// - Parameters:
    ///   - scales: Of an input of 8-bit integers, one a row.
    ///   - rotation: For `MUSC_ROTATE`; its tables begin at the first of the rows.
    func apply(
        _ isa: musc_isa, to input: UnsafeRawPointer, stride: Int, rows: Int, _ epilogue: musc_epilogue,
        output: UnsafeMutableRawPointer, outputStride: Int, scales: UnsafePointer<Float>? = nil,
        rotation: UnsafePointer<musc_rotation>? = nil
    ) {
        var linear = musc_linear(
            precision: precision, output_precision: outputPrecision, inputs: inputs, outputs: outputs, weights: packed,
            bias: bias?.pointer, gamma: gamma?.pointer, rotation: rotation, input_scales: scales)
        musc_linear_apply(isa, &linear, input, stride, rows, epilogue, output, outputStride)
    }
}
