/// What a copy would show without the part: a quadratic surface through its border.
struct BackgroundSurface: Sendable {
    /// How far each pixel lies from the surface, in CIELAB.
    let differences: [SIMD4<Float>]
    /// The lengths of these.
    let distances: [Float]
    /// The median distance over the border.
    let spread: Float
    /// The share of the border that does not lie on the surface.
    let busyShare: Double

    /// The border's width as a share of the shorter side.
    private static let ring = 0.03
    private static let rounds = 5
    /// So many points of the border settle the surface.
    private static let mostPoints = 2000
    /// The surface stays within what the border shows, and so much more.
    private static let slack: Float = 3

    init(_ copy: PartCopy) {
        let (width, height) = (copy.width, copy.height)
        let border = max(2, Int((Self.ring * Double(min(width, height))).rounded()))
        var ring: [Int] = []
        for y in 0..<height {
            let isRow = y < border || y >= height - border
            for x in 0..<width where isRow || x < border || x >= width - border { ring.append(y * width + x) }
        }
        // A surface of six numbers does not take all of them.
        let points = stride(from: 0, to: ring.count, by: max(ring.count / Self.mostPoints, 1)).map { ring[$0] }
        let (across, down) = (2 / Float(max(width - 1, 1)), 2 / Float(max(height - 1, 1)))
        func place(_ index: Int) -> SIMD2<Float> { SIMD2(across * Float(index % width) - 1, down * Float(index / width) - 1) }
        var surface = QuadraticSurface(constant: .zero)
        var kept = points
        for round in 0...Self.rounds {
            surface = QuadraticSurface(through: kept.map { place($0) }, values: kept.map { copy.pixels[$0] }) ?? surface
            guard round < Self.rounds else { break }
            let residuals = points.map { (copy.pixels[$0] - surface(place($0))).length }
            let limit = max(3 * residuals.median, 1)
            kept = points.indices.filter { residuals[$0] <= limit }.map { points[$0] }
        }
        var low = SIMD4<Float>(repeating: .infinity), high = -low
        for index in kept {
            low = pointwiseMin(low, copy.pixels[index])
            high = pointwiseMax(high, copy.pixels[index])
        }
        low -= Self.slack
        high += Self.slack
        var differences = copy.pixels
        for y in 0..<height {
            for x in 0..<width {
                let index = y * width + x
                let point = SIMD2(across * Float(x) - 1, down * Float(y) - 1)
                var difference = differences[index] - surface(point).clamped(lowerBound: low, upperBound: high)
                difference.w = 0
                differences[index] = difference
            }
        }
        distances = differences.map(\.length)
        self.differences = differences
        let onBorder = ring.map { [distances] in distances[$0] }
        spread = onBorder.median
        let limit = max(4 * spread, 6)
        busyShare = Double(onBorder.count { $0 > limit }) / Double(max(onBorder.count, 1))
    }
}

/// p(x, y) = c₀ + c₁ x + c₂ y + c₃ x² + c₄ x y + c₅ y², one for each channel.
private struct QuadraticSurface {
    private var terms: InlineArray<6, SIMD4<Float>>

    init(constant: SIMD4<Float>) { terms = [constant, .zero, .zero, .zero, .zero, .zero] }

    /// The surface of least squares; nil where the points do not settle one.
    init?(through points: [SIMD2<Float>], values: [SIMD4<Float>]) {
        // A row of the normal equations in eight numbers, of which six are taken.
        var matrix = InlineArray<6, SIMD8<Double>>(repeating: .zero)
        var right = InlineArray<6, SIMD4<Double>>(repeating: .zero)
        for (point, value) in zip(points, values) {
            let (x, y) = (Double(point.x), Double(point.y))
            let basis = SIMD8(1, x, y, x * x, x * y, y * y, 0, 0)
            for i in 0..<6 {
                matrix[i] += basis[i] * basis
                right[i] += basis[i] * SIMD4<Double>(value)
            }
        }
        // Positive definite where there are points enough, so that no pivot need be sought.
        for i in 0..<6 {
            guard matrix[i][i] > 1e-9 else { return nil }
            for row in i + 1..<6 {
                let factor = matrix[row][i] / matrix[i][i]
                matrix[row] -= factor * matrix[i]
                right[row] -= factor * right[i]
            }
        }
        for i in (0..<6).reversed() {
            for column in i + 1..<6 { right[i] -= matrix[i][column] * right[column] }
            right[i] /= matrix[i][i]
        }
        self.init(constant: .zero)
        for i in 0..<6 { terms[i] = SIMD4<Float>(right[i]) }
    }

    func callAsFunction(_ point: SIMD2<Float>) -> SIMD4<Float> {
        let (x, y) = (point.x, point.y)
        let upper = terms[0] + x * terms[1] + y * terms[2]
        return upper + (x * x) * terms[3] + (x * y) * terms[4] + (y * y) * terms[5]
    }
}

extension SIMD4<Float> {
    /// The Euclidean length.
    var length: Float { (self * self).sum().squareRoot() }
}

extension [Float] {
    /// The middle value, the upper one of two; 0 of none.
    ///
    /// By Hoare's selection: the side on which the middle lies is parted again and again.
    var median: Float {
        guard !isEmpty else { return 0 }
        let middle = count / 2
        var values = self
        return values.withUnsafeMutableBufferPointer { values in
            var (low, high) = (0, values.count - 1)
            while low < high {
                let pivot = values[(low + high) / 2]
                var (left, right) = (low, high)
                while left <= right {
                    while values[left] < pivot { left += 1 }
                    while values[right] > pivot { right -= 1 }
                    if left <= right {
                        values.swapAt(left, right)
                        left += 1
                        right -= 1
                    }
                }
                if middle <= right { high = right } else if middle >= left { low = left } else { break }
            }
            return values[middle]
        }
    }
}

extension [Double] {
    /// The middle value, the upper one of two; 0 of none.
    var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
