import Glibc

/// What stands out from the background of one copy, and how it lies.
package struct FoundPart: Sendable {
    let width, height: Int
    /// The part, the largest of what stands out, holes filled.
    let mask: PartMask
    /// All that stands out.
    let all: PartMask
    /// What stands out from the background, in CIELAB.
    let differences: [SIMD4<Float>]
    /// Why this is not taken for the part; nil where it is.
    package let fault: PartFault?
    /// The middle of the part, in pixels of the copy.
    let x, y: Double
    /// The direction in which the part is longest, radians from the row's direction towards the column's, −π/2 to π/2.
    let axis: Double
    /// How much longer than wide the part is, 1 or more: the ratio of its standard deviations.
    let elongation: Double
    /// The first and the last pixel of the part in each row, which hold all corners of its hull.
    private let outline: [SIMD2<Double>]

    init(_ copy: PartCopy) {
        let surface = BackgroundSurface(copy)
        (width, height, differences) = (copy.width, copy.height, surface.differences)
        let threshold = max(Self.otsu(surface.distances), 4 * surface.spread, 5)
        let raw = PartMask(width: width, height: height, pixels: surface.distances.map { $0 >= threshold ? 1 : 0 })
        all = raw.closed(2).opened(1)
        let largest = all.largestComponent
        mask = largest.filled
        let moments = Moments(mask)
        (x, y, axis, elongation) = (moments.x, moments.y, moments.axis, moments.elongation)
        outline = mask.rowEnds
        fault = Self.fault(surface, copy, all: all, largest: largest, mask: mask)
    }

    private static func fault(
        _ surface: BackgroundSurface, _ copy: PartCopy, all: PartMask, largest: PartMask, mask: PartMask
    ) -> PartFault? {
        let area = Double(copy.width * copy.height)
        let part = Double(mask.count)
        if surface.spread > 4 { return .roughBackground }
        if surface.busyShare > 0.15 { return .busyBorder }
        if part < 0.01 * area { return .tooSmall }
        if part > 0.8 * area { return .tooLarge }
        if Double(largest.count) < 0.7 * Double(all.count) { return .severalParts }
        if mask.edgeShare > 0.02 { return .cutOff }
        if outerGradient(copy, mask) > 0.25 { return .texturedSurroundings }
        let distances = mask.pixels.indices.filter { mask.pixels[$0] == 1 }.map { surface.distances[$0] }
        return distances.median < max(8, 5 * surface.spread) ? .faint : nil
    }

    /// The share of the copy's gradient energy that lies outside the part, widened by 4 % of the longer side.
    private static func outerGradient(_ copy: PartCopy, _ mask: PartMask) -> Double {
        let (width, height) = (copy.width, copy.height)
        guard width > 2, height > 2 else { return 1 }
        let inside = mask.widened(by: max(1, Int((0.04 * Double(max(width, height))).rounded())))
        var (whole, outer): (Float, Float) = (0, 0)
        for y in 1..<height - 1 {
            for x in 1..<width - 1 {
                let index = y * width + x
                let across = copy.pixels[index + 1] - copy.pixels[index - 1]
                let down = copy.pixels[index + width] - copy.pixels[index - width]
                let energy = (across * across + down * down).sum()
                whole += energy
                if inside.pixels[index] == 0 { outer += energy }
            }
        }
        return whole > 0 ? Double(outer / whole) : 1
    }

    /// Otsu's threshold of distances from 0 to 60: the one that parts them into the two classes furthest apart.
    private static func otsu(_ distances: [Float]) -> Float {
        let (bins, most): (Int, Float) = (240, 60)
        var counts = [Int](repeating: 0, count: bins)
        for distance in distances { counts[min(Int(min(distance, most) * Float(bins) / most), bins - 1)] += 1 }
        let all = Double(distances.count)
        let sum = counts.enumerated().reduce(0.0) { $0 + Double($1.offset * $1.element) }
        var (below, belowSum, best, threshold) = (0.0, 0.0, -1.0, 0)
        for bin in 0..<bins - 1 {
            below += Double(counts[bin])
            belowSum += Double(bin * counts[bin])
            guard below > 0, below < all else { continue }
            let gap = belowSum / below - (sum - belowSum) / (all - below)
            let between = below * (all - below) * gap * gap
            if between > best { (best, threshold) = (between, bin) }
        }
        return Float(threshold + 1) * most / Float(bins)
    }

    // MARK: How it lies

    /// The part's bounding box in a copy that is turned by an angle.
    ///
    /// - Parameter angle: Of the box's longer direction, radians as ``axis``.
    /// - Returns: The box's middle in pixels of the copy, and its sides along and across the angle.
    func box(at angle: Double) -> (x: Double, y: Double, width: Double, height: Double) {
        let (c, s) = (cos(angle), sin(angle))
        var (left, right, top, bottom) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
        for point in outline {
            let (u, v) = (c * point.x + s * point.y, c * point.y - s * point.x)
            left = min(left, u)
            right = max(right, u)
            top = min(top, v)
            bottom = max(bottom, v)
        }
        guard left <= right else { return (Double(width) / 2, Double(height) / 2, 0, 0) }
        let (u, v) = ((left + right) / 2, (top + bottom) / 2)
        return (c * u - s * v, s * u + c * v, right - left + 1, bottom - top + 1)
    }
}

/// The middle of a mask and its spread.
private struct Moments {
    var x = 0.0, y = 0.0, axis = 0.0, elongation = 1.0

    init(_ mask: PartMask) {
        var (count, sumX, sumY, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for row in 0..<mask.height {
            for column in 0..<mask.width where mask.pixels[row * mask.width + column] == 1 {
                let (px, py) = (Double(column) + 0.5, Double(row) + 0.5)
                count += 1
                sumX += px
                sumY += py
                xx += px * px
                yy += py * py
                xy += px * py
            }
        }
        guard count > 0 else {
            (x, y) = (Double(mask.width) / 2, Double(mask.height) / 2)
            return
        }
        (x, y) = (sumX / count, sumY / count)
        let (a, b, c) = (xx / count - x * x, yy / count - y * y, xy / count - x * y)
        axis = 0.5 * atan2(2 * c, a - b)
        let root = ((a - b) * (a - b) / 4 + c * c).squareRoot()
        elongation = max((((a + b) / 2 + root) / max((a + b) / 2 - root, 0.1)).squareRoot(), 1)
    }
}
