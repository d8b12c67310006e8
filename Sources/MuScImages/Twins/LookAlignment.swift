/// Lays one look over another, and says how far they agree then.
///
/// The second is moved and slightly stretched until it fits the first (Lucas and Kanade, "An iterative image registration
/// technique", 1981, from the coarsest size to the finest, in brightness as well). What two photographs of one part have in
/// common is then everything, so that even the squares that agree least agree well. Different parts that look alike, such
/// as cells with the same grid or wafers of one crystal, agree in most squares, and not in those where they differ.
struct LookAlignment {
    /// How two looks agree, square by square.
    struct Agreement: Hashable {
        /// The least correlation of a square's details, −1 to 1.
        var correlation: Float
        /// The largest root mean square of a square's differences, in grey levels of the first.
        var difference: Float
    }

    /// Moves, in shares of the side, and what the linear map differs from none: `[down, right, yy, yx, xy, xx]`.
    private var map = [Double](repeating: 0, count: 6)

    /// Moves and stretches beyond these are no second photograph from the same place, in shares of the side.
    private static let mostMove = 0.08, mostStretch = 0.06
    /// Looks that agree less than this at half the size are given up.
    private static let leastCorrelationAtHalf: Float = 0.2
    /// The root mean square of a square's details below which it says nothing, in grey levels.
    private static let leastDetail: Float = 0.35
    /// Steps at each size, the coarsest first.
    private static let steps = [8, 6, 5, 4]

    /// How far two looks agree; nil where they cannot be laid over each other.
    static func agreement(_ first: LookDetails, _ second: LookDetails) -> Agreement? {
        var alignment = LookAlignment()
        for (round, level) in (0..<LookDetails.count).reversed().enumerated() {
            let (a, b) = (first.level(level), second.level(level))
            guard alignment.refine(a, b, steps: steps[round], stretches: level < 2) else { return nil }
            if level == 0 { return alignment.measured(a, b) }
            if level == 1 {
                guard let found = alignment.measured(a, b), found.correlation >= leastCorrelationAtHalf else { return nil }
            }
        }
        return nil
    }

    /// Brings the map nearer to what lays the second over the first.
    ///
    /// - Returns: False where it goes astray.
    private mutating func refine(_ a: LookDetails.Level, _ b: LookDetails.Level, steps: Int, stretches: Bool) -> Bool {
        let side = a.side
        let margin = max(side / 16, 2)
        let count = stretches ? 6 : 2
        let slopes = Slopes(a, margin: margin, count: count)
        for _ in 0..<steps {
            let moved = warped(b)
            let gain = Self.gain(a.values, moved, side: side, margin: margin)
            let right = slopes.products(a.values, moved, gain: gain)
            guard let change = Self.solution(slopes.matrix, right) else { return false }
            for index in 0..<count { map[index] -= change[index] }
            guard map.allSatisfy(\.isFinite), abs(map[0]) <= Self.mostMove, abs(map[1]) <= Self.mostMove,
                map[2...].allSatisfy({ abs($0) <= Self.mostStretch })
            else { return false }
            if max(abs(change[0]), abs(change[1])) * Double(side) < 0.02 { break }
        }
        return true
    }

    /// A level as the map lays it over the other, by linear interpolation; what lies beyond the rim is as the rim.
    private func warped(_ level: LookDetails.Level) -> [Float] {
        let side = level.side
        let center = Double(side - 1) / 2
        return level.values.withUnsafeBufferPointer { values in
            [Float](unsafeUninitializedCapacity: side * side) { result, written in
                written = side * side
                for y in 0..<side {
                    let v = Double(y) - center
                    var sourceY = Float(Double(y) + Double(side) * map[0] + map[2] * v - map[3] * center)
                    var sourceX = Float(Double(side) * map[1] + map[4] * v - map[5] * center)
                    let (stepY, stepX) = (Float(map[3]), Float(1 + map[5]))
                    for x in 0..<side {
                        let clampedY = min(max(sourceY, 0), Float(side - 1)), clampedX = min(max(sourceX, 0), Float(side - 1))
                        let top = min(Int(clampedY), side - 2), left = min(Int(clampedX), side - 2)
                        let (down, right) = (clampedY - Float(top), clampedX - Float(left))
                        let first = top * side + left
                        let above = values[first] + right * (values[first + 1] - values[first])
                        let below = values[first + side] + right * (values[first + side + 1] - values[first + side])
                        result[y * side + x] = above + down * (below - above)
                        sourceY += stepY
                        sourceX += stepX
                    }
                }
            }
        }
    }

    /// What the second's details are to be multiplied with to be as strong as the first's.
    private static func gain(_ a: [Float], _ b: [Float], side: Int, margin: Int) -> Float {
        var (both, own): (Float, Float) = (0, 0)
        for y in margin..<side - margin {
            for index in y * side + margin..<(y + 1) * side - margin {
                both += a[index] * b[index]
                own += b[index] * b[index]
            }
        }
        let gain = own > 0 ? both / own : 1
        return gain > 0.2 ? gain : 1
    }

    /// How far two levels agree with the map, in 7 × 7 squares within a margin of a sixteenth; nil where fewer than a
    /// quarter of the squares show any details.
    private func measured(_ a: LookDetails.Level, _ b: LookDetails.Level) -> Agreement? {
        let moved = warped(b)
        let margin = a.side / 16, square = a.side / 8
        var squares: [(a: Float, b: Float, both: Float)] = []
        for top in stride(from: margin, to: a.side - margin, by: square) {
            for left in stride(from: margin, to: a.side - margin, by: square) {
                var sums: (a: Float, b: Float, aa: Float, bb: Float, ab: Float) = (0, 0, 0, 0, 0)
                for y in top..<top + square {
                    for index in y * a.side + left..<y * a.side + left + square {
                        let (p, q) = (a.values[index], moved[index])
                        sums = (sums.a + p, sums.b + q, sums.aa + p * p, sums.bb + q * q, sums.ab + p * q)
                    }
                }
                let count = Float(square * square)
                squares.append(
                    (sums.aa - sums.a * sums.a / count, sums.bb - sums.b * sums.b / count, sums.ab - sums.a * sums.b / count))
            }
        }
        // Squares without details, as of a plain ground, have nothing to agree in; noise has, and does not.
        let least = Self.leastDetail * Self.leastDetail * Float(square * square)
        let telling = squares.filter { max($0.a, $0.b) >= least }
        guard 4 * telling.count >= squares.count else { return nil }
        let gain = telling.reduce(0) { $0 + $1.both } / max(telling.reduce(0) { $0 + $1.b }, 1e-9)
        return Agreement(
            correlation: telling.map { $0.both / max($0.a * $0.b, 1e-9).squareRoot() }.min() ?? -1,
            difference: telling.map { one in
                (max(one.a - 2 * gain * one.both + gain * gain * one.b, 0) / Float(square * square)).squareRoot()
            }.max() ?? .infinity)
    }

    /// Solves a symmetric system of a few equations; nil where it has no one solution.
    private static func solution(_ matrix: [Double], _ right: [Double]) -> [Double]? {
        let count = right.count
        var (matrix, right) = (matrix, right)
        for column in 0..<count {
            guard let pivot = (column..<count).max(by: { abs(matrix[$0 * count + column]) < abs(matrix[$1 * count + column]) }),
                abs(matrix[pivot * count + column]) > 1e-12
            else { return nil }
            if pivot != column {
                for index in 0..<count { matrix.swapAt(pivot * count + index, column * count + index) }
                right.swapAt(pivot, column)
            }
            for row in 0..<count where row != column {
                let factor = matrix[row * count + column] / matrix[column * count + column]
                for index in column..<count { matrix[row * count + index] -= factor * matrix[column * count + index] }
                right[row] -= factor * right[column]
            }
        }
        return (0..<count).map { right[$0] / matrix[$0 * count + $0] }
    }
}

/// How a level's details change with each parameter of the map.
private struct Slopes {
    private let side, margin, count: Int
    private let down, right: [Float]
    /// `[count, count]`: the sums of products, with a trifle on the diagonal.
    let matrix: [Double]

    init(_ level: LookDetails.Level, margin: Int, count: Int) {
        let side = level.side
        (self.side, self.margin, self.count) = (side, margin, count)
        var down = [Float](repeating: 0, count: side * side), right = down
        let scale = Float(side) / 2
        for y in margin..<side - margin {
            for index in y * side + margin..<(y + 1) * side - margin {
                down[index] = (level.values[index + side] - level.values[index - side]) * scale
                right[index] = (level.values[index + 1] - level.values[index - 1]) * scale
            }
        }
        (self.down, self.right) = (down, right)
        var sums = [Double](repeating: 0, count: count * count)
        Self.forEach(side, margin) { index, v, u in
            let slopes = Self.slopes(down[index], right[index], v, u)
            for row in 0..<count {
                for column in 0...row { sums[row * count + column] += Double(slopes[row] * slopes[column]) }
            }
        }
        let trace = (0..<count).reduce(0) { $0 + sums[$1 * count + $1] }
        for row in 0..<count {
            for column in 0..<row { sums[column * count + row] = sums[row * count + column] }
            sums[row * count + row] += 1e-6 * trace
        }
        matrix = sums
    }

    /// The sums of the products of each slope with what the second differs by.
    func products(_ a: [Float], _ b: [Float], gain: Float) -> [Double] {
        var sums = SIMD8<Float>.zero
        var total = SIMD8<Double>.zero
        var row = -1
        Self.forEach(side, margin) { index, v, u in
            // Row by row in double precision.
            if index / side != row {
                total += SIMD8<Double>(sums)
                sums = .zero
                row = index / side
            }
            sums += (gain * b[index] - a[index]) * Self.slopes(down[index], right[index], v, u)
        }
        total += SIMD8<Double>(sums)
        return (0..<count).map { total[$0] }
    }

    private static func slopes(_ down: Float, _ right: Float, _ v: Float, _ u: Float) -> SIMD8<Float> {
        SIMD8(down, right, down * v, down * u, right * v, right * u, 0, 0)
    }

    /// Calls `body` with each place within the margin and its position from the middle, in shares of the side.
    private static func forEach(_ side: Int, _ margin: Int, _ body: (_ index: Int, _ v: Float, _ u: Float) -> Void) {
        let center = Float(side - 1) / 2
        for y in margin..<side - margin {
            let v = (Float(y) - center) / Float(side)
            for x in margin..<side - margin { body(y * side + x, v, (Float(x) - center) / Float(side)) }
        }
    }
}
