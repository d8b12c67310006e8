import CKernels
import FoundationEssentials
import MuScSupport
import Testing

/// Linear layers of 8-bit integers: what they are made of, and that every instruction set gives the same.
@Suite("Linear layers in int8")
struct Int8LinearTests {
    private func random(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    /// Rows of integers as musc_quantise_rows makes them, and their scales.
    private func quantised(
        _ values: [Float], rows: Int, width: Int, isa: musc_isa = MUSC_ISA_PLAIN
    ) -> (bytes: [UInt8], scales: [Float], stride: Int) {
        let stride = (width + 3) / 4 * 4 + 8
        var bytes = [UInt8](repeating: 7, count: rows * stride)
        var scales = [Float](repeating: -1, count: rows)
        musc_quantise_rows(isa, MUSC_F32, values, width, rows, width, &bytes, stride, &scales)
        return (bytes, scales, stride)
    }

    private func applied(
        _ isa: musc_isa, _ input: (bytes: [UInt8], scales: [Float], stride: Int), weight: [Float], bias: [Float]?, rows: Int,
        inputs: Int, outputs: Int
    ) -> [Float] {
        var packed = [UInt8](repeating: 0, count: musc_linear_packed_size(MUSC_INT8, inputs, outputs))
        musc_linear_pack(isa, MUSC_INT8, weight, inputs, outputs, &packed)
        var output = [Float](repeating: 0, count: rows * outputs)
        let bias = bias ?? [Float](repeating: 0, count: outputs)
        packed.withUnsafeBytes { packed in
            bias.withUnsafeBufferPointer { bias in
                input.scales.withUnsafeBufferPointer { scales in
                    var layer = musc_linear(
                        precision: MUSC_INT8, output_precision: MUSC_F32, inputs: inputs, outputs: outputs,
                        weights: packed.baseAddress, bias: bias.baseAddress, gamma: nil, rotation: nil,
                        input_scales: scales.baseAddress)
                    musc_linear_apply(isa, &layer, input.bytes, input.stride, rows, MUSC_STORE, &output, outputs)
                }
            }
        }
        return output
    }

    static let sizes = [(1, 3, 5), (7, 34, 32), (67, 64, 45), (9, 3100, 33), (138, 64, 96), (75, 34, 33)]

    @Test("Every instruction set gives what plain C gives, to the bit", arguments: availableSets)
    func sameEverywhere(isa: musc_isa) {
        for (rows, inputs, outputs) in Self.sizes {
            let weight = random(outputs * inputs, seed: 1)
            let input = quantised(random(rows * inputs, seed: 2), rows: rows, width: inputs)
            func found(_ isa: musc_isa) -> [Float] {
                applied(isa, input, weight: weight, bias: nil, rows: rows, inputs: inputs, outputs: outputs)
            }
            #expect(found(isa) == found(MUSC_ISA_PLAIN))
        }
    }

    @Test("The product is that of the rounded factors, and near that of the factors", arguments: availableSets)
    func definition(isa: musc_isa) {
        for (rows, inputs, outputs) in Self.sizes {
            let (weight, bias) = (random(outputs * inputs, seed: 1), random(outputs, seed: 3))
            let values = random(rows * inputs, seed: 2)
            let input = quantised(values, rows: rows, width: inputs, isa: isa)
            let output = applied(isa, input, weight: weight, bias: bias, rows: rows, inputs: inputs, outputs: outputs)
            for row in 0..<rows {
                for channel in 0..<outputs {
                    let line = weight[channel * inputs..<(channel + 1) * inputs]
                    let scale = (line.map(abs).max() ?? 0) / 127
                    var (sum, exact) = (0, Double(bias[channel]))
                    for k in 0..<inputs {
                        let integer = Int((weight[channel * inputs + k] / scale).rounded(.toNearestOrAwayFromZero))
                        sum += (Int(input.bytes[row * input.stride + k]) - 128) * integer
                        exact += Double(values[row * inputs + k]) * Double(weight[channel * inputs + k])
                    }
                    let rounded = Double(sum) * Double(scale * input.scales[row]) + Double(bias[channel])
                    let found = Double(output[row * outputs + channel])
                    // A factor that lies on the border of two integers may go either way.
                    #expect(abs(found - rounded) < 0.001 * Double(inputs).squareRoot() + 0.01)
                    #expect(abs(found - exact) < 0.03 * Double(inputs).squareRoot())
                }
            }
        }
    }

    @Test("Rows are rounded to the nearest step of their largest value, and filled up with zero", arguments: availableSets)
    func rows(isa: musc_isa) {
        let (rows, width) = (3, 21)
        var values = random(rows * width, seed: 4).map { $0 * 5 }
        for index in width..<2 * width { values[index] = 0 }
        let result = quantised(values, rows: rows, width: width, isa: isa)
        for row in 0..<rows {
            let line = values[row * width..<(row + 1) * width]
            let scale = (line.map(abs).max() ?? 0) / 127
            #expect(abs(result.scales[row] - scale) <= scale * 1e-6)
            for (column, value) in line.enumerated() {
                let integer = Float(Int(result.bytes[row * result.stride + column]) - 128)
                #expect(abs(integer * scale - value) <= scale * 0.5001)
            }
            #expect(result.bytes[row * result.stride + width..<row * result.stride + 24].allSatisfy { $0 == 128 })
            #expect(result.bytes[row * result.stride + 24] == 7)
        }
    }

    @Test("LayerNorm rounds as rounding its result does", arguments: availableSets)
    func layerNorm(isa: musc_isa) {
        for width in [4, 26, 384] {
            let rows = 5
            let input = random(rows * width, seed: 6).map { $0 * 10 + 3 }
            let (weight, bias) = (random(width, seed: 7), random(width, seed: 8))
            var floats = [Float](repeating: 0, count: rows * width)
            musc_layer_norm(isa, input, width, rows, width, weight, bias, 1e-6, MUSC_F32, &floats, width, nil)
            let expected = quantised(floats, rows: rows, width: width, isa: isa)
            var bytes = [UInt8](repeating: 7, count: expected.bytes.count)
            var scales = [Float](repeating: 0, count: rows)
            musc_layer_norm(
                isa, input, width, rows, width, weight, bias, 1e-6, MUSC_INT8, &bytes, expected.stride, &scales)
            #expect(zip(scales, expected.scales).allSatisfy { abs($0 - $1) <= 1e-6 * $1 })
            #expect(zip(bytes, expected.bytes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
            #expect(zip(bytes, expected.bytes).count { $0 != $1 } <= rows * width / 100 + 1)
        }
    }
}
