import MuScSupport

/// For single patches the judges in which they come nearest to a partner, and where the partner lies.
///
/// Mutual scoring keeps distances, not places; this looks again for the few patches that a person is shown. The distance
/// of a patch to a place is the mean over layers of the mean over degrees of ‖p − q‖₂, and a judge's place is the one
/// where that is least: the evidence that a mark has no counterpart, since even the nearest place is far.
package struct PatchMatching: Sendable {
    /// A patch of the queried images.
    package struct Query: Sendable, Hashable {
        /// The image's position among those that ``standardised`` is asked for.
        package var image: Int
        package var patch: Int

        package init(image: Int, patch: Int) { (self.image, self.patch) = (image, patch) }
    }

    /// The nearest place in one judge.
    package struct Match: Sendable, Hashable {
        /// The judge's position among those that ``standardised`` is asked for.
        package var judge: Int
        package var patch: Int
        /// 0 to 2.
        package var distance: Float
    }

    package var grid: PatchGrid
    package var degrees: [Int]
    /// The most rows and columns that a partner may lie away; nil for no limit.
    package var window: Int?
    /// The patches that may be partners; nil for all.
    package var region: PatchRegion?
    /// The most threads to use.
    package var threads: Int

    package init(grid: PatchGrid, degrees: [Int], window: Int?, region: PatchRegion?, threads: Int) {
        (self.grid, self.degrees, self.window, self.region, self.threads) = (grid, degrees, window, region, threads)
    }

    /// The nearest judges of each patch.
    ///
    /// - Parameters:
    ///   - judges: Positions of the judges; images of the patch's own part are no judges of it.
    ///   - layers: How many layers there are.
    ///   - count: The most judges to name, nearest first.
    ///   - parts: Which images show the same part.
    ///   - standardised: Gives one image's tokens of one layer; called from several threads. nil leaves the image out.
    package func matches(
        of queries: [Query], judges: [Int], layers: Int, count: Int, parts: ImageParts = .apart,
        standardised: @Sendable (_ image: Int, _ layer: Int) -> StandardisedTokens?
    ) -> [[Match]] {
        let vectors = concurrentMap(queries.count, threads: threads) { index in
            self.vectors(of: queries[index], layers: layers, standardised)
        }
        let found = concurrentMap(judges.count, threads: threads) { place in
            places(in: judges[place], of: queries, vectors: vectors, layers: layers, parts, standardised)
        }
        return queries.indices.map { query in
            let all = judges.indices.compactMap { place in found[place][query].map { ($0, judges[place]) } }
            return all.sorted { ($0.0.distance, $0.1) < ($1.0.distance, $1.1) }.prefix(count)
                .map { Match(judge: $1, patch: $0.patch, distance: $0.distance) }
        }
    }

    private struct Place: Sendable {
        var patch: Int
        var distance: Float
    }

    /// The patch's unit vector in each layer and degree, one after the other; empty where it cannot be had.
    private func vectors(
        of query: Query, layers: Int, _ standardised: (Int, Int) -> StandardisedTokens?
    ) -> [Float] {
        var vectors: [Float] = []
        for layer in 0..<layers {
            guard let tokens = standardised(query.image, layer) else { return [] }
            for degree in degrees {
                LNAMD.withUnitVectors(of: tokens, image: 0, r: degree) { unit in
                    vectors += UnsafeBufferPointer(start: unit + query.patch * tokens.channels, count: tokens.channels)
                }
            }
        }
        return vectors
    }

    /// For each query the nearest place in a judge; nil where there is none.
    private func places(
        in judge: Int, of queries: [Query], vectors: [[Float]], layers: Int, _ parts: ImageParts,
        _ standardised: (Int, Int) -> StandardisedTokens?
    ) -> [Place?] {
        let candidates = queries.map(candidates)
        var sums = candidates.map { [Float](repeating: 0, count: $0.count) }
        let steps = layers * degrees.count
        for layer in 0..<layers {
            guard let tokens = standardised(judge, layer) else { return queries.map { _ in nil } }
            let channels = tokens.channels
            for (position, degree) in degrees.enumerated() {
                let start = (layer * degrees.count + position) * channels
                LNAMD.withUnitVectors(of: tokens, image: 0, r: degree) { unit in
                    for query in queries.indices where parts.mayJudge(judge, queries[query].image) && !vectors[query].isEmpty {
                        vectors[query].withUnsafeBufferPointer { own in
                            guard let own = own.baseAddress else { return }
                            for (place, patch) in candidates[query].enumerated() {
                                sums[query][place] += Self.distance(own + start, unit + patch * channels, channels)
                            }
                        }
                    }
                }
            }
        }
        return queries.indices.map { query in
            guard parts.mayJudge(judge, queries[query].image), !vectors[query].isEmpty,
                let best = sums[query].indices.min(by: { sums[query][$0] < sums[query][$1] })
            else { return nil }
            return Place(patch: candidates[query][best], distance: sums[query][best] / Float(steps))
        }
    }

    /// The patches that may be a query's partners.
    private func candidates(of query: Query) -> [Int] {
        let (x, y) = (query.patch % grid.width, query.patch / grid.width)
        return (0..<grid.count).filter { patch in
            let isNear = window.map { abs(patch % grid.width - x) <= $0 && abs(patch / grid.width - y) <= $0 } ?? true
            return isNear && region.map { $0[patch] } ?? true
        }
    }

    /// The distance of two unit vectors.
    ///
    /// Both pointers must have `channels` values.
    private static func distance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ channels: Int) -> Float {
        var sums = SIMD8<Float>.zero
        var i = 0
        while i + 8 <= channels {
            let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
            let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
            let difference = x - y
            sums += difference * difference
            i += 8
        }
        var sum = sums.sum()
        while i < channels {
            sum += (a[i] - b[i]) * (a[i] - b[i])
            i += 1
        }
        return sum.squareRoot()
    }
}
