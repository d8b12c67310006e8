import Glibc

/// What is between 1 and 4 pixels wide in a look, at four sizes: brightness and slow gradients are no part of it.
struct LookDetails: Sendable {
    /// One size.
    struct Level: Sendable {
        let side: Int
        /// `[side, side]` row-major, grey levels.
        let values: [Float]
    }

    /// The finest first: 192, 96, 48 and 24 pixels.
    let levels: [Level]

    /// Standard deviations of the Gaussians between which details lie.
    private static let finest = 1.0, finer = 0.7, coarsest = 4.0

    init(_ look: ImageLook) {
        var image = look.pixels.map(Float.init)
        var side = ImageLook.side
        var levels: [Level] = []
        for level in 0..<4 {
            if level > 0 {
                image = Self.halved(image, side: side)
                side /= 2
            }
            let fine = Self.smoothed(image, side: side, deviation: level == 0 ? Self.finest : Self.finer)
            let coarse = Self.smoothed(image, side: side, deviation: Self.coarsest)
            levels.append(Level(side: side, values: fine.indices.map { fine[$0] - coarse[$0] }))
        }
        self.levels = levels
    }

    private static func halved(_ image: [Float], side: Int) -> [Float] {
        let half = side / 2
        return [Float](unsafeUninitializedCapacity: half * half) { result, written in
            written = half * half
            for y in 0..<half {
                for x in 0..<half {
                    let first = 2 * y * side + 2 * x
                    result[y * half + x] = (image[first] + image[first + 1] + image[first + side] + image[first + side + 1]) / 4
                }
            }
        }
    }

    /// A Gaussian along columns, then along rows; what lies beyond the rim is as the rim.
    private static func smoothed(_ image: [Float], side: Int, deviation: Double) -> [Float] {
        let reach = Int((3.5 * deviation).rounded(.up))
        let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
        let sum = weights.reduce(0, +)
        let kernel = weights.map { Float($0 / sum) }
        // Whole rows at a time; turned twice, so that both passes are of that kind.
        func pass(_ source: [Float]) -> [Float] {
            var result = [Float](repeating: 0, count: side * side)
            result.withUnsafeMutableBufferPointer { result in
                source.withUnsafeBufferPointer { source in
                    for y in 0..<side {
                        for (tap, weight) in kernel.enumerated() {
                            let from = min(max(y + tap - reach, 0), side - 1) * side
                            for x in 0..<side { result[y * side + x] += weight * source[from + x] }
                        }
                    }
                }
            }
            return result
        }
        func turned(_ source: [Float]) -> [Float] {
            [Float](unsafeUninitializedCapacity: side * side) { result, written in
                written = side * side
                for y in 0..<side { for x in 0..<side { result[x * side + y] = source[y * side + x] } }
            }
        }
        return turned(pass(turned(pass(image))))
    }
}
