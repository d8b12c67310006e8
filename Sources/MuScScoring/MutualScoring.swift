import CKernels
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
    ///   - judged: Indices of the images to score, each once.
    ///   - judges: Indices of the images that judge, each once. An image never judges itself.
    /// - Returns: `[judged.count, grid.count]` row-major: distances, 0 to 2.
    /// - Precondition: Every judged image has at least one judge other than itself.
    public func patchScores(of tokens: UnitTokens, judged: [Int], judges: [Int]) -> [Float] {
        let patches = tokens.grid.count
        var scores = [Float](repeating: 0, count: judged.count * patches)
        guard !judged.isEmpty, patches > 0 else { return scores }
        let distances = MutualDistances(tokens: tokens, window: window, threads: threads)
        // As many judged images at once as keep their distances within the limit. Within such a block one product
        // serves both directions; across blocks it is computed for each.
        let block = min(max(Self.distanceLimit / (4 * patches * judges.count), 1), judged.count)
        let squared = AlignedBuffer<Float>(count: block * patches * judges.count)
        defer { squared.deallocate() }
        let rows = DisjointRows(squared.pointer)
        scores.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            for first in stride(from: 0, to: judged.count, by: block) {
                let part = Array(judged[first..<min(first + block, judged.count)])
                let pairs = ImagePairs(judged: part, judges: judges, of: tokens.images)
                distances.compute(pairs, judges: judges.count, into: rows)
                concurrentLoop(part.count, threads: threads) { row in
                    let others = pairs.others(of: part[row])
                    precondition(others > 0, "an image needs a judge other than itself")
                    let positions = interval.positions(judges: others, minimum: minimumJudges)
                    musc_interval_mean(
                        rows.pointer + row * judges.count * patches, others, patches, patches, positions.lowerBound,
                        positions.upperBound, target.pointer + (first + row) * patches)
                }
            }
        }
        return scores
    }

    /// Bytes that the distances held at once may take: with 200 images of 37 × 37 patches, 219 MB.
    private static let distanceLimit = 1 << 30
}
