import MuScSupport
import SystemPackage

/// Images that somebody is asked to check because chance decided so.
///
/// They are a sample of the batch, and so alone can say what good parts score. Those among them that were not flagged stand
/// for all that were not flagged: they alone can say how many defects slip through.
package struct SpotChecks: Sendable, Hashable {
    /// The names of those drawn that were not flagged, in the order of the draw.
    package var unflagged: [String] = []
    /// The same of those that were flagged.
    package var flagged: [String] = []

    /// Mixed into every number.
    private static let seed = Array("musc spot checks 1".utf8) + [0]

    /// Draws images of a batch one after the other, until so many were not flagged.
    ///
    /// Flagged ones that come up on the way belong to the sample. Somebody looks at them anyhow; but without them the sample
    /// would end where the thresholds of its batches lay, and a threshold set by it would flag as many good parts again.
    ///
    /// The draw depends on the batch's folder and the images' names alone, so that a batch that is scored again asks for
    /// the same images as far as the same are flagged. Images that have a verdict, and copies of others, are none to ask
    /// for.
    ///
    /// - Parameters:
    ///   - count: How many that are not flagged are wanted. Fewer are drawn where there are not so many, or where twice as
    ///     many images are drawn before: a batch that is nearly all flagged is not to be the greater part of the sample.
    ///   - batch: The batch's folder.
    package init(_ count: Int, from inspection: Inspection, of batch: FilePath) {
        guard count > 0, inspection.threshold.value.isFinite else { return }
        var contents: Set<ContentDigest> = []
        let candidates = inspection.images.filter { image in
            guard image.index != nil, inspection.verdicts[image.name] == nil else { return false }
            return inspection.imageFeature(of: image).map { contents.insert(ContentDigest(ofFeature: Array($0))).inserted } ?? true
        }
        let drawn = candidates.map { image -> (draw: UInt64, name: String, isFlagged: Bool) in
            var hash = StableHash()
            hash.add(Self.seed)
            hash.add(batch.bytes)
            hash.add([0])
            hash.add(Array(image.name.utf8))
            return (hash.value, image.name, image.flagged)
        }
        for image in drawn.sorted(by: { ($0.draw, $0.name) < ($1.draw, $1.name) }).prefix(2 * count) {
            if image.isFlagged { flagged.append(image.name) } else { unflagged.append(image.name) }
            if unflagged.count == count { break }
        }
    }
}
