import CKernels
import MuScSupport

/// A linear layer whose weights are laid out for the kernels: `y = x · weightᵀ + bias`.
///
/// `@unchecked Sendable` holds because the packed weights are written only inside `init`.
final class PackedLinear: @unchecked Sendable {
    let inputs, outputs: Int
    private let precision: musc_precision
    private let packed: UnsafeMutableRawPointer
    private let bias, gamma: FloatStorage?

    /// - Parameters:
    ///   - weight: `[outputs, inputs]` row-major.
    ///   - gamma: What scales the outputs before they are added to a residual (LayerScale); nil for ones.
    init(
        weight: UnsafeBufferPointer<Float>, bias: [Float]?, gamma: [Float]? = nil, inputs: Int, outputs: Int, precision: musc_precision
    ) {
        precondition(weight.count == inputs * outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.precision = precision
        self.bias = bias.map { FloatStorage($0) }
        self.gamma = gamma.map { FloatStorage($0) }
        packed = .allocate(byteCount: musc_linear_packed_size(precision, inputs, outputs), alignment: 64)
        musc_linear_pack(musc_isa_best(), precision, weight.baseAddress, inputs, outputs, packed)
    }

    /// A layer of chosen rows of a matrix.
    ///
    /// - Parameter rows: For each output the row of `weight` and `bias`; nil for an output that is always zero.
    static func choosing(
        rows: [Int?], of weight: UnsafeBufferPointer<Float>, bias: [Float], inputs: Int, precision: musc_precision
    ) -> PackedLinear {
        let chosen = [Float](unsafeUninitializedCapacity: rows.count * inputs) { buffer, count in
            count = rows.count * inputs
            for (output, row) in rows.enumerated() {
                let target = UnsafeMutableBufferPointer(rebasing: buffer[output * inputs..<(output + 1) * inputs])
                if let row {
                    _ = target.initialize(from: weight[row * inputs..<(row + 1) * inputs])
                } else {
                    target.initialize(repeating: 0)
                }
            }
        }
        let bias = rows.map { $0.map { bias[$0] } ?? 0 }
        return chosen.withUnsafeBufferPointer {
            PackedLinear(weight: $0, bias: bias, inputs: inputs, outputs: rows.count, precision: precision)
        }
    }

    deinit {
        packed.deallocate()
    }

    /// Applies the layer to rows of the layer's precision; see `musc_linear_apply`.
    ///
    /// - Parameter rotation: For `MUSC_ROTATE`; its tables begin at the first of the rows.
    func apply(
        _ isa: musc_isa, to input: UnsafeRawPointer, stride: Int, rows: Int, _ epilogue: musc_epilogue,
        output: UnsafeMutableRawPointer, outputStride: Int, rotation: UnsafePointer<musc_rotation>? = nil
    ) {
        var linear = musc_linear(
            precision: precision, inputs: inputs, outputs: outputs, weights: packed, bias: bias?.pointer,
            gamma: gamma?.pointer, rotation: rotation)
        musc_linear_apply(isa, &linear, input, stride, rows, epilogue, output, outputStride)
    }
}
