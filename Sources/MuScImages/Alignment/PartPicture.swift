import Glibc
import MuScSupport

/// Where a frame lies on a copy: its middle in pixels, and the direction of its rows in radians.
struct PartPlacement: Sendable, Hashable, Codable {
    var x, y, angle: Double

    /// The same turned about its middle.
    func turned(by radians: Double) -> PartPlacement { PartPlacement(x: x, y: y, angle: angle + radians) }

    /// The same moved along the frame's own sides.
    func moved(along: Double, across: Double) -> PartPlacement {
        let (c, s) = (cos(angle), sin(angle))
        return PartPlacement(x: x + c * along - s * across, y: y + s * along + c * across, angle: angle)
    }
}

/// The sides of a frame in pixels of a copy.
struct FrameSize: Sendable, Hashable, Codable {
    var width, height: Double
}

/// A part without its background, for comparing with others: L*, a*, b* as they differ from the background, and whether
/// the part is there at all, in the same measure.
struct PartPicture: Sendable {
    /// What being there counts as, in units of CIELAB.
    private static let presence: Float = 20

    private let width, height: Int
    /// Pixels of the copy that a pixel of this covers, a side.
    private let factor: Int
    private let pixels: [SIMD4<Float>]

    /// - Parameter factor: By how much the copy is reduced.
    init(_ part: FoundPart, factor: Int) {
        let mask = part.mask.widened(by: 1)
        let (width, height) = (max(part.width / factor, 1), max(part.height / factor, 1))
        (self.width, self.height, self.factor) = (width, height, factor)
        let share = 1 / Float(factor * factor)
        pixels = (0..<width * height).map { index in
            var sum = SIMD4<Float>.zero
            for y in index / width * factor..<min((index / width + 1) * factor, part.height) {
                for x in index % width * factor..<min((index % width + 1) * factor, part.width)
                where mask.pixels[y * part.width + x] == 1 {
                    var value = part.differences[y * part.width + x]
                    value.w = Self.presence
                    sum += value
                }
            }
            return sum * share
        }
    }

    /// What lies in a frame, at a size; 0 outside the copy.
    func rendered(_ placement: PartPlacement, size: FrameSize, width: Int, height: Int) -> [SIMD4<Float>] {
        var result = [SIMD4<Float>](repeating: .zero, count: width * height)
        result.withUnsafeMutableBufferPointer { result in
            forEachPixel(placement, size: size, width: width, height: height) { result[$0] = $1 }
        }
        return result
    }

    /// How alike what lies in a frame is to a reference: their correlation over all channels, −1 to 1.
    func agreement(_ placement: PartPlacement, size: FrameSize, with reference: PartReference.Level) -> Float {
        var (sum, squares, products) = (SIMD4<Float>.zero, SIMD4<Float>.zero, SIMD4<Float>.zero)
        reference.centred.withUnsafeBufferPointer { centred in
            forEachPixel(placement, size: size, width: reference.width, height: reference.height) { index, value in
                sum += value
                squares += value * value
                products += value * centred[index]
            }
        }
        let count = Float(reference.width * reference.height)
        let energy = (squares - sum * sum / count).sum()
        return energy > 0 && reference.energy > 0 ? products.sum() / (energy * reference.energy).squareRoot() : 0
    }

    @inline(__always)
    private func forEachPixel(
        _ placement: PartPlacement, size: FrameSize, width outWidth: Int, height outHeight: Int,
        _ body: (Int, SIMD4<Float>) -> Void
    ) {
        let (c, s) = (cos(placement.angle), sin(placement.angle))
        let unit = 1 / Double(factor)
        let (stepX, stepY) = (size.width / Double(outWidth) * unit, size.height / Double(outHeight) * unit)
        let (startX, startY) = ((0.5 - Double(outWidth) / 2) * stepX, (0.5 - Double(outHeight) / 2) * stepY)
        let originX = placement.x * unit - 0.5 + c * startX - s * startY
        let originY = placement.y * unit - 0.5 + s * startX + c * startY
        pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<outHeight {
                var x = Float(originX - s * stepY * Double(row))
                var y = Float(originY + c * stepY * Double(row))
                let (acrossX, acrossY) = (Float(c * stepX), Float(s * stepX))
                for column in 0..<outWidth {
                    // A pixel beyond the edge is nothing; the last half pixel at it does not matter.
                    if x >= 0, y >= 0, x < Float(width - 1), y < Float(height - 1) {
                        let (left, top) = (Int(x), Int(y))
                        let (u, v) = (x - Float(left), y - Float(top))
                        let at = top * width + left
                        let upper = pixels[at] + (pixels[at + 1] - pixels[at]) * u
                        let lower = pixels[at + width] + (pixels[at + width + 1] - pixels[at + width]) * u
                        body(row * outWidth + column, upper + (lower - upper) * v)
                    } else {
                        body(row * outWidth + column, .zero)
                    }
                    x += acrossX
                    y += acrossY
                }
            }
        }
    }
}

/// What a batch's parts look like in the frame: the median of them all.
struct PartReference: Sendable, Hashable {
    /// The longer side, in pixels.
    static let longestSide = 96

    let width, height: Int
    /// Each channel rounded to whole numbers and moved by 128, four a pixel.
    let samples: [UInt8]
    /// For comparing; half as large for a first look.
    let fine, coarse: Level

    /// The reference at one size.
    struct Level: Sendable, Hashable {
        let width, height: Int
        /// The pixels with the mean of each channel taken away.
        let centred: [SIMD4<Float>]
        /// The sum of the squares of these.
        let energy: Float

        init(_ values: [SIMD4<Float>], width: Int, height: Int) {
            (self.width, self.height) = (width, height)
            let mean = values.reduce(SIMD4<Float>.zero, +) / Float(max(values.count, 1))
            centred = values.map { $0 - mean }
            energy = centred.reduce(0) { $0 + ($1 * $1).sum() }
        }

        /// Each two by two pixels as one, what is left over at the right and below apart.
        var halved: Level {
            let (width, height) = (max(self.width / 2, 1), max(self.height / 2, 1))
            let (right, below) = (min(1, self.width - 1), min(1, self.height - 1))
            let values = (0..<width * height).map { index -> SIMD4<Float> in
                let at = index / width * 2 * self.width + index % width * 2
                let upper = centred[at] + centred[at + right],
                    lower = centred[at + below * self.width] + centred[at + below * self.width + right]
                return 0.25 * (upper + lower)
            }
            return Level(values, width: width, height: height)
        }
    }

    /// - Parameter pictures: Of the same size.
    init(medianOf pictures: [[SIMD4<Float>]], width: Int, height: Int, threads: Int = 1) {
        let rows = concurrentMap(height, threads: threads) { y -> [UInt8] in
            var row: [UInt8] = []
            row.reserveCapacity(4 * width)
            var values = [Float](repeating: 0, count: pictures.count)
            for index in y * width..<(y + 1) * width {
                for channel in 0..<4 {
                    for picture in pictures.indices { values[picture] = pictures[picture][index][channel] }
                    row.append(UInt8(min(max(values.median.rounded() + 128, 0), 255)))
                }
            }
            return row
        }
        self.init(width: width, height: height, samples: rows.flatMap { $0 })
    }

    private init(width: Int, height: Int, samples: [UInt8]) {
        (self.width, self.height, self.samples) = (width, height, samples)
        let values = (0..<samples.count / 4).map { pixel -> SIMD4<Float> in
            SIMD4<Float>(SIMD4<UInt8>(samples[4 * pixel..<4 * pixel + 4]))
        }
        fine = Level(values, width: width, height: height)
        coarse = fine.halved
    }

    /// The pixels of the reference for a frame of this size.
    static func pixels(of size: FrameSize) -> (width: Int, height: Int) {
        let scale = min(Double(longestSide) / max(size.width, size.height, 1), 1)
        return (max(Int((size.width * scale).rounded()), 1), max(Int((size.height * scale).rounded()), 1))
    }
}

extension PartReference: Codable {
    private enum Keys: String, CodingKey { case width, height, samples }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        try values.encode(width, forKey: .width)
        try values.encode(height, forKey: .height)
        try values.encode(samples.hexadecimal, forKey: .samples)
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        let (width, height) = (try values.decode(Int.self, forKey: .width), try values.decode(Int.self, forKey: .height))
        let digits = Array(try values.decode(String.self, forKey: .samples).utf8)
        func digit(_ code: UInt8) -> UInt8? { Character(UnicodeScalar(code)).hexDigitValue.map { UInt8($0) } }
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { at -> UInt8? in
            guard let high = digit(digits[at]), let low = digit(digits[at + 1]) else { return nil }
            return 16 * high + low
        }
        let side = 1...Self.longestSide
        guard side.contains(width), side.contains(height), bytes.count == 4 * width * height, digits.count == 2 * bytes.count else {
            throw DecodingError.dataCorruptedError(forKey: .samples, in: values, debugDescription: "no picture of \(width)x\(height)")
        }
        self.init(width: width, height: height, samples: bytes)
    }
}
