import Glibc

/// Finds marks that several images of a batch share.
///
/// Images with the same defect vouch for each other: the defect's patches have a few very near judges, the others that
/// bear it, and mutual scoring takes them for normal. What gives them away is the jump: their nearest few judges are
/// near, but the judges in the middle of the ranking are much farther than is usual for patches with such nearest ones.
/// The rule works for marks on fewer than ``farInterval``'s lower end of the images.
///
/// The problem is that of "consistent anomalies" (CoDeGraph, arXiv 2510.10456); the rule here is a simpler one. Its
/// numbers were chosen on defects pasted into solar cells and on natural batches, where ten standard deviations part
/// the two clearly: of the patches of natural images hardly any reaches so far.
package struct RecurringDefects: Sendable {
    /// The quantile bins of near distances within which far distances are compared.
    static let bins = 20
    /// The ranks, as shares of the judges, over which far distances are averaged: below the median judge.
    package static let farInterval = MutualScoring.Interval(lower: 0.4, upper: 0.5)
    /// Robust standard deviations of excess that count as usual: what lies beyond is added to scores.
    static let usual: Float = 10
    /// Robust standard deviations of excess beyond which a patch may belong to a group that is named. Less than for
    /// scores, where a natural group costs more: with 7 for both, one natural batch of 40 lost 0.16 image AUROC.
    static let remarkable: Float = 7
    /// Two patches bear the same mark where they are not farther apart than this multiple of how far they are from
    /// their nearest judges.
    package static let reach: Float = 1.1
    /// What is added to a score for each unit of excess beyond the usual.
    static let weight: Float = 2
    /// The fewest images that make a group.
    static let leastImages = 3

    /// How much farther the judges in the middle are than usual, for each patch of `[images, patches]`: a distance.
    package let excess: [Float]
    /// The robust standard deviation of the excess (1.4826 · MAD).
    package let deviation: Float

    /// - Parameters:
    ///   - near: For each patch the mean distance to its nearest judges, the score of mutual scoring.
    ///   - far: The same over the judges of ``farInterval``.
    ///   - region: The patches that count; nil for all. The others have no excess.
    ///   - others: Images that do not say what is usual, such as second photographs of a part; their excess is what it would
    ///     be if they did not change the others'.
    ///   - patches: Of an image; asked for where there are `others`.
    package init(
        near: [Float], far: [Float], region: PatchRegion? = nil, others: Set<Int> = [], patches: Int = 1
    ) {
        precondition(near.count == far.count)
        let inside = near.indices.filter { index in region.map { $0[index % $0.grid.count] } ?? true }
        let counted = others.isEmpty ? inside : inside.filter { !others.contains($0 / patches) }
        let order = Self.ascending(near, counted)
        var excess = [Float](repeating: 0, count: near.count)
        var usual = [Float](repeating: 0, count: Self.bins)
        for bin in 0..<Self.bins {
            let members = order[order.count * bin / Self.bins..<order.count * (bin + 1) / Self.bins]
            usual[bin] = Self.median(members.map { far[$0] })
            for index in members { excess[index] = far[index] - usual[bin] }
        }
        // The others are put into the bins that the counted ones make.
        if !others.isEmpty, !order.isEmpty {
            let firsts = (1..<Self.bins).map { near[order[min(order.count * $0 / Self.bins, order.count - 1)]] }
            for index in inside where others.contains(index / patches) {
                excess[index] = far[index] - usual[firsts.count { $0 <= near[index] }]
            }
        }
        self.excess = excess
        deviation = 1.4826 * Self.median(counted.map { abs(excess[$0]) })
    }

    /// What is added to each patch's score: twice the excess beyond ten standard deviations.
    package var penalties: [Float] {
        excess.map { Self.weight * max(0, $0 - Self.usual * deviation) }
    }

    /// Adds what they deserve to the scores of patches.
    ///
    /// A penalty knows no bound, and scores are distances, which end at 2; so the sum is taken back into that range,
    /// in such a way that the order of all scores stays. Sums up to 1.5 stay what they are; no score without a penalty
    /// comes near that.
    ///
    /// - Parameters:
    ///   - scores: Of consecutive patches.
    ///   - first: The first one's position among those that were given.
    package func penalise(_ scores: inout [Float], from first: Int) {
        let penalties = penalties
        for index in scores.indices {
            let sum = scores[index] + penalties[first + index]
            scores[index] = sum <= 1.5 ? sum : 2 - 0.25 / (sum - 1)
        }
    }

    /// Whether any patch is farther from the judges in the middle than is usual.
    package var isRemarkable: Bool { deviation > 0 && excess.contains { $0 > Self.remarkable * deviation } }

    /// - Parameter values: None negative.
    private static func median(_ values: [Float]) -> Float {
        guard !values.isEmpty else { return 0 }
        // Numbers that are not negative compare like their bits, of which the middle one is found by halving the range:
        // several times as fast as sorting.
        let bits = values.map(\.bitPattern)
        var (low, high) = (bits.min() ?? 0, bits.max() ?? 0)
        while low < high {
            let middle = low + (high - low) / 2
            var count = 0
            for value in bits { count += value <= middle ? 1 : 0 }
            if count > values.count / 2 { high = middle } else { low = middle + 1 }
        }
        return Float(bitPattern: low)
    }

    /// Indices in the order of their values, which are no NaN, and of equal ones in their own order.
    private static func ascending(_ values: [Float], _ indices: [Int]) -> [Int] {
        // Value and index in one number, which is sorted several times as fast as pairs are compared.
        let keys = indices.map { index -> UInt64 in
            let bits = (values[index] + 0).bitPattern
            let ordered = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
            return UInt64(ordered) << 32 | UInt64(UInt32(index))
        }
        return keys.sorted().map { Int($0 & 0xFFFF_FFFF) }
    }

    /// Images that share a mark.
    package struct Group: Sendable, Hashable, Codable {
        /// One member an image: the image's index and the patch of the mark, row by row.
        package struct Member: Sendable, Hashable, Codable {
            package var image, patch: Int
        }

        package var members: [Member]
        /// How many parts that people found good have the mark.
        package var foundGood = 0

        package init(members: [Member]) { self.members = members }
    }

    /// Groups of images of at least three parts whose remarkable patches are as near to each other as to their nearest judges.
    ///
    /// - Parameters:
    ///   - near: As given to ``init(near:far:)``.
    ///   - images: How many of the images, from the first, may belong to a group.
    ///   - patches: Of an image.
    ///   - parts: Images of one part share their marks by nature.
    ///   - tokens: Gives the vectors by which the images were compared, of some of them; image by image as asked for.
    /// - Returns: The largest first.
    /// - Throws: What `tokens` throws.
    package func groups<Failure: Error>(
        near: [Float], images: Int, patches: Int, parts: ImageParts = .apart, tokens: (_ images: [Int]) throws(Failure) -> UnitTokens
    ) throws(Failure) -> [Group] {
        guard deviation > 0, images >= Self.leastImages else { return [] }
        var candidates: [Group.Member] = []
        for image in 0..<images {
            let remarkable = (0..<patches).filter { excess[image * patches + $0] > Self.remarkable * deviation }
            let strongest = remarkable.sorted { excess[image * patches + $0] > excess[image * patches + $1] }.prefix(3)
            candidates += strongest.map { Group.Member(image: image, patch: $0) }
        }
        func strength(_ member: Group.Member) -> Float { excess[member.image * patches + member.patch] }
        candidates = Array(candidates.sorted { strength($0) > strength($1) }.prefix(600))
        let concerned = Set(candidates.map(\.image)).sorted()
        guard concerned.count >= Self.leastImages else { return [] }
        let vectors = CandidateVectors(
            tokens: try tokens(concerned),
            places: Dictionary(concerned.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }))

        // Patches that are linked belong together, not their images: one part may bear two marks.
        var parent = Array(candidates.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parent[index] != index { index = parent[index] }
            return index
        }
        for (first, a) in candidates.enumerated() {
            for second in candidates.indices.dropFirst(first + 1) where parts.mayJudge(candidates[second].image, a.image) {
                let b = candidates[second]
                let reach = Self.reach * max(near[a.image * patches + a.patch], near[b.image * patches + b.patch])
                if vectors.distance(a, b) <= reach { parent[root(first)] = root(second) }
            }
        }
        let linked = Dictionary(grouping: candidates.indices, by: root).values
            .filter { $0.count > 1 }.map { indices in indices.sorted().map { candidates[$0] } }
        return Self.joined(linked).filter { parts.oneOfEach($0.map(\.image)).count >= Self.leastImages }
            .map { Group(members: $0.sorted { $0.image < $1.image }) }
            .sorted { ($1.members.count, $0.members[0].image) < ($0.members.count, $1.members[0].image) }
    }

    /// Puts together what more than half of the images share: several patches of one mark.
    ///
    /// - Parameter groups: Each with its strongest member first.
    /// - Returns: The same with one member an image.
    private static func joined(_ groups: [[Group.Member]]) -> [[Group.Member]] {
        var joined: [[Group.Member]] = []
        for group in groups.sorted(by: { ($1.count, $0[0].image, $0[0].patch) < ($0.count, $1[0].image, $1[0].patch) }) {
            let images = Set(group.map(\.image))
            let same = joined.firstIndex { other in
                let others = Set(other.map(\.image))
                return 2 * others.intersection(images).count > min(others.count, images.count)
            }
            if let same { joined[same] += group } else { joined.append(group) }
        }
        return joined.map { members in
            var seen = Set<Int>()
            return members.filter { seen.insert($0.image).inserted }
        }
    }

    /// The vectors of the images that may belong to a group.
    private struct CandidateVectors {
        var tokens: UnitTokens
        /// For each image its place in the tokens.
        var places: [Int: Int]

        func distance(_ a: Group.Member, _ b: Group.Member) -> Float {
            let (first, second) = (offset(a), offset(b))
            var sum: Float = 0
            for channel in 0..<tokens.channels {
                let difference = tokens.values[first + channel] - tokens.values[second + channel]
                sum += difference * difference
            }
            return sum.squareRoot()
        }

        private func offset(_ member: Group.Member) -> Int {
            ((places[member.image] ?? 0) * tokens.grid.count + member.patch) * tokens.channels
        }
    }
}
