import MuScParallel
import MuScScoring

/// Lists of nearest judges that are carried from one scoring of a batch to the next.
struct KeptLists: Sendable {
    var lists: NearestJudges?
    /// Bytes that they may take.
    var byteLimit: Int
}

extension BatchScorer {
    /// Bytes that lists may take: 512 MB, or an eighth of the memory that scoring may take.
    var listLimit: Int { min(512 << 20, (settings.memory ?? .max) / 8) }

    /// What decides the distances between tokens beside the tokens, as text.
    var distanceSettings: String {
        let window = settings.window.patches(on: grid).map { "\($0)" } ?? "none"
        let degrees = settings.degrees.map(String.init).joined(separator: ",")
        return "degrees \(degrees), window \(window), precision \(settings.precision), marks \(settings.recurringMarks)"
    }

    /// ``patchMaps(of:panel:progress:notes:)`` by lists of nearest judges, which are brought up to date.
    ///
    /// - Parameters:
    ///   - judges, judged: Indices of images, the panel's after the batch's.
    /// - Returns: nil where lists cannot be kept, or would take too many bytes, where the tokens are in a file, or where
    ///   only a region counts.
    func listedMaps(
        of tokens: BatchTokens, panel: JudgePanel, judged: [Int], judges: [Int], by scoring: MutualScoring,
        kept: inout KeptLists, progress: ProgressHandler
    ) throws(ScoringError) -> MutualMaps? {
        let searched = searchedPlane(panel: panel, judges: judges.count)
        let planes = settings.featureLayers.count * settings.degrees.count
        let intervals = (0..<planes).map { [scoring.interval] + ($0 == searched ? [RecurringDefects.farInterval] : []) }
        let depths = intervals.map { intervals in
            NearestJudges.depth(
                for: intervals.reduce(0) {
                    max($0, $1.positions(judges: judges.count, minimum: scoring.minimumJudges).upperBound)
                })
        }
        // A region leaves patches without judges, which lists do not know.
        guard region == nil, (tokens.layers + panel.layers).allSatisfy({ $0.allSatisfy(\.isInMemory) }) else { return nil }
        var values: [[[Float]]] = []
        do {
            for layer in settings.featureLayers.indices {
                values.append(try (tokens.layers[layer] + panel.layers[layer]).values())
            }
        } catch {
            throw .spill(error)
        }
        guard NearestJudges.bytes(judged: judged.count, patches: grid.count, depths: depths) <= kept.byteLimit,
            var listed = NearestScoring(
                scoring, lists: kept.lists, judged: judged, judges: judges, digests: digests(values), grid: grid,
                degrees: settings.degrees, intervals: intervals)
        else { return nil }
        let steps = settings.featureLayers.count
        var mean = [Float](repeating: 0, count: judged.count * grid.count)
        var search: (near: [Float], far: [Float])?
        for layer in settings.featureLayers.indices {
            let all = values[layer]
            let scores = listed.patchScores { wanted in
                LNAMD.standardise(
                    wanted.map { all[$0] }, grid: grid, channels: settings.backbone.width, threads: settings.threads)
            }
            var layerMean = [Float](repeating: 0, count: mean.count)
            for degree in scores {
                for index in mean.indices { layerMean[index] += degree[0][index] / Float(settings.degrees.count) }
            }
            for index in mean.indices { mean[index] += layerMean[index] / Float(steps) }
            if let plane = scores.first(where: { $0.count > 1 }) { search = (plane[0], plane[1]) }
            guard progress(Progress(stage: .mutualScoring, completed: layer + 1, total: steps)) else { throw .cancelled }
        }
        kept.lists = listed.lists
        let end = tokens.readable * grid.count
        var maps = MutualMaps(batch: Array(mean[..<end]), calibration: Array(mean[end...]))
        if let search {
            do {
                try addRecurring(near: search.near, far: search.far, tokens: tokens, panel: panel, to: &maps)
            } catch {
                throw .spill(error)
            }
        }
        return maps
    }

    /// Digests of all images' tokens.
    ///
    /// - Parameter values: One entry a layer, then one an image.
    private func digests(_ values: [[[Float]]]) -> [ImageDigest] {
        var digests = concurrentMap(values.first?.count ?? 0, threads: settings.threads) { image in
            var hash = ContentHash()
            for layer in values { hash.add(layer[image]) }
            return ImageDigest(high: hash.value.high, low: hash.value.low)
        }
        var copies: [ImageDigest: Int] = [:]
        for index in digests.indices {
            let count = copies[digests[index], default: 0]
            copies[digests[index]] = count + 1
            digests[index].copy = count
        }
        return digests
    }
}
