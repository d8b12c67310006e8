import CKernels
import MuScParallel

/// Scores a batch layer by layer from lists of nearest judges, which it makes or brings up to date.
///
/// With ``MutualScoring/Precision/exact`` scores are those of ``MutualScoring`` whatever the lists' history. With
/// products of integers lists begin with candidates, and images that come later are compared in fp32; so scores differ
/// from those of a beginning by what such products leave open.
///
///     var scorer = NearestScoring(scoring, lists: known, judged: …)
///     for layer in tokens { scores += scorer.patchScores(of: layer) }
///     save(scorer.lists)
public struct NearestScoring: Sendable {
    private let scoring: MutualScoring
    private let degrees: [Int]
    /// The number of images of the tokens.
    private let images: Int
    private let judged, judges: [Int]
    private let intervals: [[MutualScoring.Interval]]
    private let former: NearestJudges?
    private let update: NearestUpdate
    /// The lists as they are now; complete once every layer was scored.
    public private(set) var lists: NearestJudges

    /// - Parameters:
    ///   - lists: What ``lists`` was the last time with the same network, layers, degrees and window; nil for none.
    ///   - judged, judges: As for ``MutualScoring/patchScores(of:degrees:judged:judges:)``.
    ///   - digests: Of all images of the tokens, each different.
    ///   - grid: How the patches of every image lie.
    ///   - degrees: LNAMD's degrees r.
    ///   - intervals: For each plane, layers outermost, the intervals over which means are wanted, at least one.
    /// - Returns: nil with more judges than lists can name.
    public init?(
        _ scoring: MutualScoring, lists: NearestJudges?, judged: [Int], judges: [Int], digests: [ImageDigest],
        grid: PatchGrid, degrees: [Int], intervals: [[MutualScoring.Interval]]
    ) {
        guard judges.count < NearestJudges.mostJudges else { return nil }
        self.scoring = scoring
        self.degrees = degrees
        images = digests.count
        self.judged = judged
        self.judges = judges
        self.intervals = intervals
        let minimum = scoring.minimumJudges
        let lists = lists?.patches == grid.count ? lists : nil
        update = NearestUpdate(
            of: lists, judged: judged, judges: judges, digests: digests,
            needed: intervals.map { intervals in { others in Self.needed(intervals, others, minimum) } })
        former = update.known.isEmpty ? nil : lists
        self.lists = NearestJudges(
            judged: judged.map { digests[$0] }, judges: judges.map { digests[$0] }, patches: grid.count, planes: [])
    }

    /// How many of so many judges the intervals reach to.
    static func needed(_ intervals: [MutualScoring.Interval], _ judges: Int, _ minimum: Int) -> Int {
        intervals.reduce(0) { max($0, $1.positions(judges: judges, minimum: minimum).upperBound) }
    }

    /// The number of images that are compared with all judges; 0 where the lists told everything.
    public var comparedWithAll: Int { update.fresh.count }

    /// Whether images have to be compared, for which their tokens are needed.
    public var needsTokens: Bool { !update.isIdle }

    /// Scores the images by the next layer.
    ///
    /// - Parameter tokens: Gives the tokens of that layer of these images, in this order; called where they are needed.
    /// - Returns: For each degree and each of its intervals, `[judged.count, patches]` row-major, as
    ///   ``MutualScoring/patchScores(of:judged:judges:)`` gives them.
    public mutating func patchScores(of tokens: (_ images: [Int]) -> StandardisedTokens) -> [[[Float]]] {
        let first = lists.planes.count
        var planes = degrees.indices.map { degree in emptyPlane(first + degree) }
        for degree in degrees.indices { carryOver(first + degree, into: &planes[degree]) }
        if update.known.isEmpty {
            compareAll(tokens(Array(0..<images)), into: &planes)
        } else if needsTokens {
            compareChanged(tokens, into: &planes)
        }
        lists.planes += planes
        return degrees.indices.map { degree in intervals[first + degree].map { means(of: planes[degree], $0) } }
    }

    private func emptyPlane(_ index: Int) -> NearestJudges.Plane {
        let most = Self.needed(intervals[index], judges.count, scoring.minimumJudges)
        let depth = former?.planes[index].depth ?? NearestJudges.depth(for: most)
        let (rows, patches) = (judged.count, lists.patches)
        return NearestJudges.Plane(
            depth: depth, squared: [Float](repeating: MUSC_FARTHEST, count: rows * depth * patches),
            names: [UInt16](repeating: MUSC_NO_JUDGE, count: rows * depth * patches),
            bounds: [Float](repeating: MUSC_FARTHEST, count: rows * patches))
    }

    /// Takes over the lists of known images, with the judges' new names.
    private func carryOver(_ index: Int, into plane: inout NearestJudges.Plane) {
        guard let former = former?.planes[index] else { return }
        let patches = lists.patches
        let size = plane.depth * patches
        plane.withRows { rows in
            former.squared.withUnsafeBufferPointer { squared in
                former.names.withUnsafeBufferPointer { names in
                    former.bounds.withUnsafeBufferPointer { bounds in
                        guard let squared = squared.baseAddress, let names = names.baseAddress,
                            let bounds = bounds.baseAddress
                        else { return }
                        let source = Rows(squared: .init(mutating: squared), names: .init(mutating: names), bounds: .init(mutating: bounds))
                        concurrentLoop(judged.count, threads: scoring.threads) { position in
                            guard let row = update.rows[position] else { return }
                            let target = rows.squared + position * size, targetNames = rows.names + position * size
                            target.update(from: source.squared + row * size, count: size)
                            targetNames.update(from: source.names + row * size, count: size)
                            (rows.bounds + position * patches).update(from: source.bounds + row * patches, count: patches)
                            musc_rename_nearest(update.names, size, target, targetNames)
                        }
                    }
                }
            }
        }
    }

    /// Makes the lists of the fresh images, as many at once as keep within the limit.
    private func compareAll(_ tokens: StandardisedTokens, into planes: inout [NearestJudges.Plane]) {
        let block = max(MutualScoring.distanceLimit / max(bytesOfRow, 1), 1)
        for first in stride(from: 0, to: judged.count, by: block) {
            let positions = first..<min(first + block, judged.count)
            let pairs = ImagePairs(judged: Array(judged[positions]), judges: judges, of: tokens.images)
            if scoring.usesIntegers(patches: lists.patches) {
                candidates(of: tokens, pairs) { degree, candidates, unit in
                    makeLists(
                        of: Array(positions), from: candidates, unit, exact: exactDepth(degree), into: &planes[degree])
                }
            } else {
                distances(of: tokens, pairs) { degree, distances in
                    makeLists(of: Array(positions), from: distances, into: &planes[degree])
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

    /// Compares the fresh images with all judges and the known ones with the arrivals, some of the others at a time:
    /// so their vectors stay in the cache, and the memory that they take is small.
    private func compareChanged(
        _ tokens: (_ images: [Int]) -> StandardisedTokens, into planes: inout [NearestJudges.Plane]
    ) {
        let patches = lists.patches
        let changed = Set(update.fresh).union(update.arrivals)
        let others = Set(judges).union(update.known).subtracting(changed).sorted()
        let freshPositions = judged.indices.filter { update.rows[$0] == nil }
        let rows = degrees.map { _ in AlignedBuffer<Float>(count: freshPositions.count * judges.count * patches) }
        defer { for row in rows { row.deallocate() } }
        let (judgePosition, judgedPosition) = (places(judges), places(judged))
        let chunk = max(32, 4 * changed.count)
        for first in stride(from: 0, to: max(others.count, 1), by: chunk) {
            let some = others[first..<min(first + chunk, others.count)]
            let images = Array(some) + changed.sorted()
            let local = places(images)
            // Images that changed meet each other in the first round.
            let known = (first == 0 ? images : Array(some)).filter { image in
                judgedPosition[image].map { update.rows[$0] != nil } ?? false
            }
            func localIndices(_ list: [Int]) -> [Int] { list.compactMap { local[$0] } }
            let pairs = ImagePairs(
                fresh: localIndices(update.fresh), known: localIndices(known), arrivals: localIndices(update.arrivals),
                judges: localIndices(images.filter { judgePosition[$0] != nil }), of: images.count)
            distances(of: tokens(images), pairs) { degree, distances in
                for (row, position) in freshPositions.enumerated() {
                    let image = judged[position]
                    for judge in images where judge != image {
                        guard let column = judgePosition[judge], let a = local[image], let b = local[judge],
                            let line = pairs.line(of: a, by: b)
                        else { continue }
                        let other = judgePosition[image].map { $0 < column } == true ? column - 1 : column
                        (rows[degree].pointer + (row * judges.count + other) * patches)
                            .update(from: distances.pointer + line * patches, count: patches)
                    }
                }
                let places = known.compactMap { image -> (position: Int, line: Int, image: Int)? in
                    guard let position = judgedPosition[image], let index = local[image],
                        let line = pairs.firstLine(of: index)
                    else { return nil }
                    return (position, line, image)
                }
                insertArrivals(places, judgePosition, from: distances, into: &planes[degree])
            }
        }
        for degree in degrees.indices {
            makeLists(of: freshPositions, from: DisjointRows(rows[degree].pointer), into: &planes[degree])
        }
    }

    private func places(_ images: [Int]) -> [Int: Int] {
        Dictionary(images.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Computes squared distances, degree by degree.
    private func distances(
        of tokens: StandardisedTokens, _ pairs: ImagePairs,
        _ body: (_ degree: Int, _ distances: DisjointRows<Float>) -> Void
    ) {
        let count = pairs.lines * lists.patches
        if scoring.sharesProducts(degrees, on: tokens.grid) {
            let storage = AlignedBuffer<ExactDistance>(count: degrees.count * count)
            defer { storage.deallocate() }
            let rows = degrees.indices.map { DisjointRows(storage.pointer + $0 * count) }
            DegreeDistances(
                tokens, degrees: degrees, judges: judges, tracksPartners: false, isa: scoring.isa, threads: scoring.threads)
                .compute(pairs, into: rows)
            for (degree, row) in rows.enumerated() {
                row.pointer.withMemoryRebound(to: Float.self, capacity: count) { body(degree, DisjointRows($0)) }
            }
            return
        }
        let storage = AlignedBuffer<Float>(count: count)
        defer { storage.deallocate() }
        for (degree, r) in degrees.enumerated() {
            let unit = LNAMD.aggregate(tokens, r: r, threads: scoring.threads)
            let kernel = ExactKernel(tokens: unit, window: scoring.window, isa: scoring.isa)
            MutualDistances(kernel: kernel, threads: scoring.threads).compute(pairs, into: DisjointRows(storage.pointer))
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
                tokens, degrees: degrees, judges: judges, tracksPartners: true, isa: scoring.isa, threads: scoring.threads)
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
        of positions: [Int], from candidates: DisjointRows<Int32>, _ unit: UnitTokens, exact: Int,
        into plane: inout NearestJudges.Plane
    ) {
        let (patches, depth) = (lists.patches, plane.depth)
        plane.withRows { rows in
            concurrentLoop(positions.count, threads: scoring.threads) { row in
                let position = positions[row]
                let image = judged[position]
                let others = judges.indices.filter { judges[$0] != image }
                precondition(!others.isEmpty, "an image needs a judge other than itself")
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

    /// Makes lists from distances to all judges, `[positions.count, judges, patches]`.
    private func makeLists(
        of positions: [Int], from distances: DisjointRows<Float>, into plane: inout NearestJudges.Plane
    ) {
        let (patches, depth) = (lists.patches, plane.depth)
        plane.withRows { rows in
            concurrentLoop(positions.count, threads: scoring.threads) { row in
                let position = positions[row]
                let others = judges.indices.filter { judges[$0] != judged[position] }.map { UInt16($0) }
                precondition(!others.isEmpty, "an image needs a judge other than itself")
                musc_keep_nearest(
                    distances.pointer + row * judges.count * patches, others, others.count, patches, depth,
                    rows.squared + position * depth * patches, rows.names + position * depth * patches,
                    rows.bounds + position * patches)
            }
        }
    }

    /// Puts the arrivals into the lists of known images.
    ///
    /// - Parameter places: For each image its position among the judged and the first of its lines.
    private func insertArrivals(
        _ places: [(position: Int, line: Int, image: Int)], _ judgePosition: [Int: Int],
        from distances: DisjointRows<Float>, into plane: inout NearestJudges.Plane
    ) {
        let (patches, depth) = (lists.patches, plane.depth)
        let arrivals = update.arrivals.map { (image: $0, name: UInt16(judgePosition[$0] ?? NearestJudges.mostJudges)) }
        plane.withRows { rows in
            concurrentLoop(places.count, threads: scoring.threads) { index in
                let place = places[index]
                for (number, arrival) in arrivals.enumerated() where arrival.image != place.image {
                    musc_insert_nearest(
                        distances.pointer + (place.line + number) * patches, arrival.name, patches, depth,
                        rows.squared + place.position * depth * patches, rows.names + place.position * depth * patches,
                        rows.bounds + place.position * patches)
                }
            }
        }
    }

    private func means(of plane: NearestJudges.Plane, _ interval: MutualScoring.Interval) -> [Float] {
        let patches = lists.patches
        let isJudge = Set(judges)
        return [Float](unsafeUninitializedCapacity: judged.count * patches) { buffer, written in
            written = judged.count * patches
            guard let base = buffer.baseAddress else { return }
            let target = DisjointRows(base)
            concurrentLoop(judged.count, threads: scoring.threads) { position in
                let others = judges.count - (isJudge.contains(judged[position]) ? 1 : 0)
                let ranks = interval.positions(judges: others, minimum: scoring.minimumJudges)
                plane.squared.withUnsafeBufferPointer { squared in
                    guard let squared = squared.baseAddress else { return }
                    musc_interval_mean(
                        squared + position * plane.depth * patches, plane.depth, patches, patches, ranks.lowerBound,
                        ranks.upperBound, target.pointer + position * patches)
                }
            }
        }
    }
}

/// Where the lists of images are written, each thread its own images'.
private struct Rows: @unchecked Sendable {
    let squared: UnsafeMutablePointer<Float>
    let names: UnsafeMutablePointer<UInt16>
    let bounds: UnsafeMutablePointer<Float>
}

extension NearestJudges.Plane {
    fileprivate mutating func withRows(_ body: (Rows) -> Void) {
        squared.withUnsafeMutableBufferPointer { squared in
            names.withUnsafeMutableBufferPointer { names in
                bounds.withUnsafeMutableBufferPointer { bounds in
                    guard let squared = squared.baseAddress, let names = names.baseAddress,
                        let bounds = bounds.baseAddress
                    else { return }
                    body(Rows(squared: squared, names: names, bounds: bounds))
                }
            }
        }
    }
}
