import FoundationEssentials
import MuScTensors
import SystemPackage

/// What a worker does: the shards of a plan, one at a time.
///
/// A worker may be killed at any moment, run twice at once, or run again: what is published is always whole, and what
/// is there and whole is not done again.
package struct ShardWork: Sendable {
    package let plan: ShardPlan
    let layout: ShardLayout
    let network: SizedNetwork

    /// - Parameters:
    ///   - plan: As it was read.
    ///   - work: The folder that it lies in.
    ///   - weightsSHA256: Of this machine's weights' file, as it is now.
    /// - Throws: ``ShardError``: `otherWeights` or `otherSettings` where this machine would score otherwise.
    package init(
        _ plan: ShardPlan, in work: FilePath, network: SizedNetwork, weightsSHA256: String
    ) throws(ShardError) {
        let network = network.aligned(plan.alignment)
        try plan.check(network, weightsSHA256: weightsSHA256)
        self.plan = plan
        layout = ShardLayout(work: work)
        self.network = network
    }

    /// What a shard came to.
    package struct Outcome: Sendable, Hashable {
        package var shard: Int
        package var images, unreadable: Int
        /// Wall-clock seconds of this call.
        package var seconds: Double
        /// Whether it was done before.
        package var wasDone: Bool
    }

    /// Does a shard: its share of the judges' tokens, then its images.
    ///
    /// - Throws: ``ShardError``; after `scoring(.cancelled)` and any other error what was published stays.
    package func run(_ shard: Int, progress: ProgressHandler = { _ in true }) throws(ShardError) -> Outcome {
        let start = ContinuousClock.now
        var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
        let files = try files(of: shard)
        if let manifest = try? done(shard, files: files) {
            return Outcome(
                shard: shard, images: manifest.images, unreadable: manifest.unreadable, seconds: seconds, wasDone: true)
        }
        try ShardLayout.makeFolder(layout.parts(of: shard))
        let judges = try judges(startingAt: shard, progress: progress)
        var sums: [String] = []
        var unreadable = 0
        for (part, range) in parts(of: files.count).enumerated() {
            let path = layout.part(part, of: shard)
            if let (found, sum) = try? read(part, range, of: shard, files: files) {
                sums.append(sum)
                unreadable += found.block.images.count - found.block.readable
                continue
            }
            let block: ScoredBlock
            do throws(ScoringError) {
                block = try route.score(
                    files[range], from: plan.shards[shard].first + range.lowerBound, by: judges,
                    completed: range.lowerBound, total: files.count, progress: progress)
            } catch {
                throw .scoring(error)
            }
            unreadable += block.images.count - block.readable
            sums.append(
                try ShardPart(plan: plan.id, shard: shard, part: part, block: block).write(
                    to: path, grid: network.grid, featureWidth: network.model.featureWidth))
        }
        try ShardManifest(
            plan: plan.id, shard: shard, images: files.count, unreadable: unreadable, parts: sums, seconds: seconds
        ).write(to: layout.manifest(of: shard))
        return Outcome(
            shard: shard, images: files.count, unreadable: unreadable, seconds: seconds, wasDone: false)
    }

    /// The way that shards are scored: as one batch in blocks.
    var route: BlockRoute { BlockRoute(network: network, region: nil, cache: nil) }

    // MARK: Files

    /// The shard's images, out of the plan's list.
    func files(of shard: Int) throws(ShardError) -> [BatchFile] {
        guard plan.shards.indices.contains(shard) else { throw .noSuchShard(shard, count: plan.shards.count) }
        let folder = FilePath(plan.folder)
        return try layout.list.names(of: plan.shards[shard]).map { BatchFile(listed: $0, in: folder) }
    }

    /// The runs of a shard's images that are published together.
    func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: plan.part).map { $0..<min($0 + plan.part, count) }
    }

    /// Reads one part.
    func read(
        _ part: Int, _ range: Range<Int>, of shard: Int, files: [BatchFile]
    ) throws(ShardError) -> (part: ShardPart, sha256: String) {
        try ShardPart.read(
            layout.part(part, of: shard), plan: plan.id, shard: shard, part: part, files: files[range],
            grid: network.grid, featureWidth: network.model.featureWidth)
    }

    /// The manifest of a shard that is done and whole; nil where it is not done.
    ///
    /// - Parameter body: Called with each part, in order.
    /// - Throws: ``ShardError``: `damaged` or `otherPlan`.
    @discardableResult
    func done(
        _ shard: Int, files: [BatchFile], _ body: (ScoredBlock) -> Void = { _ in }
    ) throws(ShardError) -> ShardManifest? {
        let path = layout.manifest(of: shard)
        guard let manifest = try ShardManifest.read(path, shard: shard, plan: plan.id) else { return nil }
        let ranges = parts(of: files.count)
        guard manifest.parts.count == ranges.count, manifest.images == files.count else {
            throw .damaged(shard: shard, path, reason: "it names \(manifest.parts.count) parts, not \(ranges.count)")
        }
        for (part, range) in ranges.enumerated() {
            let (found, sum) = try read(part, range, of: shard, files: files)
            guard sum == manifest.parts[part] else {
                throw .damaged(
                    shard: shard, layout.part(part, of: shard), reason: "it is not the one that the shard was ended with")
            }
            body(found.block)
        }
        return manifest
    }
}
