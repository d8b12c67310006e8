import CKernels
import FoundationEssentials
import Glibc
import MuScSupport
import Testing

/// Linear layers, attention and passes over rows on every instruction set, against loops in double precision.
@Suite("Transformer kernels")
struct TransformerKernelTests {
    private func random(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    /// bfloat16, to nearest.
    private func rounded(_ values: [Float]) -> [UInt16] {
        values.map { UInt16(truncatingIfNeeded: ($0.bitPattern + 0x7FFF + ($0.bitPattern >> 16 & 1)) >> 16) }
    }

    private func widened(_ values: [UInt16]) -> [Float] { values.map { Float(bitPattern: UInt32($0) << 16) } }

    private func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }

    @Test("A linear layer equals its definition, for each last step and for sizes that fill no tile", arguments: availableSets)
    func linear(isa: musc_isa) {
        for (rows, inputs, outputs) in [(1, 3, 5), (7, 34, 32), (67, 64, 45), (9, 3100, 33), (138, 64, 32), (75, 34, 33)] {
            let (inputStride, outputStride) = (inputs + 3, outputs + 1)
            let weight = random(outputs * inputs, seed: 1).map { $0 / Float(inputs).squareRoot() }
            let input = random(rows * inputStride, seed: 2)
            let (bias, gamma) = (random(outputs, seed: 3), random(outputs, seed: 4))
            let start = random(rows * outputStride, seed: 5)
            var packed = [UInt8](repeating: 0, count: musc_linear_packed_size(MUSC_F32, inputs, outputs))
            musc_linear_pack(isa, MUSC_F32, weight, inputs, outputs, &packed)
            for epilogue in [MUSC_STORE, MUSC_GELU, MUSC_QUICK_GELU, MUSC_ADD] {
                var output = start
                packed.withUnsafeBytes { packed in
                    bias.withUnsafeBufferPointer { bias in
                        gamma.withUnsafeBufferPointer { gamma in
                            var layer = musc_linear(
                                precision: MUSC_F32, output_precision: MUSC_F32, inputs: inputs, outputs: outputs,
                                weights: packed.baseAddress, bias: bias.baseAddress, gamma: gamma.baseAddress, rotation: nil,
                                input_scales: nil)
                            musc_linear_apply(isa, &layer, input, inputStride, rows, epilogue, &output, outputStride)
                        }
                    }
                }
                var largest = 0.0
                for row in 0..<rows {
                    for channel in 0..<outputs {
                        var sum = Double(bias[channel])
                        for k in 0..<inputs {
                            sum += Double(input[row * inputStride + k]) * Double(weight[channel * inputs + k])
                        }
                        let expected =
                            switch epilogue {
                            case MUSC_GELU: gelu(sum)
                            case MUSC_QUICK_GELU: sum / (1 + exp(-1.702 * sum))
                            case MUSC_ADD: Double(start[row * outputStride + channel]) + Double(gamma[channel]) * sum
                            default: sum
                            }
                        largest = max(largest, abs(expected - Double(output[row * outputStride + channel])))
                    }
                    #expect(output[row * outputStride + outputs] == start[row * outputStride + outputs])
                }
                #expect(largest < 1e-5)
            }
        }
    }

    @Test("Rotated columns and gated groups equal their definition, in both precisions", arguments: availableSets)
    func rotatedAndGated(isa: musc_isa) {
        // Head widths that fill a panel, are less, or do not divide it; rotated columns that end within a panel.
        for (rows, inputs, outputs, headWidth, columns) in [
            (5, 8, 96, 8, 32), (70, 16, 192, 64, 128), (9, 12, 72, 12, 48), (66, 20, 100, 40, 80),
        ] {
            let row = headWidth + 32
            let angles = random(rows * headWidth / 2, seed: 9).map { $0 * 6 }
            var (cosines, sines) = ([Float](repeating: 0, count: rows * row), [Float](repeating: 0, count: rows * row))
            for index in cosines.indices {
                let (token, channel) = (index / row, index % row % headWidth)
                let angle = angles[token * headWidth / 2 + channel / 2]
                cosines[index] = Float(cos(Double(angle)))
                sines[index] = Float(sin(Double(angle))) * (channel % 2 == 0 ? -1 : 1)
            }
            let weight = random(outputs * inputs, seed: 1).map { $0 / Float(inputs).squareRoot() }
            let (input, bias) = (random(rows * inputs, seed: 2), random(outputs, seed: 3))
            func product(_ token: Int, _ channel: Int) -> Double {
                (0..<inputs).reduce(Double(bias[channel])) {
                    $0 + Double(input[token * inputs + $1]) * Double(weight[channel * inputs + $1])
                }
            }
            func applied(_ epilogue: musc_epilogue, outputs: Int, written: Int, _ precision: musc_precision) -> [Float] {
                var packed = [UInt8](repeating: 0, count: musc_linear_packed_size(precision, inputs, outputs))
                musc_linear_pack(isa, precision, weight, inputs, outputs, &packed)
                var (floats, halves) = ([Float](repeating: 7, count: rows * written), [UInt16](repeating: 0, count: rows * written))
                let rounded = rounded(input)
                packed.withUnsafeBytes { packed in
                    bias.withUnsafeBufferPointer { bias in
                        cosines.withUnsafeBufferPointer { cosines in
                            sines.withUnsafeBufferPointer { sines in
                                var rotation = musc_rotation(
                                    head_width: headWidth, columns: columns, cosines: cosines.baseAddress,
                                    sines: sines.baseAddress)
                                withUnsafePointer(to: &rotation) { rotation in
                                    var layer = musc_linear(
                                        precision: precision, output_precision: precision, inputs: inputs, outputs: outputs,
                                        weights: packed.baseAddress, bias: bias.baseAddress, gamma: nil,
                                        rotation: rotation, input_scales: nil)
                                    if precision == MUSC_BF16 {
                                        musc_linear_apply(isa, &layer, rounded, inputs, rows, epilogue, &halves, written)
                                    } else {
                                        musc_linear_apply(isa, &layer, input, inputs, rows, epilogue, &floats, written)
                                    }
                                }
                            }
                        }
                    }
                }
                return precision == MUSC_BF16 ? widened(halves) : floats
            }
            for (precision, tolerance) in [(MUSC_F32, 1e-5), (MUSC_BF16, 0.03)] {
                let turned = applied(MUSC_ROTATE, outputs: outputs, written: outputs, precision)
                for token in 0..<rows {
                    for channel in 0..<outputs {
                        var expected = product(token, channel)
                        if channel < columns {
                            let angle = Double(angles[token * headWidth / 2 + channel % headWidth / 2])
                            let partner = product(token, channel ^ 1)
                            expected = expected * cos(angle) + (channel % 2 == 0 ? -partner : partner) * sin(angle)
                        }
                        #expect(abs(expected - Double(turned[token * outputs + channel])) < tolerance)
                    }
                }
                let groups = outputs / 32
                let gated = applied(MUSC_GATE, outputs: 32 * groups, written: 16 * groups, precision)
                for token in 0..<rows {
                    for channel in 0..<16 * groups {
                        let place = channel / 16 * 32 + channel % 16
                        let (gate, value) = (product(token, place), product(token, place + 16))
                        let expected = gate / (1 + exp(-gate)) * value
                        #expect(abs(expected - Double(gated[token * 16 * groups + channel])) < tolerance)
                    }
                }
            }
        }
    }

    @Test("A linear layer in bfloat16 equals the product of the rounded factors", arguments: availableSets)
    func linearBF16(isa: musc_isa) {
        let (rows, inputs, outputs) = (21, 70, 40)
        let weight = random(outputs * inputs, seed: 1)
        let input = rounded(random(rows * inputs, seed: 2))
        let bias = random(outputs, seed: 3)
        var packed = [UInt8](repeating: 0, count: musc_linear_packed_size(MUSC_BF16, inputs, outputs))
        musc_linear_pack(isa, MUSC_BF16, weight, inputs, outputs, &packed)
        var output = [UInt16](repeating: 0, count: rows * outputs)
        packed.withUnsafeBytes { packed in
            bias.withUnsafeBufferPointer { bias in
                var layer = musc_linear(
                    precision: MUSC_BF16, output_precision: MUSC_BF16, inputs: inputs, outputs: outputs,
                    weights: packed.baseAddress, bias: bias.baseAddress, gamma: nil, rotation: nil, input_scales: nil)
                musc_linear_apply(isa, &layer, input, inputs, rows, MUSC_STORE, &output, outputs)
            }
        }
        let (a, b, found) = (widened(input), widened(rounded(weight)), widened(output))
        for row in 0..<rows {
            for channel in 0..<outputs {
                let sum = (0..<inputs).reduce(bias[channel]) { $0 + a[row * inputs + $1] * b[channel * inputs + $1] }
                #expect(abs(sum - found[row * outputs + channel]) <= 0.004 * abs(sum) + 1e-5)
            }
        }
    }

    @Test("Attention equals its definition, for lengths that fill no tile", arguments: availableSets)
    func attention(isa: musc_isa) {
        for (length, heads, width) in [(1, 1, 8), (17, 2, 16), (50, 3, 64), (33, 1, 40), (27, 1, 8)] {
            let stride = 3 * heads * width + 2
            let qkv = random(length * stride, seed: 7).map { $0 * 2 }
            let expected = definition(qkv, length: length, heads: heads, width: width, stride: stride)
            var call = musc_attention(precision: MUSC_F32, length: length, queries: length, heads: heads, head_width: width)
            var scratch = [Float](repeating: .nan, count: musc_attention_scratch_size(&call) / 4)
            var output = [Float](repeating: 0, count: length * heads * width)
            musc_attention_apply(isa, &call, qkv, stride, &output, heads * width, &scratch)
            #expect(zip(output, expected).allSatisfy { abs(Double($0) - $1) < 2e-6 })

            // The first tokens alone give the same, and nothing is written behind them.
            call.queries = (length + 2) / 3
            let asked = call.queries * heads * width
            var first = [Float](repeating: 7, count: output.count)
            musc_attention_apply(isa, &call, qkv, stride, &first, heads * width, &scratch)
            #expect(first[..<asked] == output[..<asked] && first[asked...].allSatisfy { $0 == 7 })
            call.queries = length

            call.precision = MUSC_BF16
            let short = rounded(qkv)
            var shortOutput = [UInt16](repeating: 0, count: length * heads * width)
            musc_attention_apply(isa, &call, short, stride, &shortOutput, heads * width, &scratch)
            let shortExpected = definition(widened(short), length: length, heads: heads, width: width, stride: stride)
            #expect(zip(widened(shortOutput), shortExpected).allSatisfy { abs(Double($0) - $1) < 2e-2 })
        }
    }

    private func definition(_ qkv: [Float], length: Int, heads: Int, width: Int, stride: Int) -> [Double] {
        var output = [Double](repeating: 0, count: length * heads * width)
        for head in 0..<heads {
            func value(_ token: Int, _ part: Int, _ channel: Int) -> Double {
                Double(qkv[token * stride + (part * heads + head) * width + channel])
            }
            for query in 0..<length {
                let scores = (0..<length).map { key in
                    (0..<width).reduce(0) { $0 + value(query, 0, $1) * value(key, 1, $1) } / Double(width).squareRoot()
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = weights.reduce(0, +)
                for channel in 0..<width {
                    output[(query * heads + head) * width + channel] =
                        (0..<length).reduce(0) { $0 + weights[$1] * value($1, 2, channel) } / total
                }
            }
        }
        return output
    }

    @Test("Large scores neither overflow nor vanish", arguments: availableSets)
    func largeScores(isa: musc_isa) {
        let (length, width) = (20, 8)
        let qkv = random(length * 3 * width, seed: 8).map { $0 * 60 }
        let expected = definition(qkv, length: length, heads: 1, width: width, stride: 3 * width)
        var call = musc_attention(precision: MUSC_F32, length: length, queries: length, heads: 1, head_width: width)
        var scratch = [Float](repeating: 0, count: musc_attention_scratch_size(&call) / 4)
        var output = [Float](repeating: 0, count: length * width)
        musc_attention_apply(isa, &call, qkv, 3 * width, &output, width, &scratch)
        #expect(zip(output, expected).allSatisfy { abs(Double($0) - $1) < 1e-2 })
    }

    @Test("LayerNorm equals its definition", arguments: availableSets)
    func layerNorm(isa: musc_isa) {
        for width in [1, 24, 384] {
            let (rows, stride) = (3, width + 2)
            let input = random(rows * stride, seed: 6).map { $0 * 10 + 3 }
            let (weight, bias) = (random(width, seed: 7), random(width, seed: 8))
            var output = [Float](repeating: 0, count: rows * width)
            musc_layer_norm(isa, input, stride, rows, width, weight, bias, 1e-6, MUSC_F32, &output, width, nil)
            for row in 0..<rows {
                let x = input[row * stride..<row * stride + width].map { Double($0) }
                let mean = x.reduce(0, +) / Double(width)
                let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                for (channel, value) in x.enumerated() {
                    let expected =
                        (value - mean) / (variance + 1e-6).squareRoot() * Double(weight[channel]) + Double(bias[channel])
                    #expect(abs(expected - Double(output[row * width + channel])) < 1e-5)
                }
            }
        }
    }

    @Test("GELU is within 1e-6 over its whole range", arguments: availableSets)
    func activations(isa: musc_isa) {
        let inputs = (-1000...1000).map { Float($0) / 100 }
        var values = inputs
        musc_gelu(isa, &values, values.count)
        #expect(zip(values, inputs).allSatisfy { abs(Double($0) - gelu(Double($1))) <= 1e-6 })
        values = inputs
        musc_quick_gelu(isa, &values, values.count)
        #expect(zip(values, inputs).allSatisfy { abs(Double($0) - Double($1) / (1 + exp(-1.702 * Double($1)))) <= 2e-6 })
    }
}
