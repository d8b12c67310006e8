/// Looks for the place of a frame at which a part looks most like a reference.
struct PlacementSearch: Sendable {
    let part: FoundPart
    let isTurned: Bool
    let size: FrameSize
    private let picture: PartPicture

    init(_ part: FoundPart, isTurned: Bool, size: FrameSize) {
        self.part = part
        self.isTurned = isTurned
        self.size = size
        // As fine as the reference, and no finer.
        let factor = Int(max(size.width, size.height) / Double(PartReference.longestSide))
        picture = PartPicture(part, factor: max(factor, 1))
    }

    /// The frame around the part as it lies, by its axis alone.
    var start: PartPlacement {
        let angle = isTurned ? part.axis : 0
        let box = part.box(at: angle)
        return PartPlacement(x: box.x, y: box.y, angle: angle)
    }

    func agreement(_ placement: PartPlacement, with reference: PartReference) -> Float {
        picture.agreement(placement, size: size, with: reference.fine)
    }

    func rendered(_ placement: PartPlacement, width: Int, height: Int) -> [SIMD4<Float>] {
        picture.rendered(placement, size: size, width: width, height: height)
    }

    /// The best place, from the part's axis on; where that leads to nothing good, from all directions.
    ///
    /// - Parameters:
    ///   - expected: How alike the batch's middle part is to the reference.
    ///   - elongation: The batch's middle one.
    func best(
        against reference: PartReference, expecting expected: Float, elongation: Double
    ) -> (placement: PartPlacement, agreement: Float) {
        let found = refined(start, against: reference)
        // A bent or broken part has an axis of its own.
        guard isTurned, found.agreement < 0.85 * expected || part.elongation < 0.75 * elongation else { return found }
        let turns = stride(from: 0.0, to: 360, by: 6).map { start.turned(by: $0 * .pi / 180) }
        let other = refined(pick(turns, reference.coarse).placement, against: reference)
        return other.agreement > found.agreement + 0.02 ? other : found
    }

    /// The best place near one: both ways round, ± 8° in steps of 2°, ± 2° in steps of ½°, then moved where that helps.
    func refined(_ placement: PartPlacement, against reference: PartReference) -> (placement: PartPlacement, agreement: Float) {
        var best = (placement: placement, agreement: agreement(placement, with: reference))
        if isTurned {
            let coarse = [0.0, 180].flatMap { half in stride(from: -8.0, through: 8, by: 2).map { half + $0 } }
            best = pick(coarse.map { placement.turned(by: $0 * .pi / 180) }, reference.coarse)
            let fine = stride(from: -2.0, through: 2, by: 0.5).map { [placement = best.placement] in placement.turned(by: $0 * .pi / 180) }
            best = pick(fine, reference.fine)
        }
        var step = 0.04 * max(size.width, size.height)
        while step > 0.25 {
            let moves = [(step, 0), (-step, 0), (0, step), (0, -step)].map { best.placement.moved(along: $0.0, across: $0.1) }
            let moved = pick(moves, reference.fine)
            if moved.agreement > best.agreement + 0.001 { best = moved } else { step /= 2 }
        }
        guard isTurned else { return best }
        let last = [-1.0, -0.5, 0, 0.5, 1].map { [placement = best.placement] in placement.turned(by: $0 * .pi / 180) }
        return pick(last, reference.fine)
    }

    private func pick(_ placements: [PartPlacement], _ reference: PartReference.Level) -> (placement: PartPlacement, agreement: Float) {
        var best = (placement: placements[0], agreement: -Float.infinity)
        for placement in placements {
            let found = picture.agreement(placement, size: size, with: reference)
            if found > best.agreement { best = (placement, found) }
        }
        return best
    }
}
