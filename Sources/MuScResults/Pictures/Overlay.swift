import MuScBatch
import MuScImages
import MuScScoring

extension AnomalyMap {
    /// The heat map over a photograph, with the contour at the threshold and, if asked for, a ring around the peak.
    ///
    /// - Parameters:
    ///   - photograph: Upright; the result has its size.
    ///   - style: Colours, their range and the contour.
    ///   - peak: The pixel to mark; nil for none.
    package func overlay(on photograph: RGBImage, style: HeatMapStyle, peak: PixelPosition? = nil) -> RGBImage {
        var picture = photograph
        let width = picture.width
        let blend = HeatMapStyle.Blend(style.colormap)
        var rows = AnomalyMapRows(self, width: width, height: picture.height)
        for y in 0..<picture.height {
            rows.move(to: y)
            var at = 3 * y * width
            for x in 0..<width {
                if isOutside(x, y, of: picture) {
                    Self.grey(at: at, of: &picture)
                    at += 3
                    continue
                }
                let value = 255 * style.scale.position(rows.row[x])
                // NaN fails both comparisons and is shown as the lowest colour.
                let index = value >= 255 ? 255 : value > 0 ? Int(value + 0.5) : 0
                let rest = blend.rest[index]
                for channel in 0..<3 {
                    let mixed = blend.colour[3 * index + channel] + UInt32(picture.pixels[at + channel]) * rest
                    picture.pixels[at + channel] = UInt8(truncatingIfNeeded: (mixed + 128) >> 8)
                }
                at += 3
            }
        }
        let pen = Pen(on: picture, share: 640)
        if let level = style.contour, level.isFinite { draw(contour: level, pen: pen, on: &picture) }
        if let peak { pen.drawRing(around: peak, radius: 9 * pen.width, on: &picture) }
        return picture
    }

    /// Whether a pixel lies on a patch that did not count.
    private func isOutside(_ x: Int, _ y: Int, of picture: RGBImage) -> Bool {
        guard let region else { return false }
        return !region[y * grid.height / picture.height * grid.width + x * grid.width / picture.width]
    }

    /// Draws the line along which the map equals `level`: white within a dark edge, so that it shows on any colour.
    private func draw(contour level: Float, pen: Pen, on picture: inout RGBImage) {
        let (low, high) = range
        guard low < level, level <= high else { return }
        let width = picture.width
        let height = picture.height
        // The steepest rise from pixel to pixel bounds how far from the level a pixel near the line can be.
        let steepest = steepestRise(width: width, height: height)
        let reach = 1.5 * pen.width + 1
        var rows = AnomalyMapRows(self, width: width, height: height)
        rows.move(to: 0)
        var current = rows.row
        var above = current
        for y in 0..<height {
            if y + 1 < height { rows.move(to: y + 1) }
            for x in 0..<width where abs(current[x] - level) <= steepest * reach && !isOutside(x, y, of: picture) {
                let across = (current[min(x + 1, width - 1)] - current[max(x - 1, 0)]) / 2
                let down = (rows.row[x] - above[x]) / 2
                let slope = (across * across + down * down).squareRoot()
                guard slope > 0 else { continue }
                pen.stroke(at: 3 * (y * width + x), distance: abs(current[x] - level) / slope, on: &picture)
            }
            above = current
            current = rows.row
        }
    }

    private func steepestRise(width: Int, height: Int) -> Float {
        var across: Float = 0
        var down: Float = 0
        for y in 0..<grid.height {
            for x in 0..<grid.width {
                let value = values[y * grid.width + x]
                if x + 1 < grid.width { across = max(across, abs(values[y * grid.width + x + 1] - value)) }
                if y + 1 < grid.height { down = max(down, abs(values[(y + 1) * grid.width + x] - value)) }
            }
        }
        let perColumn = across * Float(grid.width - 1) / Float(max(width - 1, 1))
        let perRow = down * Float(grid.height - 1) / Float(max(height - 1, 1))
        return (perColumn * perColumn + perRow * perRow).squareRoot()
    }

    /// Makes a pixel colourless and flat.
    private static func grey(at offset: Int, of picture: inout RGBImage) {
        let light = (picture.pixels[offset..<offset + 3].reduce(0) { $0 + Int($1) } / 3 + 3 * 128) / 4
        for channel in 0..<3 { picture.pixels[offset + channel] = UInt8(light) }
    }
}
