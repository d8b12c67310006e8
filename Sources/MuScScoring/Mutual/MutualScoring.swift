import CKernels
import MuScSupport

/// MSM, the mutual scoring mechanism (section 3.3 of the paper, equations 2 to 4).
///
/// For patch p of image i and every judge j: d(p, j) = min over the patches q of j of ‖p − q‖₂. The score of p is
/// the mean of its smallest distances, over the share of judges that `interval` names.
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

    /// How products of patch vectors are computed.
    public enum Precision: String, Sendable, Hashable, CaseIterable {
        /// In fp32.
        case exact
        /// In int8 to find each patch's nearest partner, whose distance is then computed in fp32.
        ///
        /// Only a wrong choice among near-equals can show. Where the processor has no fast int8 products (on x86-64,
        /// AVX-512 VNNI), this is the same as ``exact``.
        case fast
        /// The same as ``fast`` here; the network takes int8 products as well.
        case fastest

        /// Whether what is fast is taken.
        package var isFast: Bool { self != .exact }
    }

    package var interval: Interval
    /// The least number of nearest judges that are averaged, where there are as many.
    package var minimumJudges: Int
    /// The most rows and columns that a partner may lie away; nil for no limit.
    package var window: Int?
    /// The patches that are judged and judge; nil for all. The others' scores are 0.
    package var region: PatchRegion?
    package var precision: Precision
    /// The most threads to use. The result does not depend on it.
    package var threads: Int

    package init(
        interval: Interval, minimumJudges: Int = 1, window: Int? = nil, region: PatchRegion? = nil,
        precision: Precision = .exact, threads: Int
    ) {
        self.interval = interval
        self.minimumJudges = minimumJudges
        self.window = window
        self.region = region
        self.precision = precision
        self.threads = threads
        isa = musc_isa_best()
    }

    /// Scores the patches of some images by some images.
    ///
    /// - Parameters:
    ///   - tokens: The vectors of all images concerned, of the batch or from elsewhere.
    ///   - judged: Indices of the images to score, each once.
    ///   - judges: Indices of the images that judge, each once. An image never judges itself.
    ///   - parts: Images of one part do not judge each other.
    /// - Returns: `[judged.count, grid.count]` row-major: distances, 0 to 2.
    /// - Complexity: One product of patch vectors a pair of patches that may be partners and a pair of images, for both
    ///   directions together. Beside the tokens it holds 4 bytes for each judged patch and judge, at most 1 GiB (past
    ///   that, judged images are taken in blocks), and a prepared copy of 32 images.
    /// - Precondition: Every judged image has at least one judge of another part, and a region holds a patch.
    package func patchScores(
        of tokens: UnitTokens, judged: [Int], judges: [Int], parts: ImageParts = .apart
    ) -> [Float] {
        let patches = tokens.grid.count
        var scores = [Float](repeating: 0, count: judged.count * patches)
        guard !judged.isEmpty, patches > 0 else { return scores }
        scores.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            if usesIntegers(patches: patches) {
                let kernel = FastKernel(
                    tokens: tokens, judges: judges, window: window, region: region, isa: isa, threads: threads)
                score(judged, by: judges, of: tokens, parts, kernel) { row, _, candidates in
                    let image = judged[row]
                    nearestMean(
                        image, by: judges.filter { parts.mayJudge($0, image) }, of: tokens, candidates,
                        into: target.pointer + row * patches)
                }
            } else {
                let kernel = ExactKernel(tokens: tokens, window: window, region: region, isa: isa)
                score(judged, by: judges, of: tokens, parts, kernel) { row, others, squared in
                    let positions = interval.positions(judges: others, minimum: minimumJudges)
                    musc_interval_mean(
                        isa, squared, others, patches, patches, positions.lowerBound, positions.upperBound,
                        target.pointer + row * patches)
                }
            }
        }
        region?.clear(outside: &scores)
        return scores
    }

    /// Computes the distances of as many judged images at once as keep within the limit, and hands them out.
    ///
    /// Within such a block one product serves both directions; across blocks it is computed for each.
    private func score<Kernel: MaximaKernel>(
        _ judged: [Int], by judges: [Int], of tokens: UnitTokens, _ parts: ImageParts, _ kernel: Kernel,
        average: @Sendable (_ row: Int, _ others: Int, _ distances: UnsafePointer<Kernel.Distance>) -> Void
    ) {
        let imageSize = judges.count * tokens.grid.count
        let block = min(max(Self.distanceLimit / (MemoryLayout<Kernel.Distance>.stride * max(imageSize, 1)), 1), judged.count)
        let storage = AlignedBuffer<Kernel.Distance>(count: block * imageSize)
        defer { storage.deallocate() }
        let rows = DisjointRows(storage.pointer)
        let distances = MutualDistances(kernel: kernel, threads: threads)
        for first in stride(from: 0, to: judged.count, by: block) {
            let part = Array(judged[first..<min(first + block, judged.count)])
            let pairs = ImagePairs(judged: part, judges: judges, of: tokens.images, parts: parts)
            distances.compute(pairs, into: rows)
            concurrentLoop(part.count, threads: threads) { row in
                let others = pairs.others(of: part[row])
                precondition(others > 0, "an image needs a judge of another part")
                average(first + row, others, rows.pointer + row * imageSize)
            }
        }
    }

    /// Averages the distances of an image's nearest candidates, computed again in fp32.
    func nearestMean(
        _ image: Int, by others: [Int], of tokens: UnitTokens, _ candidates: UnsafePointer<Int32>,
        into scores: UnsafeMutablePointer<Float>
    ) {
        let patches = tokens.grid.count
        let positions = interval.positions(judges: others.count, minimum: minimumJudges)
        tokens.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            let partners = others.map { Optional(base + $0 * patches * tokens.channels) }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: positions.upperBound) { scratch in
                musc_nearest_mean(
                    isa, candidates, others.count, patches, patches, base + image * patches * tokens.channels, partners,
                    tokens.channels, positions.lowerBound, positions.upperBound, scratch.baseAddress, scores)
            }
        }
    }

    /// The products of pairs of patches that the kernel computes on this grid, of all that there are: 1 without a window.
    ///
    /// The kernel walks squares of 4 × 4 patches against their surroundings, so that the rim of a square is computed
    /// beyond the window.
    package func computedShare(on grid: PatchGrid) -> Double {
        window == nil ? 1 : PartnerPlan(grid: grid, window: window, rowLimit: .max).computedShare
    }

    /// Whether distances are found by products of integers; else in fp32.
    func usesIntegers(patches: Int) -> Bool {
        precision.isFast && musc_msm_int8_is_fast(isa) && patches < 1 << 16
    }

    /// The instruction set of the kernels, asked of the processor once.
    let isa: musc_isa

    /// Bytes that the distances held at once may take: with 200 images of 37 × 37 patches, 219 MB.
    package static let distanceLimit = 1 << 30
}
