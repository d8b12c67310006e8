import MuScSupport

/// What the samples of one image of more than 8 bits are like, in a few hundred numbers.
struct SampleStatistics: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Unsigned 16-bit numbers as stored, of which the highest bits may be unused.
        case wholeNumbers
        /// Numbers of which the file says the largest, and which have the full range already.
        case stretched
        /// Floating-point, signed or 32-bit numbers.
        case map
    }

    let kind: Kind
    /// The lowest and the highest sample; those that are no numbers or infinite do not count. Both 0 where none counts.
    private(set) var lowest = 0.0, highest = 0.0
    /// Samples that count.
    private(set) var count = 0
    /// Values below which 0, 1/128 … 1 of the samples lie, and the extremes at 1/1000 in between: ``levels``.
    private(set) var quantiles: [Float] = []

    /// The shares of the samples that ``quantiles`` belong to.
    static let levels: [Double] = [0, 0.001] + (1...127).map { Double($0) / 128 } + [0.999, 1]
    /// Samples that the quantiles are taken of, at most.
    private static let most = 1 << 16

    /// - Parameter raster: Of more than 8 bits; nil otherwise.
    init?(_ raster: Raster) {
        switch raster.samples {
        case .uint8: return nil
        case .uint16(let samples):
            kind = raster.meaning.stretchedFrom == nil ? .wholeNumbers : .stretched
            count = samples.count
            var (low, high) = (UInt16.max, UInt16.min)
            for sample in samples { (low, high) = (min(low, sample), max(high, sample)) }
            (lowest, highest) = (Double(low), Double(high))
            quantiles = Self.quantiles(samples.count) { Float(samples[$0]) }
        case .float32(let samples):
            kind = .map
            var (low, high) = (Float.infinity, -Float.infinity)
            for sample in samples where sample.isFinite {
                (low, high) = (min(low, sample), max(high, sample))
                count += 1
            }
            guard count > 0 else { return }
            (lowest, highest) = (Double(low), Double(high))
            quantiles = Self.quantiles(samples.count) { samples[$0] }
        }
        // A batch that happens to be dark has the depth that its files speak of.
        if kind == .wholeNumbers, let said = raster.meaning.saidLargest, said < 65535 { highest = max(highest, said) }
    }

    /// Quantiles of a part of the samples: one at random of each run of equal length, so that no pattern of the rows is
    /// met again and again.
    private static func quantiles(_ count: Int, _ sample: (Int) -> Float) -> [Float] {
        let taken = min(count, most)
        var generator = SeededGenerator(seed: UInt64(count))
        var values: [Float] = []
        values.reserveCapacity(taken)
        for run in 0..<taken {
            let (start, end) = (run * count / taken, (run + 1) * count / taken)
            let value = sample(start + Int(generator.next() % UInt64(end - start)))
            if value.isFinite { values.append(value) }
        }
        guard !values.isEmpty else { return [] }
        values.sort()
        return levels.map { values[Int((Double(values.count - 1) * $0).rounded())] }
    }
}
