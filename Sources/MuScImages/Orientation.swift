/// How a stored image must be turned to stand upright. The raw values are those of EXIF's and TIFF's
/// Orientation tag (0x0112).
package enum Orientation: Int, Sendable, Hashable, CaseIterable {
    /// Row 0 is the top, column 0 the left side.
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case mirroredUpsideDown = 4
    /// Row 0 is the left side, column 0 the top.
    case transposed = 5
    /// Row 0 is the right side, column 0 the top: turn clockwise by 90°.
    case turnClockwise = 6
    /// Row 0 is the right side, column 0 the bottom.
    case transversed = 7
    /// Row 0 is the left side, column 0 the bottom: turn counter-clockwise by 90°.
    case turnCounterClockwise = 8

    /// Whether width and height change places.
    package var swapsSides: Bool { rawValue >= 5 }
}

extension Orientation {
    /// Pixels of `channels` interleaved samples, 1 or 3, `width · height` of them, turned upright.
    func upright(_ samples: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        precondition(samples.count == width * height * channels)
        if self == .upright { return samples }
        let (outWidth, outHeight) = swapsSides ? (height, width) : (width, height)
        // Where the first pixel of the result lies in the stored image, and how far apart neighbours lie there.
        let (start, alongRow, alongColumn) =
            switch self {
            case .upright: (0, 1, width)
            case .mirrored: (width - 1, -1, width)
            case .upsideDown: (width * height - 1, -1, -width)
            case .mirroredUpsideDown: (width * (height - 1), 1, -width)
            case .transposed: (0, width, 1)
            case .turnClockwise: (width * (height - 1), -width, 1)
            case .transversed: (width * height - 1, -width, -1)
            case .turnCounterClockwise: (width - 1, width, -1)
            }
        return [UInt8](unsafeUninitializedCapacity: samples.count) { result, count in
            samples.withUnsafeBufferPointer { stored in
                // Square blocks, so that a turn by 90° does not miss the cache at every pixel.
                let block = 64
                for blockY in stride(from: 0, to: outHeight, by: block) {
                    for blockX in stride(from: 0, to: outWidth, by: block) {
                        for y in blockY..<min(blockY + block, outHeight) {
                            var source = (start + y * alongColumn + blockX * alongRow) * channels
                            var target = (y * outWidth + blockX) * channels
                            for _ in blockX..<min(blockX + block, outWidth) {
                                result[target] = stored[source]
                                if channels == 3 {
                                    result[target + 1] = stored[source + 1]
                                    result[target + 2] = stored[source + 2]
                                }
                                source += alongRow * channels
                                target += channels
                            }
                        }
                    }
                }
            }
            count = samples.count
        }
    }
}
