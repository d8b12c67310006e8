import Glibc
import MuScImages
import MuScSupport

/// Photographs of drawn parts: a bolt with a wide head and a stripe across its shaft, on a plain background under light that
/// falls off to one side.
struct SyntheticPart: Sendable {
    /// The middle, in pixels.
    var x = 160.0, y = 120.0
    /// Clockwise, degrees.
    var degrees = 0.0
    var length = 130.0, width = 26.0
    /// The head's width.
    var head = 48.0
    var colour = SIMD3<Double>(210, 205, 190)
    /// A dark spot on the part: along and across from its middle.
    var spot: (along: Double, across: Double)?
    /// Whether the stripe lies on the other side.
    var isMirrored = false

    /// The pixel of a point given along and across from the middle.
    func pixel(along: Double, across: Double) -> (x: Double, y: Double) {
        let turn = degrees * .pi / 180
        return (x + cos(turn) * along - sin(turn) * across, y + sin(turn) * along + cos(turn) * across)
    }

    /// The part's colour at a point along and across from its middle; nil beside it.
    fileprivate func colour(along: Double, across: Double) -> SIMD3<Double>? {
        let side = along < -length / 2 + 24 ? head / 2 : width / 2
        guard abs(along) <= length / 2, abs(across) <= side else { return nil }
        if let spot {
            let (a, b) = (along - spot.along, across - spot.across)
            if a * a + b * b < 16 { return SIMD3(20, 20, 20) }
        }
        let mark = isMirrored ? -across : across
        return mark > 2 && abs(along - 30) < 8 ? 0.6 * colour : colour
    }

    /// A photograph of parts.
    static func photograph(
        _ parts: [SyntheticPart], width: Int = 320, height: Int = 240, seed: UInt64 = 1,
        background: (Double, Double) -> SIMD3<Double> = { x, y in (1 + 0.25 * x - 0.15 * y) * SIMD3(60, 100, 160) }, noise: Double = 2
    ) -> RGBImage {
        var generator = SeededGenerator(seed: seed)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                var value = background(Double(x) / Double(width) - 0.5, Double(y) / Double(height) - 0.5)
                for part in parts {
                    let turn = part.degrees * .pi / 180
                    let (dx, dy) = (Double(x) + 0.5 - part.x, Double(y) + 0.5 - part.y)
                    if let own = part.colour(along: cos(turn) * dx + sin(turn) * dy, across: cos(turn) * dy - sin(turn) * dx) {
                        value = own
                    }
                }
                for channel in 0..<3 {
                    let grain = Double.random(in: -noise...noise, using: &generator)
                    pixels.append(UInt8(min(max(value[channel] + grain + 0.5, 0), 255)))
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }
}

/// A batch of photographs as the finder sees them.
struct SyntheticBatch: Sendable {
    static let size = ImageSize(width: 320, height: 240)
    let images: [RGBImage]
    let parts: [FoundPart]

    init(_ images: [RGBImage]) {
        self.images = images
        parts = images.map { FoundPart($0, copy: Self.copy) }
    }

    static var copy: ImageSize { FoundPart.copySize(of: size) }

    func decision(_ choice: PartAlignment = .auto) -> AlignmentDecision {
        .settle(parts, choice: choice, copy: Self.copy, threads: 2)
    }

    /// The frame that was settled; nil where the batch is left alone.
    func frame(_ choice: PartAlignment = .auto) -> AlignmentFrame? {
        if case .frame(let frame) = decision(choice) { frame } else { nil }
    }
}
