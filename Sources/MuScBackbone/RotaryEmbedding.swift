import CKernels
import Glibc
import MuScSupport

/// The rotary position embedding of one grid: by which angles the queries and keys of each token are turned
/// (DINOv3; axial, height first).
///
/// The patch in row r and column c of an `h × w` grid lies at y = 2(r + ½)/h − 1 and x = 2(c + ½)/w − 1. Of the D channels
/// of a head, channel i < D/2 is paired with channel i + D/2, and the pair is turned by 2π·y/pᵢ for the first D/4
/// pairs and by 2π·x/pᵢ₋D/₄ for the others, with one period p for each. Class and register tokens are not turned.
///
/// The kernel turns neighbouring columns, so the rows of the layer that makes queries and keys are put in that order
/// (``pairedChannels(headWidth:)``): scores do not depend on the order of a head's channels.
struct RotaryEmbedding: Sendable {
    private let cosines, sines: FloatStorage
    private let headWidth, columns, row: Int

    /// - Parameters:
    ///   - periods: D/4 periods; the same for both axes.
    ///   - leading: Tokens before the patches, which are not turned.
    init(periods: [Float], description: BackboneDescription, leading: Int, gridWidth: Int, gridHeight: Int) {
        let headWidth = description.headWidth
        (self.headWidth, columns) = (headWidth, 2 * description.width)
        let row = headWidth + 32
        self.row = row
        var cosines = [Float](repeating: 1, count: (leading + gridWidth * gridHeight) * row)
        var sines = [Float](repeating: 0, count: cosines.count)
        let (down, across) = (Self.turns(gridHeight, periods), Self.turns(gridWidth, periods))
        for y in 0..<gridHeight {
            for x in 0..<gridWidth {
                let start = (leading + y * gridWidth + x) * row
                let turns = down[y] + across[x]
                for column in 0..<row {
                    let turn = turns[column % headWidth / 2]
                    cosines[start + column] = turn.cosine
                    sines[start + column] = column % 2 == 0 ? -turn.sine : turn.sine
                }
            }
        }
        self.cosines = FloatStorage(cosines)
        self.sines = FloatStorage(sines)
    }

    /// For each of `count` patches along one side, by which angle each period turns it.
    private static func turns(_ count: Int, _ periods: [Float]) -> [[(cosine: Float, sine: Float)]] {
        (0..<count).map { index in
            let place = 2 * (Double(index) + 0.5) / Double(count) - 1
            return periods.map { period in
                let angle = 2 * Double.pi * place / Double(period)
                return (Float(cos(angle)), Float(sin(angle)))
            }
        }
    }

    /// The periods base^(4j/D), j = 0 … D/4 − 1, for files that carry none.
    static func periods(base: Double, headWidth: Int) -> [Float] {
        (0..<headWidth / 4).map { Float(pow(base, 4 * Double($0) / Double(headWidth))) }
    }

    /// The channels of a head with the two of a pair side by side: 0, D/2, 1, D/2 + 1 …
    static func pairedChannels(headWidth: Int) -> [Int] {
        (0..<headWidth).map { $0 / 2 + $0 % 2 * (headWidth / 2) }
    }

    /// Calls `body` with the tables from this token on.
    func withTables(from token: Int, _ body: (UnsafePointer<musc_rotation>) -> Void) {
        let tables = musc_rotation(
            head_width: headWidth, columns: columns, cosines: cosines.pointer + token * row,
            sines: sines.pointer + token * row)
        withUnsafePointer(to: tables, body)
    }
}
