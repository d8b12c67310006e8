import CKernels
import MuScSupport

extension NearestScoring {
    /// The least number of unchanged images that are taken together. So many keep the cost of preparing the changed ones
    /// small, and their vectors in the cache.
    private static let leastRound = 16

    /// Compares the fresh images with all judges and the known ones with the arrivals.
    ///
    /// Each thread takes a few of the unchanged images at a time, from their tokens to their distances.
    mutating func compareChanged(
        _ tokens: @Sendable (_ images: [Int], _ threads: Int) -> StandardisedTokens,
        into planes: inout [NearestJudges.Plane]
    ) {
        let patches = lists.patches
        let changed = Set(update.fresh).union(update.arrivals).sorted()
        let unchanged = Set(judges).union(update.known).subtracting(changed).sorted()
        let whole = ImagePairs(
            fresh: update.fresh, known: update.known, arrivals: update.arrivals, judges: judges, of: images, parts: parts)
        let storage = AlignedBuffer<Float>(count: degrees.count * whole.lines * patches)
        defer { storage.deallocate() }
        let found = degrees.indices.map { DisjointRows(storage.pointer + $0 * whole.lines * patches) }
        // Rounds of equal size, as many for each thread.
        let threads = max(scoring.threads, 1)
        let most = max(Self.leastRound, 4 * changed.count)
        let perThread = (unchanged.count + most * threads - 1) / (most * threads)
        let rounds = max(min(perThread * threads, unchanged.count), 1)
        let comparison = self
        let own = tokens(changed, threads)
        let plan = ExactKernel.plan(grid, channels: own.channels, window: scoring.window)
        concurrentLoop(rounds, threads: threads) { round in
            let some = unchanged[round * unchanged.count / rounds..<(round + 1) * unchanged.count / rounds]
            comparison.compare(changed, with: Array(some), isFirst: round == 0, own, tokens, plan, whole, into: found)
        }
        let names = Dictionary(judges.enumerated().map { ($1, UInt16($0)) }, uniquingKeysWith: { first, _ in first })
        for degree in degrees.indices {
            planes[degree].insert(
                update.arrivals.map { names[$0] ?? MUSC_NO_JUDGE }, rows: update.known.count, patches: patches,
                isa: scoring.isa, threads: threads
            ) { row, arrival in
                whole.line(of: update.known[row], by: update.arrivals[arrival]).map { UnsafePointer(found[degree].pointer + $0 * patches) }
            }
            var rows = emptyPlane(lists.planes.count + degree, rows: update.fresh.count)
            makeLists(of: update.fresh, from: found[degree], at: 0, into: &rows)
            planes[degree].append(rows)
            guard addition != nil else { continue }
            // The lines of the known images follow those of the fresh.
            let start = found[degree].pointer + update.fresh.count * judges.count * patches
            let count = update.known.count * update.arrivals.count * patches
            addition?.planes.append(
                NearestAddition.Plane(
                    rows: rows, distances: Array(UnsafeBufferPointer(start: start, count: count))))
        }
    }

    /// Compares the changed images with some of the others and, in the first round, with each other.
    ///
    /// - Parameters:
    ///   - own: The tokens of the changed images.
    ///   - whole: Where all distances belong.
    ///   - found: For each degree `[whole.lines, patches]`.
    private func compare(
        _ changed: [Int], with some: [Int], isFirst: Bool, _ own: StandardisedTokens,
        _ tokens: @Sendable (_ images: [Int], _ threads: Int) -> StandardisedTokens, _ plan: PartnerPlan,
        _ whole: ImagePairs, into found: [DisjointRows<Float>]
    ) {
        let isHalf = usesHalf(channels: own.channels)
        // In the order of the batch, by which products in fp32 tell equal images apart. In bfloat16 the first image gives
        // the mean, which all rounds share.
        let all = isHalf ? changed + some : (changed + some).sorted()
        let local = Dictionary(all.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let columns = isFirst ? all : some
        func localIndices(_ list: [Int], among images: [Int]) -> [Int] {
            let wanted = Set(list)
            return images.filter(wanted.contains).compactMap { local[$0] }
        }
        let pairs = ImagePairs(
            fresh: localIndices(update.fresh, among: changed), known: localIndices(update.known, among: columns),
            arrivals: localIndices(update.arrivals, among: changed), judges: localIndices(judges, among: all),
            of: all.count, amongChanged: isFirst, parts: parts.selecting(all))
        let patches = lists.patches
        func store(_ degree: Int, _ distances: DisjointRows<Float>) {
            for a in changed {
                for b in columns {
                    for (image, judge) in [(a, b), (b, a)] {
                        guard let from = local[image], let by = local[judge], let line = pairs.line(of: from, by: by),
                            let target = whole.line(of: image, by: judge)
                        else { continue }
                        (found[degree].pointer + target * patches).update(
                            from: distances.pointer + line * patches, count: patches)
                    }
                }
            }
        }
        if isHalf {
            let half = HalfTokens.aggregated(images: all.count, degrees: degrees, isa: scoring.isa, threads: 1) {
                $0 < changed.count ? (own, $0) : (tokens([all[$0]], 1), 0)
            }
            distances(of: half, pairs, threads: 1, plan: plan, store)
        } else {
            distances(of: tokens(all, 1), pairs, threads: 1, plan: plan, store)
        }
    }
}
