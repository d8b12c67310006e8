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
    /// 192 pixels, of a look that is compared with several: of all that are known it would be too much to keep.
    private var finestLevel: Level?

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

    /// The level of this number, the finest first: 192, 96, 48 and 24 pixels. The finest is made anew each time, unless
    /// it is kept.
    func level(_ number: Int) -> Level {
        guard number == 0 else { return coarse[number - 1] }
        return finestLevel ?? Self.level(look.pixels.map(Float.init), side: ImageLook.side, finest: Self.finest)
    }

    /// The same with its finest level kept.
    var keepingFinest: LookDetails {
        var copy = self
        copy.finestLevel = level(0)
        return copy
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
        return alongRows(alongColumns(image, side: side, kernel: kernel), side: side, kernel: kernel)
    }

    /// How many values are summed up side by side.
    private static let lanes = 16

    private static func alongColumns(_ source: [Float], side: Int, kernel: [Float]) -> [Float] {
        let reach = kernel.count / 2
        return filtered(source, side: side, kernel: kernel) { source, y, x, tap in
            UnsafeRawPointer(source + min(max(y + tap - reach, 0), side - 1) * side + x)
        }
    }

    private static func alongRows(_ source: [Float], side: Int, kernel: [Float]) -> [Float] {
        let reach = kernel.count / 2
        let width = side + 2 * reach
        var padded = [Float](repeating: 0, count: side * width)
        for y in 0..<side {
            for x in 0..<width { padded[y * width + x] = source[y * side + min(max(x - reach, 0), side - 1)] }
        }
        return filtered(padded, side: side, kernel: kernel) { source, y, x, tap in UnsafeRawPointer(source + y * width + x + tap) }
    }

    /// The weighted sums of what lies at a place for each tap, in the kernel's order.
    private static func filtered(
        _ source: [Float], side: Int, kernel: [Float],
        at place: (_ source: UnsafePointer<Float>, _ y: Int, _ x: Int, _ tap: Int) -> UnsafeRawPointer
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: side * side) { result, written in
            written = side * side
            source.withUnsafeBufferPointer { source in
                guard let start = source.baseAddress, let target = result.baseAddress else { return }
                for y in 0..<side {
                    for column in stride(from: 0, to: side, by: lanes) {
                        // The last of a row that is no multiple overlap those before.
                        let x = min(column, side - lanes)
                        var sums = SIMD16<Float>.zero
                        for tap in kernel.indices {
                            sums += kernel[tap] * place(start, y, x, tap).loadUnaligned(as: SIMD16<Float>.self)
                        }
                        UnsafeMutableRawPointer(target + y * side + x).storeBytes(of: sums, as: SIMD16<Float>.self)
                    }
                }
            }
        }
    }
}
