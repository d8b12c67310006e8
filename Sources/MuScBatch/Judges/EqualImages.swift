import MuScScoring

extension ContentDigest {
    /// What an image shows, from its image feature.
    init(ofFeature feature: [Float]) {
        self = feature.withUnsafeBufferPointer { ContentDigest(of: $0) }
    }
}

extension BatchTokens {
    /// What each readable image shows, as the network sees it.
    ///
    /// Images whose pixels are the same once they are decoded and resized have the same image feature to the bit, under
    /// whatever name, in whatever batch, and also where they were remembered: image features are kept as they are.
    var contents: [ContentDigest] {
        imageFeatures.map { ContentDigest(ofFeature: $0) }
    }
}

/// Which images of a batch are copies of one another.
///
/// A copy finds itself in the other, so that two photographs of one content vouch for each other, however defective the
/// part is. So one of each content is scored and judges; its copies take over what was found. Where all show the same,
/// nobody else is there to judge, and they are left to each other.
struct EqualImages {
    /// Indices of the images that stand for their content, ascending.
    let distinct: [Int]
    /// For each image, the position in ``distinct`` of the one that stands for it.
    let position: [Int]

    /// - Parameters:
    ///   - contents: One entry an image.
    ///   - order: Positions of all images; of equal ones the first of these stands for them. With the order in which
    ///     judges are chosen, the choice is the same whether all images are at hand or a block at a time.
    init(_ contents: [ContentDigest], order: [Int]) {
        var first: [ContentDigest: Int] = [:]
        for index in order where first[contents[index]] == nil { first[contents[index]] = index }
        distinct = first.values.sorted()
        let positions = Dictionary(distinct.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        position = contents.map { first[$0].flatMap { positions[$0] } ?? 0 }
    }

    /// Every image for itself.
    init(apart count: Int) {
        (distinct, position) = (Array(0..<count), Array(0..<count))
    }

    var hasCopies: Bool { distinct.count < position.count }

    /// These names, and those of images that show the same.
    ///
    /// - Parameter images: All images of the batch, unreadable ones included.
    func copies(of names: Set<String>, among images: [ScoredImage]) -> Set<String> {
        guard hasCopies, !names.isEmpty else { return names }
        let readable = images.filter { $0.index != nil }
        let positions = Set(readable.indices.filter { names.contains(readable[$0].name) }.map { position[$0] })
        return Set(readable.indices.filter { positions.contains(position[$0]) }.map { readable[$0].name })
    }

    /// The groups of several images of one content: their indices, in order.
    var groups: [[Int]] {
        var groups = [[Int]](repeating: [], count: distinct.count)
        for (index, position) in position.enumerated() { groups[position].append(index) }
        return groups.filter { $0.count > 1 }
    }
}

extension EqualImages {
    /// The inspection of a batch with copies, from that of the images that stand for them.
    ///
    /// - Parameters:
    ///   - inspection: Of the images that stand for their content.
    ///   - all: All images of the batch, unreadable ones included.
    func spread(_ inspection: Inspection, to all: [ScoredImage]) -> Inspection {
        guard hasCopies else { return inspection }
        let count = Dictionary(position.map { ($0, 1) }, uniquingKeysWith: +)
        let images = inspection.images
        var result = inspection
        result.images = all.map { image in
            guard let index = image.index, let size = image.size else { return image }
            let scored = images[position[index]]
            var image = image
            (image.score, image.scoreMSM, image.pValue) = (scored.score, scored.scoreMSM, scored.pValue)
            image.flagged = scored.flagged
            image.part = scored.part ?? (count[position[index], default: 1] > 1 ? scored.name : nil)
            // A copy of another size shows the same at another scale.
            if let peak = scored.peak, let own = scored.size {
                image.peak = PixelPosition(
                    x: peak.x * size.width / max(own.width, 1), y: peak.y * size.height / max(own.height, 1))
            }
            return image
        }
        // What a mark was compared with is told of each copy by its own name.
        let found = Dictionary(inspection.evidence.map { ($0.image, $0.places) }, uniquingKeysWith: { first, _ in first })
        result.evidence = all.compactMap { image in
            guard let index = image.index, let places = found[images[position[index]].name] else { return nil }
            return PeakEvidence(image: image.name, places: places)
        }
        let (patches, width) = (inspection.grid.count, inspection.featureWidth)
        result.patchMaps = position.flatMap { inspection.patchMaps[$0 * patches..<($0 + 1) * patches] }
        result.imageFeatures = position.flatMap { inspection.imageFeatures[$0 * width..<($0 + 1) * width] }
        return result
    }

    /// What is to be said of the copies.
    ///
    /// - Parameter images: All images of the batch, unreadable ones included.
    func findings(_ images: [ScoredImage]) -> [Finding] {
        let names = images.filter { $0.index != nil }.map(\.name)
        let groups = groups.map { $0.map { names[$0] } }
        return groups.isEmpty ? [] : [.copies(groups)]
    }
}

extension [OutsideJudges] {
    /// The same without images that show what another of their group, a known good image or an image of the batch shows:
    /// none of these could tell the batch anything that is not its own word.
    ///
    /// - Parameter batch: Each content once.
    /// - Returns: The judges, and what was left out.
    func withoutCopies(of batch: BatchTokens) -> (judges: [OutsideJudges], findings: [Finding]) {
        let own = Set(batch.contents)
        var known = own
        var findings: [Finding] = []
        // Known good images first, then those that were found good: the line's past may hold them too.
        let order: [OutsideJudges.Origin] = [.knownGood, .foundGood, .linePast]
        let judges = order.flatMap { origin in filter { $0.origin == origin } }.map { group in
            var kept: [Int] = []
            var (copies, ofBatch) = (0, 0)
            for (index, content) in group.tokens.contents.enumerated() {
                if known.insert(content).inserted {
                    kept.append(index)
                } else if own.contains(content) {
                    ofBatch += 1
                } else {
                    copies += 1
                }
            }
            guard copies + ofBatch > 0 else { return group }
            findings.append(.judgesLeftOut(group.origin, copies: copies, ofBatch: ofBatch))
            return group.selecting(kept)
        }
        return (judges, findings)
    }
}
