import MuScLinearAlgebra
import MuScParallel

/// MSM, the mutual scoring mechanism (section 3.3 of the paper, equations 2 to 4).
///
/// For patch p of image i and every judge j: d(p, j) = min over the patches q of j of ‖p − q‖₂. The score of p is
/// the mean of its smallest distances, over the share of judges that ``interval`` names.
public struct MutualScoring: Sendable {
    /// Which of a patch's sorted distances are averaged, as shares of the number of judges.
    public struct Interval: Sendable, Hashable {
        public var lower, upper: Double

        /// - Precondition: `0 ≤ lower < upper ≤ 1`.
        public init(lower: Double = 0, upper: Double) {
            precondition(0 <= lower && lower < upper && upper <= 1)
            self.lower = lower
            self.upper = upper
        }

        /// The positions of the averaged distances among the sorted ones of `judges` judges.
        ///
        /// The `⌊upper · judges⌋` smallest, at least `minimum` (or all there are), less the `⌊lower · judges⌋`
        /// smallest of them; never none.
        public func positions(judges: Int, minimum: Int) -> Range<Int> {
            let most = min(max(Int(upper * Double(judges)), minimum, 1), judges)
            return min(Int(lower * Double(judges)), most - 1)..<most
        }
    }

    public var interval: Interval
    /// The least number of nearest judges that are averaged, where there are as many.
    public var minimumJudges: Int
    /// The most rows and columns that a partner may lie away; nil for no limit.
    public var window: Int?
    /// The most threads to use. The result does not depend on it.
    public var threads: Int

    public init(interval: Interval, minimumJudges: Int = 1, window: Int? = nil, threads: Int) {
        self.interval = interval
        self.minimumJudges = minimumJudges
        self.window = window
        self.threads = threads
    }

    /// Scores the patches of some images by some images.
    ///
    /// - Parameters:
    ///   - tokens: The vectors of all images concerned, of the batch or from elsewhere.
    ///   - judged: Indices of the images to score.
    ///   - judges: Indices of the images that judge. An image never judges itself.
    /// - Returns: `[judged.count, grid.count]` row-major: distances, 0 to 2.
    /// - Precondition: Every judged image has at least one judge other than itself.
    public func patchScores(of tokens: UnitTokens, judged: [Int], judges: [Int]) -> [Float] {
        let patches = tokens.grid.count
        var scores = [Float](repeating: 0, count: judged.count * patches)
        scores.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            concurrentLoop(judged.count, threads: threads) { row in
                score(judged[row], of: tokens, by: judges, into: target.pointer + row * patches)
            }
        }
        return scores
    }

    private func score(_ image: Int, of tokens: UnitTokens, by judges: [Int], into scores: UnsafeMutablePointer<Float>) {
        let others = judges.filter { $0 != image }
        precondition(!others.isEmpty, "an image needs a judge other than itself")
        let patches = tokens.grid.count
        let channels = tokens.channels
        var products = [Float](repeating: 0, count: patches * patches)
        var distances = [Float](repeating: 0, count: others.count * patches)
        tokens.values.withUnsafeBufferPointer { values in
            products.withUnsafeMutableBufferPointer { products in
                guard let values = values.baseAddress, let products = products.baseAddress else { return }
                for (column, judge) in others.enumerated() {
                    OpenBLAS.product(
                        rows: patches, columns: patches, depth: channels, a: values + image * patches * channels,
                        strideA: channels, b: values + judge * patches * channels, strideB: channels, transposesB: true,
                        c: products, strideC: patches)
                    for patch in 0..<patches {
                        let best = bestProduct(products + patch * patches, of: patch, in: tokens.grid)
                        // Unit vectors: ‖p − q‖² = 2 − 2 p·q.
                        distances[patch * others.count + column] = max(2 - 2 * best, 0).squareRoot()
                    }
                }
            }
        }
        let positions = interval.positions(judges: others.count, minimum: minimumJudges)
        for patch in 0..<patches {
            let sorted = distances[patch * others.count..<(patch + 1) * others.count].sorted()
            scores[patch] = sorted[positions].reduce(0, +) / Float(positions.count)
        }
    }

    /// The largest product of a patch with the partners that the window allows.
    private func bestProduct(_ products: UnsafePointer<Float>, of patch: Int, in grid: PatchGrid) -> Float {
        var best: Float = -2
        guard let window else {
            for partner in 0..<grid.count { best = max(best, products[partner]) }
            return best
        }
        let (row, column) = (patch / grid.width, patch % grid.width)
        for y in max(row - window, 0)...min(row + window, grid.height - 1) {
            for x in max(column - window, 0)...min(column + window, grid.width - 1) {
                best = max(best, products[y * grid.width + x])
            }
        }
        return best
    }
}
