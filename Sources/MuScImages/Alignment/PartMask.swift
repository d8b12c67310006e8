/// Which pixels of a copy belong to something: 1 for those, 0 for the background.
struct PartMask: Sendable, Hashable {
    let width, height: Int
    var pixels: [UInt8]

    init(width: Int, height: Int, pixels: [UInt8]) { (self.width, self.height, self.pixels) = (width, height, pixels) }

    var count: Int { pixels.reduce(0) { $0 + Int($1) } }

    /// The share of the pixels at the very edge that belong to it.
    var edgeShare: Double {
        var found = 0
        for x in 0..<width { found += Int(pixels[x]) + Int(pixels[(height - 1) * width + x]) }
        for y in 0..<height { found += Int(pixels[y * width]) + Int(pixels[y * width + width - 1]) }
        return Double(found) / Double(2 * (width + height))
    }

    /// The middles of the first and the last of its pixels in each row.
    var rowEnds: [SIMD2<Double>] {
        (0..<height).flatMap { y -> [SIMD2<Double>] in
            let row = pixels[y * width..<(y + 1) * width]
            guard let first = row.firstIndex(of: 1), let last = row.lastIndex(of: 1) else { return [] }
            return [first, last].map { SIMD2(Double($0 - y * width) + 0.5, Double(y) + 0.5) }
        }
    }

    // MARK: Morphology

    /// Widened by so many pixels in each direction.
    func widened(by radius: Int) -> PartMask { spread(radius, of: 1) }

    /// Narrowed by as many; what lies outside the copy counts as part of it.
    private func narrowed(by radius: Int) -> PartMask { spread(radius, of: 0) }

    /// Gaps of up to 2 · radius pixels filled.
    func closed(_ radius: Int) -> PartMask { widened(by: radius).narrowed(by: radius) }

    /// What is thinner than 2 · radius pixels taken away.
    func opened(_ radius: Int) -> PartMask { narrowed(by: radius).widened(by: radius) }

    /// Pixels of `value` take over those within a square of 2 · radius + 1 around them, rows first, then columns.
    private func spread(_ radius: Int, of value: UInt8) -> PartMask {
        var result = self
        func run(from start: Int, _ source: [UInt8], _ target: inout [UInt8]) {
            var reach = -1
            // Forward, then back: each pixel is told how far the last of `value` reaches.
            for position in 0..<width {
                if source[start + position] == value { reach = position + radius }
                if position <= reach { target[start + position] = value }
            }
            reach = width
            for position in (0..<width).reversed() {
                if source[start + position] == value { reach = position - radius }
                if position >= reach { target[start + position] = value }
            }
        }
        let source = pixels
        for y in 0..<height { run(from: y * width, source, &result.pixels) }
        // Down the columns a row at a time, in which neighbours lie side by side.
        let rows = result.pixels
        rows.withUnsafeBufferPointer { rows in
            result.pixels.withUnsafeMutableBufferPointer { pixels in
                for y in 0..<height {
                    for other in max(y - radius, 0)...min(y + radius, height - 1) where other != y {
                        let (target, source) = (y * width, other * width)
                        if value == 1 {
                            for x in 0..<width { pixels[target + x] |= rows[source + x] }
                        } else {
                            for x in 0..<width { pixels[target + x] &= rows[source + x] }
                        }
                    }
                }
            }
        }
        return result
    }

    // MARK: Components

    /// The largest of the parts that hang together, corners included.
    var largestComponent: PartMask {
        var labels = [Int32](repeating: 0, count: pixels.count)
        var (best, most, next): (Int32, Int, Int32) = (0, 0, 0)
        var stack: [Int] = []
        for start in pixels.indices where pixels[start] == 1 && labels[start] == 0 {
            next += 1
            var size = 0
            labels[start] = next
            stack.append(start)
            while let index = stack.popLast() {
                size += 1
                let (x, y) = (index % width, index / width)
                for row in max(y - 1, 0)...min(y + 1, height - 1) {
                    for column in max(x - 1, 0)...min(x + 1, width - 1) {
                        let neighbour = row * width + column
                        guard pixels[neighbour] == 1, labels[neighbour] == 0 else { continue }
                        labels[neighbour] = next
                        stack.append(neighbour)
                    }
                }
            }
            if size > most { (best, most) = (next, size) }
        }
        return PartMask(width: width, height: height, pixels: labels.map { $0 == best && best > 0 ? 1 : 0 })
    }

    /// The same with holes filled: background that does not reach the edge.
    var filled: PartMask {
        var outside = [UInt8](repeating: 0, count: pixels.count)
        var stack: [Int] = []
        func visit(_ index: Int) {
            guard pixels[index] == 0, outside[index] == 0 else { return }
            outside[index] = 1
            stack.append(index)
        }
        for x in 0..<width { visit(x); visit((height - 1) * width + x) }
        for y in 0..<height { visit(y * width); visit(y * width + width - 1) }
        while let index = stack.popLast() {
            let (x, y) = (index % width, index / width)
            if x > 0 { visit(index - 1) }
            if x + 1 < width { visit(index + 1) }
            if y > 0 { visit(index - width) }
            if y + 1 < height { visit(index + width) }
        }
        return PartMask(width: width, height: height, pixels: outside.map { 1 - $0 })
    }
}
