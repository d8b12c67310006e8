import MuScScoring

/// Repeatable random numbers: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from roughly a normal distribution: the sum of four uniform ones.
    mutating func normal() -> Float {
        (0..<4).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
    }
}

extension UnitTokens {
    /// Random unit vectors that share a mean, as the patches of real photographs do.
    static func random(images: Int, grid: PatchGrid, channels: Int, seed: UInt64) -> UnitTokens {
        var generator = SeededGenerator(seed: seed)
        let mean = (0..<channels).map { _ in generator.normal() }
        var values: [Float] = []
        for _ in 0..<images * grid.count {
            let vector = mean.map { $0 + generator.normal() }
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            values += vector.map { $0 / length }
        }
        return UnitTokens(images: images, grid: grid, channels: channels, values: values)
    }
}
