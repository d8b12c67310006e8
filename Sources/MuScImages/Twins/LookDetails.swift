import CImageCodecs
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

    /// Gaussians between which details lie, by their standard deviations.
    private static let finest = kernel(1.0), finer = kernel(0.7), coarsest = kernel(4.0)

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

    private static func level(_ image: [Float], side: Int, finest: [Float]) -> Level {
        let fine = smoothed(image, side: side, kernel: finest)
        let coarse = smoothed(image, side: side, kernel: coarsest)
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

    private static func kernel(_ deviation: Double) -> [Float] {
        let reach = Int((3.5 * deviation).rounded(.up))
        let weights = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    private static func smoothed(_ image: [Float], side: Int, kernel: [Float]) -> [Float] {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { scratch in
            [Float](unsafeUninitializedCapacity: side * side) { result, written in
                musc_look_smoothed(image, Int32(side), kernel, Int32(kernel.count), scratch.baseAddress, result.baseAddress)
                written = side * side
            }
        }
    }
}
