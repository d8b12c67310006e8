import Glibc
import MuScSupport

/// A photograph as the finder looks at it: small, a little blurred, in CIELAB.
struct PartCopy: Sendable {
    /// The longer side, in pixels.
    static let longestSide = 256

    let width, height: Int
    /// L*, a*, b* and 0 of each pixel, row by row.
    let pixels: [SIMD4<Float>]

    /// The size of the copy of a photograph of this size.
    static func size(of photograph: ImageSize) -> ImageSize {
        let side = max(photograph.width, photograph.height)
        guard side > longestSide else { return photograph }
        func scaled(_ value: Int) -> Int { max(1, (value * longestSide + side / 2) / side) }
        return ImageSize(width: scaled(photograph.width), height: scaled(photograph.height))
    }

    /// - Parameters:
    ///   - image: Of any size.
    ///   - size: Of the copy.
    init(_ image: RGBImage, size: ImageSize) {
        let small = image.resized(width: size.width, height: size.height, filter: .bilinear)
        (width, height) = (small.width, small.height)
        pixels = Self.blurred(Self.lab(small), width: small.width, height: small.height)
    }

    // MARK: CIELAB

    /// Linear light of the 256 values of sRGB.
    private static let linear: [Float] = (0..<256).map { value in
        let share = Float(value) / 255
        return share <= 0.04045 ? share / 12.92 : powf((share + 0.055) / 1.055, 2.4)
    }
    private static let rootSteps = 1 << 14
    /// CIELAB's f of 0 to 1 in as many steps: a cube root with a straight line at its foot.
    private static let root: [Float] = (0...rootSteps + 1).map { step in
        let value = Float(step) / Float(rootSteps)
        return value > 216 / 24389 ? cbrtf(value) : (24389 / 27 * value + 16) / 116
    }

    /// CIELAB by D65, which is sRGB's white.
    private static func lab(_ image: RGBImage) -> [SIMD4<Float>] {
        let count = image.width * image.height
        return [SIMD4<Float>](unsafeUninitializedCapacity: count) { result, filled in
            image.pixels.withUnsafeBufferPointer { pixels in
                linear.withUnsafeBufferPointer { linear in
                    root.withUnsafeBufferPointer { root in
                        // Weights are of sRGB's primaries over the white's, so that each sum is 0 to 1.
                        func f(_ value: Float) -> Float { root[min(Int(value * Float(rootSteps) + 0.5), rootSteps)] }
                        for index in 0..<count {
                            let (r, g, b) = (
                                linear[Int(pixels[3 * index])], linear[Int(pixels[3 * index + 1])], linear[Int(pixels[3 * index + 2])]
                            )
                            let x = f(0.433953 * r + 0.376219 * g + 0.189828 * b)
                            let y = f(0.212671 * r + 0.715160 * g + 0.072169 * b)
                            let z = f(0.017758 * r + 0.109477 * g + 0.872765 * b)
                            result[index] = SIMD4(116 * y - 16, 500 * (x - y), 200 * (y - z), 0)
                        }
                    }
                }
            }
            filled = count
        }
    }

    /// The weighted mean over 3 × 3 pixels, 1 2 1 in both directions; edges are replicated.
    private static func blurred(_ pixels: [SIMD4<Float>], width: Int, height: Int) -> [SIMD4<Float>] {
        var rows = pixels
        for y in 0..<height {
            let start = y * width
            for x in 0..<width {
                rows[start + x] =
                    0.25 * (pixels[start + max(x - 1, 0)] + pixels[start + min(x + 1, width - 1)]) + 0.5 * pixels[start + x]
            }
        }
        var result = rows
        for y in 0..<height {
            let (above, here, below) = (max(y - 1, 0) * width, y * width, min(y + 1, height - 1) * width)
            for x in 0..<width { result[here + x] = 0.25 * (rows[above + x] + rows[below + x]) + 0.5 * rows[here + x] }
        }
        return result
    }
}
