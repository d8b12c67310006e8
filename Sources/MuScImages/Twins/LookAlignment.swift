import CImageCodecs

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
        var slopes = LookSlopes(first)
        return agreement(&slopes, second)
    }

    /// The same where the first is compared with several.
    static func agreement(_ first: inout LookSlopes, _ second: LookDetails) -> Agreement? {
        coarse(&first, second)?.finished(&first, second)
    }

    /// Lays a look over another up to half the size; nil where that shows that they are of different parts.
    static func coarse(_ first: inout LookSlopes, _ second: LookDetails) -> LookAlignment? {
        var alignment = LookAlignment()
        for (round, number) in (1..<LookDetails.count).reversed().enumerated() {
            guard alignment.refine(first.level(number), second.level(number), steps: steps[round]) else { return nil }
        }
        guard let found = alignment.measured(first.level(1).level, second.level(1)), found.correlation >= leastCorrelationAtHalf
        else { return nil }
        return alignment
    }

    /// How far the looks agree that were laid over each other up to half the size.
    func finished(_ first: inout LookSlopes, _ second: LookDetails) -> Agreement? {
        var alignment = self
        let (a, b) = (first.level(0), second.level(0))
        return alignment.refine(a, b, steps: Self.steps[LookDetails.count - 1]) ? alignment.measured(a.level, b) : nil
    }

    /// Brings the map nearer to what lays the second over the first.
    ///
    /// - Returns: False where it goes astray.
    private mutating func refine(_ a: LookSlopes.Level, _ b: LookDetails.Level, steps: Int) -> Bool {
        let count = a.count
        for _ in 0..<steps {
            guard let change = Self.solution(a.matrix, a.products(warped(b))) else { return false }
            for index in 0..<count { map[index] -= change[index] }
            guard map.allSatisfy(\.isFinite), abs(map[0]) <= Self.mostMove, abs(map[1]) <= Self.mostMove,
                map[2...].allSatisfy({ abs($0) <= Self.mostStretch })
            else { return false }
            if max(abs(change[0]), abs(change[1])) * Double(b.side) < 0.02 { break }
        }
        return true
    }

    /// A level as the map lays it over the other.
    private func warped(_ level: LookDetails.Level) -> [Float] {
        [Float](unsafeUninitializedCapacity: level.values.count) { result, written in
            musc_look_warped(level.values, Int32(level.side), map, result.baseAddress)
            written = level.values.count
        }
    }

    /// How far two levels agree with the map, in 7 × 7 squares within a margin of a sixteenth; nil where fewer than a
    /// quarter of the squares show any details.
    private func measured(_ a: LookDetails.Level, _ b: LookDetails.Level) -> Agreement? {
        let moved = warped(b)
        let margin = a.side / 16, square = a.side / 8
        var squares: [(a: Float, b: Float, both: Float)] = []
        // Of a, b, a², b² and a · b.
        var sums = [Float](repeating: 0, count: 5)
        for top in stride(from: margin, to: a.side - margin, by: square) {
            for left in stride(from: margin, to: a.side - margin, by: square) {
                musc_look_square(a.values, moved, Int32(a.side), Int32(top), Int32(left), Int32(square), &sums)
                let count = Float(square * square)
                squares.append(
                    (sums[2] - sums[0] * sums[0] / count, sums[3] - sums[1] * sums[1] / count, sums[4] - sums[0] * sums[1] / count))
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
