import MuScScoring
import MuScSupport

extension SeededGenerator {
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
