import MuScImages
import MuScScoring

/// What the marked spot of an image was compared with: the places that come nearest to it, each in another judge.
public struct PeakEvidence: Sendable, Hashable, Codable {
    /// The nearest place in one judge.
    public struct Place: Sendable, Hashable, Codable {
        /// The judge's file name: in the batch, among the known good images, or of an earlier batch.
        public var name: String
        /// Where the judge comes from; nil for the batch itself.
        public var origin: OutsideJudges.Origin?
        /// The middle of the place, in pixels of the upright photograph, and its width and height.
        public var x, y, width, height: Int
        /// The mean distance over layers and degrees, 0 (the same) to 2.
        public var distance: Float

        package init(
            name: String, origin: OutsideJudges.Origin?, x: Int, y: Int, width: Int, height: Int, distance: Float
        ) {
            (self.name, self.origin, self.x, self.y) = (name, origin, x, y)
            (self.width, self.height, self.distance) = (width, height, distance)
        }
    }

    /// The image's file name.
    public var image: String
    /// Nearest first.
    public var places: [Place]

    public init(image: String, places: [Place]) { (self.image, self.places) = (image, places) }
}

/// Looks for what the peaks of a batch's images were compared with.
struct EvidenceSearch: Sendable {
    let comparison: PatchComparison

    private var settings: ScoringSettings { comparison.settings }
    private var grid: PatchGrid { comparison.grid }

    /// Of so many images at most the nearest places are looked for.
    static let mostEvidence = 100
    /// Places that are named for each.
    static let placesOfEvidence = 4

    /// The nearest places of the peaks of the images that a person looks at first: the highest fifth and all flagged ones,
    /// as far as there are no more than ``mostEvidence``.
    ///
    /// - Parameter scored: The batch's images with score, flag and peak.
    func evidence(for scored: [ScoredImage], tokens: BatchTokens, by seats: Seats) -> [PeakEvidence] {
        let readable = scored.filter { $0.index != nil }
        // The panel's images follow the batch's.
        return evidence(
            for: Self.lookedAtFirst(readable).compactMap { image in image.index.map { (image, $0) } }, judges: seats.judges,
            parts: seats.parts, count: readable.count, images: tokens.layers, names: readable, panel: seats.panel)
    }

    /// The images that a person looks at first, the most anomalous first.
    static func lookedAtFirst(_ readable: [ScoredImage]) -> [ScoredImage] {
        let ranked = readable.sorted { (-($0.score ?? 0), $0.name) < (-($1.score ?? 0), $1.name) }
        return Array(ranked.enumerated().filter { $1.flagged || 5 * $0 < ranked.count }.map(\.element).prefix(mostEvidence))
    }

    /// The nearest places of the peaks of images at these places among all.
    ///
    /// - Parameters:
    ///   - judges: Places of those that judge, of the batch and of the panel.
    ///   - parts: Which of all show the same part.
    ///   - count: How many of the batch's images come before the panel's.
    ///   - images: Tokens of the batch's images, those of the panel left out, and of others, layer by layer.
    ///   - names: The first `count` of these.
    func evidence(
        for wanted: [(image: ScoredImage, place: Int)], judges: [Int], parts: ImageParts, count: Int, images: [[PatchTokens]],
        names: [ScoredImage], panel: JudgePanel
    ) -> [PeakEvidence] {
        let images = images.enumerated().map { layer, images in images.prefix(count) + panel.layers[layer] + images.dropFirst(count) }
        let members = names + panel.members
        let queries = wanted.compactMap { image, place in
            image.peak.flatMap { image.patch(at: $0, on: grid) }.map { PatchMatching.Query(image: place, patch: $0) }
        }
        guard queries.count == wanted.count else { return [] }
        let matching = PatchMatching(
            grid: grid, degrees: settings.degrees, window: settings.window.patches(on: grid), region: comparison.region,
            threads: settings.threads)
        // What cannot be read again is left out: scoring itself has come through.
        let matches = matching.matches(
            of: queries, judges: judges, layers: images.count, count: Self.placesOfEvidence, parts: parts
        ) { image, layer in try? comparison.standardised([images[layer][image]], threads: 1) }
        return zip(wanted, matches).map { wanted, matches in
            PeakEvidence(
                image: wanted.image.name,
                places: matches.map { match in
                    let judge = members[match.judge]
                    let size = judge.size ?? ImageSize(width: grid.width, height: grid.height)
                    let middle = judge.middle(ofPatch: match.patch, on: grid, size: size)
                    return PeakEvidence.Place(
                        name: judge.name, origin: panel.origin(of: match.judge - count),
                        x: middle.x, y: middle.y, width: size.width, height: size.height, distance: match.distance)
                })
        }
    }
}
