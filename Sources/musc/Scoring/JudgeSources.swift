import MuScBatch
import SystemPackage

/// Where images from outside the batches come from.
struct JudgeSources: Sendable {
    /// The known good images of all drop folders that have none of their own, and of batches by hand.
    private let knownGood: KnownGoodFolder?
    /// Those of single drop folders; nil where such a folder is to have none.
    private let knownGoodOfRoots: [FilePath: KnownGoodFolder?]
    /// The folder of all lines' memories; nil where none is kept.
    let memories: FilePath?
    let capacity: Int

    init(_ configuration: Configuration) {
        knownGood = configuration.knownGood.map { KnownGoodFolder($0) }
        knownGoodOfRoots = configuration.knownGoodOfRoots.mapValues { $0.map { KnownGoodFolder($0) } }
        capacity = configuration.lineMemoryInForce
        memories = capacity > 0 ? configuration.stateFolder?.appending("lines") : nil
    }

    /// The known good images for a batch of a drop folder, or by hand.
    func knownGood(for root: FilePath?) -> KnownGoodFolder? {
        if let root, let own = knownGoodOfRoots[root] { return own }
        return knownGood
    }

    /// The line that a batch of a drop folder belongs to; nil by hand, where there is no line.
    func linePast(of batch: FilePath, in root: FilePath?) -> LinePast? {
        guard let memories, let root else { return nil }
        let line = batch == root ? root : batch.removingLastComponent()
        return LinePast(memories: memories, line: line, capacity: capacity)
    }
}
