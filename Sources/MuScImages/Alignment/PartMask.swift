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
    ///
    /// Each pixel takes its neighbours at every distance in turn: whole rows side by side, many pixels at once.
    private func spread(_ radius: Int, of value: UInt8) -> PartMask {
        let across = pixels.withUnsafeBufferPointer { source in
            Self.pixels(source) { target, source in
                for y in 0..<height {
                    for distance in stride(from: 1, through: min(radius, width - 1), by: 1) {
                        let (row, count) = (y * width, width - distance)
                        Self.take(source + row, into: target + row + distance, count: count, value)
                        Self.take(source + row + distance, into: target + row, count: count, value)
                    }
                }
            }
        }
        var result = self
        result.pixels = across.withUnsafeBufferPointer { source in
            Self.pixels(source) { target, source in
                for y in 0..<height {
                    for other in max(y - radius, 0)...min(y + radius, height - 1) where other != y {
                        Self.take(source + other * width, into: target + y * width, count: width, value)
                    }
                }
            }
        }
        return result
    }

    /// The pixels as they are, then as `fill` changes them.
    private static func pixels(
        _ source: UnsafeBufferPointer<UInt8>, fill: (UnsafeMutablePointer<UInt8>, UnsafePointer<UInt8>) -> Void
    ) -> [UInt8] {
        var result = Array(source)
        result.withUnsafeMutableBufferPointer { target in
            if let target = target.baseAddress, let source = source.baseAddress { fill(target, source) }
        }
        return result
    }

    /// Where a pixel of the source has `value`, 0 or 1, the target's takes it over.
    @inline(__always)
    private static func take(
        _ source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>, count: Int, _ value: UInt8
    ) {
        if value == 1 {
            for index in 0..<count { target[index] |= source[index] }
        } else {
            for index in 0..<count { target[index] &= source[index] }
        }
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
