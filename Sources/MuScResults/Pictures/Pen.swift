import MuScBatch
import MuScImages
import MuScScoring

/// Draws white lines with a dark edge, so that they show on any colour.
struct Pen: Sendable {
    /// Of a line without its edge, in pixels.
    let width: Float

    /// A pen for lines as wide as one of `share` parts of the picture's longer side, and a pixel at least.
    init(on picture: RGBImage, share: Float) { width = max(1, Float(max(picture.width, picture.height)) / share) }

    /// Covers a pixel as far as a line does whose middle is `distance` pixels away.
    ///
    /// - Parameter offset: Of the pixel's first value.
    func stroke(at offset: Int, distance: Float, on picture: inout RGBImage) {
        Self.cover(at: offset, of: &picture, with: 20, share: min(max(width + 1 - distance, 0), 1) * 0.75)
        Self.cover(at: offset, of: &picture, with: 255, share: min(max(width / 2 + 0.5 - distance, 0), 1))
    }

    private static func cover(at offset: Int, of picture: inout RGBImage, with grey: Float, share: Float) {
        guard share > 0 else { return }
        for channel in 0..<3 {
            let value = Float(picture.pixels[offset + channel])
            picture.pixels[offset + channel] = UInt8(value + (grey - value) * share)
        }
    }

    /// Draws the box around a region, a little outside it.
    ///
    /// - Parameter size: The photograph's own, in whose pixels the region is given.
    func drawBox(of region: MapRegion, photographed size: ImageSize, on picture: inout RGBImage) {
        let (acrossScale, downScale) = (
            Float(picture.width) / Float(size.width), Float(picture.height) / Float(size.height)
        )
        let margin = 2 * width
        let left = Float(region.x) * acrossScale - margin, right = Float(region.x + region.width) * acrossScale + margin
        let top = Float(region.y) * downScale - margin, bottom = Float(region.y + region.height) * downScale + margin
        let reach = 2 * width + 1
        let rows = max(0, Int(top - reach))...max(0, min(picture.height - 1, Int(bottom + reach)))
        let columns = max(0, Int(left - reach))...max(0, min(picture.width - 1, Int(right + reach)))
        for y in rows {
            for x in columns {
                let (column, row) = (Float(x), Float(y))
                let isNearRow = abs(row - top) <= reach || abs(row - bottom) <= reach
                guard isNearRow || abs(column - left) <= reach || abs(column - right) <= reach else { continue }
                let outside = max(max(left - column, column - right), max(top - row, row - bottom))
                stroke(at: 3 * (y * picture.width + x), distance: abs(outside), on: &picture)
            }
        }
    }

    /// Draws a ring.
    ///
    /// - Parameter radius: In pixels, to the middle of the line.
    func drawRing(around centre: PixelPosition, radius: Float, on picture: inout RGBImage) {
        let reach = Int(radius + 2 * width + 2)
        let top = max(0, centre.y - reach)
        let bottom = min(picture.height - 1, centre.y + reach)
        let left = max(0, centre.x - reach)
        let right = min(picture.width - 1, centre.x + reach)
        guard top <= bottom, left <= right else { return }
        for y in top...bottom {
            for x in left...right {
                let dx = Float(x - centre.x)
                let dy = Float(y - centre.y)
                let distance = abs((dx * dx + dy * dy).squareRoot() - radius)
                stroke(at: 3 * (y * picture.width + x), distance: distance, on: &picture)
            }
        }
    }
}
