import CImageCodecs

/// How a look's details change with each parameter of a map that lays another over them; made once for all that are laid
/// over this one.
struct LookSlopes {
    /// Of one size.
    struct Level {
        let level: LookDetails.Level
        /// How many parameters are sought: two moves, and from 96 pixels on four of stretching.
        let count: Int
        /// `[count, count]`: the sums of products, with a trifle on the diagonal.
        let matrix: [Double]
        private let margin: Int
        private let down, right: [Float]

        /// Of each parameter the slope it goes by, 0 downwards and 1 to the right, and what that is multiplied with: 0
        /// nothing, 1 the distance from the middle downwards, 2 to the right.
        private static let parameters = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (1, 2)]
        /// Where the sums of `musc_look_slopes` for two such factors lie.
        private static let factors = [[0, 1, 2], [1, 3, 4], [2, 4, 5]]

        init(_ level: LookDetails.Level, stretches: Bool) {
            let (side, margin, count) = (level.side, max(level.side / 16, 2), stretches ? 6 : 2)
            (self.level, self.margin, self.count) = (level, margin, count)
            var down = [Float](repeating: 0, count: side * side), right = down
            var sums = [Double](repeating: 0, count: 18)
            musc_look_slopes(level.values, Int32(side), Int32(margin), &down, &right, &sums)
            (self.down, self.right) = (down, right)
            var matrix = [Double](repeating: 0, count: count * count)
            for row in 0..<count {
                for column in 0..<count {
                    let (a, b) = (Self.parameters[row], Self.parameters[column])
                    matrix[row * count + column] = sums[6 * (a.0 + b.0) + Self.factors[a.1][b.1]]
                }
            }
            let trace = (0..<count).reduce(0) { $0 + matrix[$1 * count + $1] }
            for row in 0..<count { matrix[row * count + row] += 1e-6 * trace }
            self.matrix = matrix
        }

        /// The sums of the products of each slope with what another level, made as strong as this one, differs by.
        func products(_ other: [Float]) -> [Double] {
            let (side, margin) = (Int32(level.side), Int32(margin))
            var (both, own): (Float, Float) = (0, 0)
            musc_look_strengths(level.values, other, side, margin, &both, &own)
            let gain = own > 0 ? both / own : 1
            var sums = [Double](repeating: 0, count: 6)
            musc_look_products(level.values, other, down, right, side, margin, gain > 0.2 ? gain : 1, &sums)
            return Array(sums.prefix(count))
        }
    }

    private let details: LookDetails
    private var levels = [Level?](repeating: nil, count: LookDetails.count)

    init(_ details: LookDetails) { self.details = details }

    /// The level of this number, as ``LookDetails/level(_:)``.
    mutating func level(_ number: Int) -> Level {
        if let known = levels[number] { return known }
        let made = Level(details.level(number), stretches: number < 2)
        levels[number] = made
        return made
    }
}
