import MuScScoring
import MuScSupport
import Synchronization

/// Lists of nearest judges that are carried from one scoring of a batch to the next.
struct KeptLists: Sendable {
    var lists: NearestJudges?
    /// How they differ from what they were before.
    var change = Change.other
    /// Bytes that they may take.
    var byteLimit: Int

    enum Change: Sendable {
        case none
        case addition(NearestAddition)
        case other
    }

    init(lists: NearestJudges?, byteLimit: Int) { (self.lists, self.byteLimit) = (lists, byteLimit) }
}

extension PatchComparison {
    /// Bytes that lists may take: 512 MB, or an eighth of the memory that scoring may take.
    var listLimit: Int { min(512 << 20, (settings.memory ?? .max) / 8) }

    /// What decides the distances between tokens beside the tokens, as text.
    var distanceSettings: String {
        let window = settings.window.patches(on: grid).map { "\($0)" } ?? "none"
        let degrees = settings.degrees.map(String.init).joined(separator: ",")
        return "degrees \(degrees), window \(window), precision \(settings.precision), marks \(settings.recurringMarks)"
    }

    /// ``patchMaps(of:by:kept:progress:)`` by lists of nearest judges, which are brought up to date.
    ///
    /// - Returns: nil where lists cannot be kept, or would take too many bytes, where the tokens are in a file, or where
    ///   only a region counts.
    func listedMaps(
        of tokens: BatchTokens, by seats: Seats, _ scoring: MutualScoring, kept: inout KeptLists,
        progress: ProgressHandler
    ) throws(ScoringError) -> PatchMaps? {
        let (panel, judged, judges) = (seats.panel, seats.judged, seats.judges)
        let searched = searchedPlane(panel: panel, judges: judges.count)
        let planes = settings.featureLayers.count * settings.degrees.count
        let intervals = (0..<planes).map { [scoring.interval] + ($0 == searched ? [RecurringDefects.farInterval] : []) }
        let depths = intervals.map { intervals in
            NearestJudges.depth(
                for: intervals.reduce(0) {
                    max($0, $1.positions(judges: judges.count, minimum: scoring.minimumJudges).upperBound)
                })
        }
        let layers = settings.featureLayers.indices.map { tokens.layers[$0] + panel.layers[$0] }
        // A region leaves patches without judges, which lists do not know.
        guard region == nil, !layers.joined().contains(where: \.isSpilled) else { return nil }
        let digests: [ImageDigest]
        do {
            digests = try self.digests(layers)
        } catch {
            throw .spill(error)
        }
        // Let go of here, so that they are changed where they are.
        let former = kept.lists
        kept.lists = nil
        guard NearestJudges.bytes(judged: judged.count, patches: grid.count, depths: depths) <= kept.byteLimit,
            var listed = NearestScoring(
                scoring, lists: former, judged: judged, judges: judges, digests: digests, parts: seats.parts, grid: grid,
                degrees: settings.degrees, intervals: intervals)
        else { return nil }
        let steps = settings.featureLayers.count
        var completed = 0
        var mean = LayerMean(count: judged.count * grid.count)
        var search: (near: [Float], far: [Float])?
        let failure = Mutex<SpillError?>(nil)
        for layer in layers {
            let scores = listed.patchScores { wanted, threads in
                do throws(SpillError) {
                    return try standardised(wanted.map { layer[$0] }, threads: threads)
                } catch {
                    failure.withLock { $0 = error }
                    return .zeros(images: wanted.count, grid: grid, channels: settings.backbone.width)
                }
            }
            if let error = failure.withLock({ $0 }) { throw .spill(error) }
            var layerMean = LayerMean(count: mean.values.count)
            for degree in scores { layerMean.add(degree[0][...], of: settings.degrees.count) }
            mean.add(layerMean.values[...], of: steps)
            if let plane = scores.first(where: { $0.count > 1 }) { search = (plane[0], plane[1]) }
            completed += 1
            guard progress(Progress(stage: .mutualScoring, completed: completed, total: steps)) else { throw .cancelled }
        }
        kept.lists = listed.lists
        kept.change = listed.isUnchanged ? .none : listed.addition.map { .addition($0) } ?? .other
        let end = tokens.readable * grid.count
        var maps = PatchMaps(batch: Array(mean.values[..<end]), calibration: Array(mean.values[end...]))
        do throws(SpillError) {
            if let search { try addRecurring(near: search.near, far: search.far, tokens: tokens, seats, to: &maps) }
            try wordOfGood(tokens, seats)?.bound(&maps)
        } catch {
            throw .spill(error)
        }
        return maps
    }

    /// Digests of all images' tokens.
    ///
    /// - Parameter layers: One entry a layer, then one an image.
    /// - Throws: ``SpillError``.
    private func digests(_ layers: [[PatchTokens]]) throws(SpillError) -> [ImageDigest] {
        let failure = Mutex<SpillError?>(nil)
        var digests = concurrentMap(layers.first?.count ?? 0, threads: settings.threads) { image in
            var hash = ContentHash()
            for layer in layers {
                do throws(SpillError) {
                    let digest = try layer[image].digest()
                    hash.add([digest.high, digest.low])
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            return ImageDigest(high: hash.value.high, low: hash.value.low)
        }
        if let error = failure.withLock({ $0 }) { throw error }
        var copies: [ImageDigest: Int] = [:]
        for index in digests.indices {
            let count = copies[digests[index], default: 0]
            copies[digests[index]] = count + 1
            digests[index].copy = count
        }
        return digests
    }
}
