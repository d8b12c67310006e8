/// Cuts what lies in a frame out of a photograph, at a size; edges are replicated.
///
/// A frame whose sides lie along the photograph's is cut out at whole pixels and resized as a photograph is; a turned
/// one is interpolated (Catmull-Rom), at twice the size where it shrinks, and then reduced.
package struct FrameCut: Sendable {
    /// From shares of the frame's sides to pixels of the photograph.
    private let map: AffineMap
    /// Of the result.
    private let size: ImageSize
    private let filter: ResamplingFilter

    /// - Parameters:
    ///   - map: From shares of the frame's sides to pixels of the photograph.
    ///   - size: Of the result.
    package init(_ map: AffineMap, size: ImageSize, filter: ResamplingFilter) {
        (self.map, self.size, self.filter) = (map, size, filter)
    }

    /// What lies in the frame.
    package func callAsFunction(_ image: RGBImage) -> RGBImage {
        let steps = map.steps
        if map.isStraight {
            let cut = image.crop(
                left: Int(map.c.rounded()), top: Int(map.f.rounded()), width: max(Int(steps.across.rounded()), 1),
                height: max(Int(steps.down.rounded()), 1))
            return cut.resized(width: size.width, height: size.height, filter: filter)
        }
        let corners = [map(0, 0), map(1, 0), map(0, 1), map(1, 1)]
        let margin = 4 + 2 * max(steps.across / Double(size.width), steps.down / Double(size.height))
        let left = Int((corners.map(\.x).reduce(.infinity, min) - margin).rounded(.down))
        let top = Int((corners.map(\.y).reduce(.infinity, min) - margin).rounded(.down))
        let right = Int((corners.map(\.x).reduce(-.infinity, max) + margin).rounded(.up))
        let bottom = Int((corners.map(\.y).reduce(-.infinity, max) + margin).rounded(.up))
        var source = image.crop(left: left, top: top, width: right - left, height: bottom - top)
        var map = map
        (map.c, map.f) = (map.c - Double(left), map.f - Double(top))
        // Twice as fine as the result, and no finer.
        let reduction = min(
            2 * Double(size.width) / steps.across, 2 * Double(size.height) / steps.down)
        if reduction < 1 {
            let width = max(Int((Double(source.width) * reduction).rounded()), 1)
            let height = max(Int((Double(source.height) * reduction).rounded()), 1)
            map = map.scaled(Double(width) / Double(source.width), Double(height) / Double(source.height))
            source = source.resized(width: width, height: height, filter: .bilinear)
        }
        // Where the result is hardly smaller than the frame, it is interpolated as it is to be.
        let fineness = max(steps.across / Double(size.width), steps.down / Double(size.height)) > 1.2 ? 2 : 1
        return Self.interpolated(source, map, width: fineness * size.width, height: fineness * size.height)
            .resized(width: size.width, height: size.height, filter: filter)
    }

    /// The image seen through a map from shares of the result's sides, by Catmull-Rom's cubic.
    private static func interpolated(
        _ image: RGBImage, _ map: AffineMap, width outWidth: Int, height outHeight: Int
    ) -> RGBImage {
        let (width, height, pixels) = (image.width, image.height, image.pixels)
        var samples = [SIMD4<Float>](repeating: .zero, count: width * height)
        for index in samples.indices {
            samples[index] = SIMD4(Float(pixels[3 * index]), Float(pixels[3 * index + 1]), Float(pixels[3 * index + 2]), 0)
        }
        func weights(_ t: Float) -> SIMD4<Float> {
            let (t2, t3) = (t * t, t * t * t)
            return 0.5 * SIMD4(2 * t2 - t - t3, 3 * t3 - 5 * t2 + 2, t + 4 * t2 - 3 * t3, t3 - t2)
        }
        guard width >= 4, height >= 4 else { return image.resized(width: outWidth, height: outHeight, filter: .bicubic) }
        var result = [UInt8](repeating: 0, count: 3 * outWidth * outHeight)
        samples.withUnsafeBufferPointer { samples in
            result.withUnsafeMutableBufferPointer { result in
                for row in 0..<outHeight {
                    let v = (Double(row) + 0.5) / Double(outHeight)
                    for column in 0..<outWidth {
                        let point = map((Double(column) + 0.5) / Double(outWidth), v)
                        // The caller has left a margin around the frame; what rounding takes beyond it is clamped.
                        let x = Float(min(max(point.x - 0.5, 1), Double(width) - 2.001))
                        let y = Float(min(max(point.y - 0.5, 1), Double(height) - 2.001))
                        let (left, top) = (min(Int(x), width - 3), min(Int(y), height - 3))
                        let (across, down) = (weights(x - Float(left)), weights(y - Float(top)))
                        func line(_ offset: Int) -> SIMD4<Float> {
                            let at = (top + offset) * width + left
                            let outer = across.x * samples[at - 1] + across.w * samples[at + 2]
                            return outer + across.y * samples[at] + across.z * samples[at + 1]
                        }
                        let sum = down.x * line(-1) + down.y * line(0) + down.z * line(1) + down.w * line(2)
                        let target = 3 * (row * outWidth + column)
                        result[target] = UInt8(min(max(sum.x + 0.5, 0), 255))
                        result[target + 1] = UInt8(min(max(sum.y + 0.5, 0), 255))
                        result[target + 2] = UInt8(min(max(sum.z + 0.5, 0), 255))
                    }
                }
            }
        }
        return RGBImage(width: outWidth, height: outHeight, pixels: result)
    }
}
