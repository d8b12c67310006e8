import CKernels
import MuScSupport

/// Scores a batch layer by layer from lists of nearest judges, which it makes or brings up to date.
///
/// With ``MutualScoring/Precision/exact`` scores are those of ``MutualScoring`` whatever the lists' history. With
/// products of integers lists begin with candidates, and images that come later are compared in bfloat16 or fp32; so
/// scores differ from those of a beginning by what such products leave open.
///
/// Make one for a batch, give it the tokens of each layer in turn (``patchScores(of:)``), and keep ``lists``.
package struct NearestScoring: Sendable {
    let scoring: MutualScoring
    /// Which images show the same part.
    let parts: ImageParts
    let degrees: [Int]
    /// The number of images of the tokens.
    let images: Int
    let grid: PatchGrid
    private let intervals: [[MutualScoring.Interval]]
    let update: NearestUpdate
    /// The former lists' planes that were not taken over yet.
    private var former: [NearestJudges.Plane]
    /// The lists as they are now; complete once every layer was scored.
    package private(set) var lists: NearestJudges
    /// What was added to the former lists where nothing else changed, as ``NearestJudges/add(_:threads:)`` takes it;
    /// complete once every layer was scored.
    package internal(set) var addition: NearestAddition?
    /// For each image that was asked for its row in the lists.
    private let rowOfJudged: [Int]

    /// The images in the order of their rows, and the judges in that of their names, as indices in the tokens.
    var judged: [Int] { update.judged }
    var judges: [Int] { update.judges }

    /// - Parameters:
    ///   - lists: What ``lists`` was the last time with the same network, layers, degrees and window; nil for none. Where
    ///     nobody else holds them, they are changed in their place.
    ///   - judged, judges: As for ``MutualScoring/patchScores(of:degrees:judged:judges:)``.
    ///   - digests: Of all images of the tokens, each different.
    ///   - parts: Images of one part do not judge each other.
    ///   - grid: How the patches of every image lie.
    ///   - degrees: LNAMD's degrees r.
    ///   - intervals: For each plane, layers outermost, the intervals over which means are wanted, at least one.
    /// - Returns: nil with more judges than lists can name.
    package init?(
        _ scoring: MutualScoring, lists: consuming NearestJudges?, judged: [Int], judges: [Int], digests: [ImageDigest],
        parts: ImageParts = .apart, grid: PatchGrid, degrees: [Int], intervals: [[MutualScoring.Interval]]
    ) {
        guard judges.count < NearestJudges.mostJudges else { return nil }
        self.scoring = scoring
        self.parts = parts
        self.degrees = degrees
        images = digests.count
        self.grid = grid
        self.intervals = intervals
        let minimum = scoring.minimumJudges
        let fitting = lists?.patches == grid.count ? lists : nil
        update = NearestUpdate(
            of: fitting, judged: judged, judges: judges, digests: digests, parts: parts, threads: scoring.threads,
            needed: intervals.map { intervals in { others in Self.needed(intervals, others, minimum) } })
        former = update.known.isEmpty ? [] : fitting?.planes ?? []
        let hadParts = fitting?.parts != nil
        self.lists = NearestJudges(
            judged: update.judged.map { digests[$0] }, judges: update.judges.map { digests[$0] }, patches: grid.count,
            planes: [])
        if !parts.areApart {
            self.lists.parts = NearestJudges.Parts(
                judged: update.judged.map { parts[$0] }, judges: update.judges.map { parts[$0] })
        }
        // An addition does not tell of parts.
        if update.isAddition, parts.areApart, !hadParts {
            addition = NearestAddition(
                judged: update.fresh.map { digests[$0] }, judges: update.arrivals.map { digests[$0] }, planes: [])
        }
        let rows = Dictionary(update.judged.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        rowOfJudged = judged.map { rows[$0] ?? 0 }
    }

    /// How many of so many judges the intervals reach to.
    static func needed(_ intervals: [MutualScoring.Interval], _ judges: Int, _ minimum: Int) -> Int {
        intervals.reduce(0) { max($0, $1.positions(judges: judges, minimum: minimum).upperBound) }
    }

    /// The number of images that are compared with all judges; 0 where the lists told everything.
    package var comparedWithAll: Int { update.fresh.count }

    /// Whether images have to be compared, for which their tokens are needed.
    package var needsTokens: Bool { !update.isIdle }

    /// Whether the lists stay what they were.
    package var isUnchanged: Bool { update.keepsFormer && update.fresh.isEmpty && update.arrivals.isEmpty }

    /// Scores the images by the next layer.
    ///
    /// - Parameter tokens: Gives the tokens of that layer of these images, in this order, by at most so many threads;
    ///   called where they are needed, from several threads at once.
    /// - Returns: For each degree and each of its intervals, `[judged.count, patches]` row-major, as
    ///   ``MutualScoring/patchScores(of:judged:judges:)`` gives them.
    package mutating func patchScores(
        of tokens: @Sendable (_ images: [Int], _ threads: Int) -> StandardisedTokens
    ) -> [[[Float]]] {
        let first = lists.planes.count
        var planes: [NearestJudges.Plane] = []
        if update.known.isEmpty {
            planes = degrees.indices.map { emptyPlane(first + $0, rows: judged.count) }
            compareAll(tokens(Array(0..<images), scoring.threads), into: &planes)
        } else {
            for degree in degrees.indices { planes.append(takeOver(first + degree)) }
            if needsTokens { compareChanged(tokens, into: &planes) }
        }
        lists.planes += planes
        return degrees.indices.map { degree in
            intervals[first + degree].map { means(of: lists.planes[first + degree], $0) }
        }
    }

    /// - Parameter rows: The number of images.
    func emptyPlane(_ index: Int, rows: Int) -> NearestJudges.Plane {
        let most = Self.needed(intervals[index], judges.count, scoring.minimumJudges)
        let depth = update.depths?[index] ?? NearestJudges.depth(for: most)
        let patches = lists.patches
        return NearestJudges.Plane(
            depth: depth, squared: [Float](repeating: MUSC_FARTHEST, count: rows * depth * patches),
            names: [UInt16](repeating: MUSC_NO_JUDGE, count: rows * depth * patches),
            bounds: [Float](repeating: MUSC_FARTHEST, count: rows * patches))
    }

    /// The lists of the known images, with the judges' new names.
    private mutating func takeOver(_ index: Int) -> NearestJudges.Plane {
        // Moved out, so that a plane that nobody else holds is changed in its place.
        var former = NearestJudges.Plane(depth: self.former[index].depth, squared: [], names: [], bounds: [])
        swap(&former, &self.former[index])
        if update.keepsFormer { return former }
        var plane = emptyPlane(index, rows: update.known.count)
        let patches = lists.patches
        let size = plane.depth * patches
        let update = update
        plane.withRows { rows in
            former.withRows { source in
                concurrentLoop(update.known.count, threads: scoring.threads) { position in
                    let row = update.rows[position]
                    let target = rows.squared + position * size, targetNames = rows.names + position * size
                    target.update(from: source.squared + row * size, count: size)
                    targetNames.update(from: source.names + row * size, count: size)
                    (rows.bounds + position * patches).update(from: source.bounds + row * patches, count: patches)
                    musc_rename_nearest(update.names, size, target, targetNames)
                }
            }
        }
        return plane
    }

    /// Makes the lists of the fresh images, as many at once as keep within the limit.
    private func compareAll(_ tokens: StandardisedTokens, into planes: inout [NearestJudges.Plane]) {
        let block = max(MutualScoring.distanceLimit / max(bytesOfRow, 1), 1)
        for first in stride(from: 0, to: judged.count, by: block) {
            let positions = first..<min(first + block, judged.count)
            let pairs = ImagePairs(judged: Array(judged[positions]), judges: judges, of: tokens.images, parts: parts)
            if scoring.usesIntegers(patches: lists.patches) {
                candidates(of: tokens, pairs) { degree, candidates, unit in
                    makeLists(of: positions, from: candidates, unit, exact: exactDepth(degree), into: &planes[degree])
                }
            } else {
                distances(of: tokens, pairs, threads: scoring.threads) { degree, distances in
                    makeLists(of: Array(judged[positions]), from: distances, at: first, into: &planes[degree])
                }
            }
        }
    }

    /// How many of a list's nearest have distances in fp32 where products are of integers: as many as the means need.
    ///
    /// Those of the search for recurring marks too: it multiplies differences of distances.
    private func exactDepth(_ degree: Int) -> Int {
        NearestJudges.depth(
            for: Self.needed(intervals[lists.planes.count + degree], judges.count, scoring.minimumJudges))
    }

    /// Bytes that the distances of one image to all judges take, of all degrees that are computed together.
    private var bytesOfRow: Int { MemoryLayout<Float>.stride * lists.patches * judges.count * degrees.count }

    /// Whether ``distances(of:_:threads:plan:_:)`` takes products in bfloat16.
    func usesHalf(channels: Int) -> Bool {
        scoring.precision.isFast && !scoring.sharesProducts(degrees, on: grid)
            && HalfKernel.isFast(channels: channels, isa: scoring.isa)
    }

    /// Computes squared distances, degree by degree: where the precision is fast, in bfloat16 if the processor can.
    ///
    /// - Parameter plan: What ``ExactKernel`` needs, where it was made before.
    func distances(
        of tokens: StandardisedTokens, _ pairs: ImagePairs, threads: Int, plan: PartnerPlan? = nil,
        _ body: (_ degree: Int, _ distances: DisjointRows<Float>) -> Void
    ) {
        let count = pairs.lines * lists.patches
        if scoring.sharesProducts(degrees, on: tokens.grid) {
            let storage = AlignedBuffer<ExactDistance>(count: degrees.count * count)
            defer { storage.deallocate() }
            let rows = degrees.indices.map { DisjointRows(storage.pointer + $0 * count) }
            DegreeDistances(
                tokens, degrees: degrees, judges: judges, tracksPartners: false, isa: scoring.isa, threads: threads
            )
            .compute(pairs, into: rows)
            for (degree, row) in rows.enumerated() {
                row.pointer.withMemoryRebound(to: Float.self, capacity: count) { body(degree, DisjointRows($0)) }
            }
            return
        }
        let plan = plan ?? ExactKernel.plan(tokens.grid, channels: tokens.channels, window: scoring.window)
        if usesHalf(channels: tokens.channels) {
            let half = HalfTokens.aggregated(
                images: tokens.images, degrees: degrees, isa: scoring.isa, threads: threads
            ) { (tokens, $0) }
            distances(of: half, pairs, threads: threads, plan: plan, body)
            return
        }
        let storage = AlignedBuffer<Float>(count: count)
        defer { storage.deallocate() }
        for (degree, r) in degrees.enumerated() {
            let unit = LNAMD.aggregate(tokens, r: r, threads: threads)
            let kernel = ExactKernel(tokens: unit, plan: plan, isa: scoring.isa)
            MutualDistances(kernel: kernel, threads: threads).compute(pairs, into: DisjointRows(storage.pointer))
            body(degree, DisjointRows(storage.pointer))
        }
    }

    /// The same by products in bfloat16.
    ///
    /// - Parameter tokens: One entry a degree.
    func distances(
        of tokens: [HalfTokens], _ pairs: ImagePairs, threads: Int, plan: PartnerPlan,
        _ body: (_ degree: Int, _ distances: DisjointRows<Float>) -> Void
    ) {
        let storage = AlignedBuffer<Float>(count: pairs.lines * lists.patches)
        defer { storage.deallocate() }
        for (degree, tokens) in tokens.enumerated() {
            let kernel = HalfKernel(tokens: tokens, plan: plan, isa: scoring.isa)
            MutualDistances(kernel: kernel, threads: threads).compute(pairs, into: DisjointRows(storage.pointer))
            body(degree, DisjointRows(storage.pointer))
        }
    }

    /// Computes candidates by products of integers, degree by degree; see `musc_candidate`.
    private func candidates(
        of tokens: StandardisedTokens, _ pairs: ImagePairs,
        _ body: (_ degree: Int, _ candidates: DisjointRows<Int32>, _ unit: UnitTokens) -> Void
    ) {
        let count = pairs.lines * lists.patches
        if scoring.sharesProducts(degrees, on: tokens.grid) {
            let storage = AlignedBuffer<CandidateDistance>(count: degrees.count * count)
            defer { storage.deallocate() }
            let rows = degrees.indices.map { DisjointRows(storage.pointer + $0 * count) }
            DegreeDistances(
                tokens, degrees: degrees, judges: judges, tracksPartners: true, isa: scoring.isa, threads: scoring.threads
            )
            .compute(pairs, into: rows)
            for (degree, r) in degrees.enumerated() {
                let unit = LNAMD.aggregate(tokens, r: r, threads: scoring.threads)
                rows[degree].pointer.withMemoryRebound(to: Int32.self, capacity: count) {
                    body(degree, DisjointRows($0), unit)
                }
            }
            return
        }
        let storage = AlignedBuffer<Int32>(count: count)
        defer { storage.deallocate() }
        for (degree, r) in degrees.enumerated() {
            let unit = LNAMD.aggregate(tokens, r: r, threads: scoring.threads)
            let kernel = FastKernel(
                tokens: unit, judges: judges, window: scoring.window, isa: scoring.isa, threads: scoring.threads)
            MutualDistances(kernel: kernel, threads: scoring.threads).compute(pairs, into: DisjointRows(storage.pointer))
            body(degree, DisjointRows(storage.pointer), unit)
        }
    }

    /// Makes lists from candidates of all judges, `[positions.count, judges, patches]`.
    private func makeLists(
        of positions: Range<Int>, from candidates: DisjointRows<Int32>, _ unit: UnitTokens, exact: Int,
        into plane: inout NearestJudges.Plane
    ) {
        let (patches, depth) = (lists.patches, plane.depth)
        plane.withRows { rows in
            concurrentLoop(positions.count, threads: scoring.threads) { row in
                let position = positions.lowerBound + row
                let image = judged[position]
                let others = judges.indices.filter { parts.mayJudge(judges[$0], image) }
                precondition(!others.isEmpty, "an image needs a judge of another part")
                unit.values.withUnsafeBufferPointer { values in
                    guard let base = values.baseAddress else { return }
                    let size = patches * unit.channels
                    let partners = others.map { Optional(base + judges[$0] * size) }
                    musc_keep_candidates(
                        scoring.isa, candidates.pointer + row * judges.count * patches, others.map { UInt16($0) },
                        others.count, patches, depth, exact, base + image * size, partners, unit.channels,
                        rows.squared + position * depth * patches, rows.names + position * depth * patches,
                        rows.bounds + position * patches)
                }
            }
        }
    }

    /// Makes lists from distances to all judges, `[images.count, judges, patches]`.
    ///
    /// - Parameter first: The row of the first image.
    func makeLists(
        of images: [Int], from distances: DisjointRows<Float>, at first: Int, into plane: inout NearestJudges.Plane
    ) {
        let (patches, depth) = (lists.patches, plane.depth)
        plane.withRows { rows in
            concurrentLoop(images.count, threads: scoring.threads) { row in
                let position = first + row
                let others = judges.indices.filter { parts.mayJudge(judges[$0], images[row]) }.map { UInt16($0) }
                precondition(!others.isEmpty, "an image needs a judge of another part")
                musc_keep_nearest(
                    scoring.isa, distances.pointer + row * judges.count * patches, others, others.count, patches, depth,
                    rows.squared + position * depth * patches, rows.names + position * depth * patches,
                    rows.bounds + position * patches)
            }
        }
    }

    private func means(of plane: NearestJudges.Plane, _ interval: MutualScoring.Interval) -> [Float] {
        let patches = lists.patches
        let own = parts.counts(judges)
        return [Float](unsafeUninitializedCapacity: judged.count * patches) { buffer, written in
            written = judged.count * patches
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            concurrentLoop(judged.count, threads: scoring.threads) { index in
                let position = rowOfJudged[index]
                let others = judges.count - (own[parts[judged[position]]] ?? 0)
                let ranks = interval.positions(judges: others, minimum: scoring.minimumJudges)
                plane.squared.withUnsafeBufferPointer { squared in
                    guard let squared = squared.baseAddress else { return }
                    musc_interval_mean(
                        scoring.isa, squared + position * plane.depth * patches, plane.depth, patches, patches, ranks.lowerBound,
                        ranks.upperBound, target.pointer + index * patches)
                }
            }
        }
    }
}

/// Where the lists of images are written, each thread its own images'.
struct ListRows: @unchecked Sendable {
    let squared: UnsafeMutablePointer<Float>
    let names: UnsafeMutablePointer<UInt16>
    let bounds: UnsafeMutablePointer<Float>
}

extension NearestJudges.Plane {
    mutating func withRows(_ body: (ListRows) -> Void) {
        squared.withUnsafeMutableBufferPointer { squared in
            names.withUnsafeMutableBufferPointer { names in
                bounds.withUnsafeMutableBufferPointer { bounds in
                    guard let squared = squared.baseAddress, let names = names.baseAddress,
                        let bounds = bounds.baseAddress
                    else { return }
                    body(ListRows(squared: squared, names: names, bounds: bounds))
                }
            }
        }
    }
}
