import CImageCodecs

/// One direction's weights: for each output position, which inputs count and how much.
struct ResamplingWeights {
    /// For each output position the first input, and how many follow.
    let bounds: [Int32]
    /// `taps` weights an output position, in fixed point with 22 fractional bits; zero after the run's end.
    let weights: [Int32]
    let taps: Int

    /// Computes in double precision, step by step, what Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`
    /// do, as the weights must be equal to the last bit.
    init(inputs: Int, outputs: Int, filter: ResamplingFilter) {
        let scale = Double(inputs) / Double(outputs)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let taps = Int(support.rounded(.up)) * 2 + 1
        var bounds = [Int32](repeating: 0, count: outputs * 2)
        var weights = [Int32](repeating: 0, count: outputs * taps)
        var run = [Double](repeating: 0, count: taps)
        for output in 0..<outputs {
            let center = (Double(output) + 0.5) * scale
            let step = 1 / filterScale
            let first = max(Int(center - support + 0.5), 0)
            let count = min(Int(center + support + 0.5), inputs) - first
            var sum = 0.0
            for tap in 0..<count {
                run[tap] = filter((Double(tap + first) - center + 0.5) * step)
                sum += run[tap]
            }
            for tap in 0..<count {
                let weight = (sum != 0 ? run[tap] / sum : run[tap]) * Double(1 << 22)
                weights[output * taps + tap] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
            }
            bounds[output * 2] = Int32(first)
            bounds[output * 2 + 1] = Int32(count)
        }
        self.bounds = bounds
        self.weights = weights
        self.taps = taps
    }

    /// The inputs that any output uses.
    var usedInputs: Range<Int> {
        let last = bounds.count - 2
        return Int(bounds[0])..<Int(bounds[last] + bounds[last + 1])
    }

    /// Lends the weights to the kernels.
    func withKernelWeights<Result>(_ body: (borrowing musc_resampling_weights) -> Result) -> Result {
        bounds.withUnsafeBufferPointer { bounds in
            weights.withUnsafeBufferPointer { weights in
                body(
                    musc_resampling_weights(
                        bounds: bounds.baseAddress, weights: weights.baseAddress, taps: Int32(taps)))
            }
        }
    }
}
