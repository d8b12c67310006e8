import Glibc

/// What is between 1 and 4 pixels wide in a look, at four sizes: brightness and slow gradients are no part of it.
struct LookDetails: Sendable {
    /// One size.
    struct Level: Sendable {
        let side: Int
        /// `[side, side]` row-major, grey levels.
        let values: [Float]
    }

    private let look: ImageLook
    /// 96, 48 and 24 pixels, which tell most pairs apart.
    private let coarse: [Level]

    /// Standard deviations of the Gaussians between which details lie.
    private static let finest = 1.0, finer = 0.7, coarsest = 4.0

    init(_ look: ImageLook) {
        self.look = look
        var image = look.pixels.map(Float.init)
        var side = ImageLook.side
        coarse = (1..<Self.count).map { _ in
            image = Self.halved(image, side: side)
            side /= 2
            return Self.level(image, side: side, finest: Self.finer)
        }
    }

    /// The number of levels.
    static let count = 4

    /// The level of this number, the finest first: 192, 96, 48 and 24 pixels. The finest is made anew each time.
    func level(_ number: Int) -> Level {
        guard number == 0 else { return coarse[number - 1] }
        return Self.level(look.pixels.map(Float.init), side: ImageLook.side, finest: Self.finest)
    }

    private static func level(_ image: [Float], side: Int, finest: Double) -> Level {
        let fine = smoothed(image, side: side, deviation: finest)
        let coarse = smoothed(image, side: side, deviation: coarsest)
        return Level(side: side, values: fine.indices.map { fine[$0] - coarse[$0] })
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
