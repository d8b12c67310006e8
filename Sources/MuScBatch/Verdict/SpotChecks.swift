import MuScSupport
import SystemPackage

/// Images that somebody is asked to check though they were not flagged.
///
/// They are drawn at random, so that they stand for all that were not flagged: they alone can say how many defects slip
/// through, and what good parts score.
package enum SpotChecks {
    /// Mixed into every number.
    private static let seed = Array("musc spot checks 1".utf8) + [0]

    /// The names of those drawn, in the order of the draw.
    ///
    /// The draw depends on the batch's folder and the images' names alone, so that a batch that is scored again asks for
    /// the same images as far as these are not flagged now. Images that have a verdict, and copies of others, are none
    /// to ask for.
    ///
    /// - Parameters:
    ///   - count: How many are wanted; fewer are drawn where there are not so many.
    ///   - batch: The batch's folder.
    package static func draw(_ count: Int, from inspection: Inspection, of batch: FilePath) -> [String] {
        guard count > 0, inspection.threshold.value.isFinite else { return [] }
        var contents: Set<ContentDigest> = []
        let candidates = inspection.images.filter { image in
            guard image.index != nil, !image.flagged, inspection.verdicts[image.name] == nil else { return false }
            return inspection.imageFeature(of: image).map { contents.insert(ContentDigest(ofFeature: Array($0))).inserted } ?? true
        }
        let drawn = candidates.map { image -> (draw: UInt64, name: String) in
            var hash = StableHash()
            hash.add(seed)
            hash.add(batch.bytes)
            hash.add([0])
            hash.add(Array(image.name.utf8))
            return (hash.value, image.name)
        }
        return drawn.sorted { ($0.draw, $0.name) < ($1.draw, $1.name) }.prefix(count).map(\.name)
    }
}
