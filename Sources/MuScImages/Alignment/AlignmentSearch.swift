import Glibc
import MuScSupport

/// Why the parts of a batch are compared as they were photographed.
public enum AlignmentAbsence: Sendable, Hashable, Codable {
    /// In too few photographs one part on a plain background was found; the most frequent reason, and by how many degrees
    /// the axes of those that were found scatter, where they are long and scatter much.
    case fewFound(found: Int, of: Int, reason: PartFault, scatter: Double?)
    /// The part takes nearly all of the photograph.
    case fillsPhotograph
    /// Most parts lie alike and some lie turned by more than a quarter of a right angle: that may be their defect.
    case someTurned(Int, of: Int)

    /// Whether the parts do not lie alike.
    package var scatters: Bool {
        switch self {
        case .fewFound(_, _, _, let scatter): scatter != nil
        case .someTurned: true
        case .fillsPhotograph: false
        }
    }
}

/// What a look at a batch's parts came to.
package enum AlignmentDecision: Sendable, Hashable {
    case frame(AlignmentFrame)
    case leftAlone(AlignmentAbsence)
}

extension AlignmentDecision {
    /// The frame of a batch, or why there is none.
    ///
    /// - Parameters:
    ///   - parts: What was found in its photographs, or in a sample of them.
    ///   - choice: What the user wants.
    ///   - copy: The size of the copies in which parts were looked for.
    package static func settle(_ parts: [FoundPart], choice: PartAlignment, copy: ImageSize, threads: Int) -> AlignmentDecision {
        AlignmentSearch(parts: parts, choice: choice, copy: copy, threads: threads).decision()
    }
}

/// Settles the frame of a batch from its photographs.
struct AlignmentSearch: Sendable {
    let parts: [FoundPart]
    let choice: PartAlignment
    let copy: ImageSize
    let threads: Int

    /// The share of the photographs in which a part must be found; where the user says what is to be done, half.
    static let leastFound = 0.9
    private static let leastFoundOrdered = 0.5
    private static let leastElongation = 1.5
    /// Degrees by which axes scatter where parts lie turned.
    private static let leastScatter = 15.0
    /// Degrees within which half of the axes of parts that lie alike are; a few that lie otherwise change nothing.
    private static let mostMiddling = 10.0
    /// The share of the copy's longer side by which places of parts that lie at one place scatter.
    private static let mostDrift = 0.02
    private static let margin = 0.08
    /// The share of its upright box from which on a part counts as a rectangle. Its frame has no margin, and leaves out
    /// the outermost pixels of the copy, which are part and background in one: of a rectangle a margin shows nothing but
    /// background, and a line of it along an edge scores like a defect. Other parts show their outline in the margin.
    private static let rectangle = 0.9
    private static let mixedEdge = 1.0
    private static let mostArea = 0.9

    private var found: [FoundPart] { parts.filter { $0.fault == nil } }

    func decision() -> AlignmentDecision {
        let found = found
        let least = choice == .auto ? Self.leastFound : Self.leastFoundOrdered
        let axes = AxisScatter(found.map(\.axis))
        let elongation = found.map(\.elongation).median
        let scatters = elongation >= Self.leastElongation && axes.deviation > Self.leastScatter
        guard !found.isEmpty, Double(found.count) >= least * Double(parts.count) else {
            let faults = Dictionary(parts.compactMap(\.fault).map { ($0, 1) }, uniquingKeysWith: +)
            let reason = PartFault.allCases.max { (faults[$0] ?? 0) < (faults[$1] ?? 0) } ?? .tooSmall
            return .leftAlone(
                .fewFound(
                    found: found.count, of: parts.count, reason: reason,
                    scatter: scatters && axes.middling > Self.mostMiddling && found.count >= 4 ? axes.deviation : nil))
        }
        let isTurned: Bool
        switch choice {
        case .crop, .none: isTurned = false
        case .upright: isTurned = true
        case .auto: isTurned = scatters && axes.middling > Self.mostMiddling
        }
        if isTurned { return .frame(turned(found, elongation)) }
        let odd = elongation >= Self.leastElongation ? axes.turned : 0
        if choice == .auto, odd > 0, scatters { return .leftAlone(.someTurned(odd, of: parts.count)) }
        guard let frame = straight(found, elongation) else { return .leftAlone(.fillsPhotograph) }
        return .frame(frame)
    }

    // MARK: Cropped

    private func straight(_ found: [FoundPart], _ elongation: Double) -> AlignmentFrame? {
        let boxes = found.map { $0.box(at: 0) }
        let scatter = FrameSize(width: boxes.map(\.x).deviation, height: boxes.map(\.y).deviation)
        let follows = max(scatter.width, scatter.height) > Self.mostDrift * Double(max(copy.width, copy.height))
        var size = Self.size(boxes.map { ($0.width, $0.height) })
        var middle = PartPlacement(x: boxes.map(\.x).median, y: boxes.map(\.y).median, angle: 0)
        if !follows {
            // One window that holds them all where they lie.
            func window(_ middles: [Double], _ lengths: [Double], within side: Int) -> (middle: Double, length: Double) {
                let (low, high) = (
                    zip(middles, lengths).map { $0 - $1 / 2 }.share(0.02), zip(middles, lengths).map { $0 + $1 / 2 }.share(0.98)
                )
                let margin = Self.margin * (high - low)
                let (first, last) = (max(low - margin, 0), min(high + margin, Double(side)))
                return ((first + last) / 2, last - first)
            }
            let (across, down) = (
                window(boxes.map(\.x), boxes.map(\.width), within: copy.width),
                window(boxes.map(\.y), boxes.map(\.height), within: copy.height)
            )
            middle = PartPlacement(x: across.middle, y: down.middle, angle: 0)
            size = FrameSize(width: across.length, height: down.length)
        }
        guard size.width * size.height < Self.mostArea * Double(copy.width * copy.height) else { return nil }
        let searches = found.map { PlacementSearch($0, isTurned: false, size: size) }
        var placements = follows ? searches.map(\.start) : searches.map { _ in middle }
        var reference = reference(searches, placements, size)
        if follows {
            placements = concurrentMap(searches.count, threads: threads) { [reference, placements] in
                searches[$0].refined(placements[$0], against: reference).placement
            }
            reference = self.reference(searches, placements, size)
        }
        return frame(
            searches, placements, reference, isTurned: false, follows: follows, size: size, middle: middle, scatter: scatter, elongation)
    }

    // MARK: Turned

    private func turned(_ found: [FoundPart], _ elongation: Double) -> AlignmentFrame {
        var size = Self.size(
            found.map { part in
                let box = part.box(at: part.axis)
                return (box.width, box.height)
            })
        var searches = found.map { PlacementSearch($0, isTurned: true, size: size) }
        var placements = sameWayRound(searches, searches.map(\.start), size)
        var reference = reference(searches, placements, size)
        for _ in 0..<2 {
            placements = concurrentMap(searches.count, threads: threads) { [searches, placements, reference] in
                searches[$0].refined(placements[$0], against: reference).placement
            }
            size = Self.size(
                zip(found, placements).map { part, placement in
                    let box = part.box(at: placement.angle)
                    return (box.width, box.height)
                })
            searches = found.map { PlacementSearch($0, isTurned: true, size: size) }
            reference = self.reference(searches, placements, size)
        }
        let middle = PartPlacement(x: found.map(\.x).median, y: found.map(\.y).median, angle: 0)
        let scatter = FrameSize(width: found.map(\.x).deviation, height: found.map(\.y).deviation)
        return frame(
            searches, placements, reference, isTurned: true, follows: true, size: size, middle: middle, scatter: scatter, elongation)
    }

    /// Turns parts by half a turn where they then look more like the rest: against the mean of those before, the ones
    /// that differ most from their own half turn first.
    private func sameWayRound(_ searches: [PlacementSearch], _ start: [PartPlacement], _ size: FrameSize) -> [PartPlacement] {
        let (width, height) = PartReference.pixels(of: size)
        @Sendable func unit(_ picture: [SIMD4<Float>]) -> [SIMD4<Float>] {
            let mean = picture.reduce(SIMD4<Float>.zero, +) / Float(max(picture.count, 1))
            let centred = picture.map { $0 - mean }
            let energy = centred.reduce(0) { $0 + ($1 * $1).sum() }
            return energy > 0 ? centred.map { $0 / energy.squareRoot() } : centred
        }
        func product(_ a: [SIMD4<Float>], _ b: [SIMD4<Float>]) -> Float { zip(a, b).reduce(0) { $0 + ($1.0 * $1.1).sum() } }
        let pictures = concurrentMap(searches.count, threads: threads) { index in
            unit(searches[index].rendered(start[index], width: width, height: height))
        }
        // Turned by half a turn about its middle, a picture is itself read backwards.
        let alike = pictures.map { product($0, $0.reversed()) }
        var result = start
        var sum = [SIMD4<Float>](repeating: .zero, count: width * height)
        for index in pictures.indices.sorted(by: { (alike[$0], $0) < (alike[$1], $1) }) {
            let (asIs, turned) = (pictures[index], Array(pictures[index].reversed()))
            let isTurned = product(turned, sum) > product(asIs, sum)
            if isTurned { result[index] = start[index].turned(by: .pi) }
            for (place, value) in (isTurned ? turned : asIs).enumerated() { sum[place] += value }
        }
        // Which of the two ways is up is anyone's choice: the one by which fewer are turned over.
        if 2 * result.count(where: { cos($0.angle) < 0 }) > result.count { result = result.map { $0.turned(by: .pi) } }
        return result
    }

    // MARK: Both

    private func reference(_ searches: [PlacementSearch], _ placements: [PartPlacement], _ size: FrameSize) -> PartReference {
        let (width, height) = PartReference.pixels(of: size)
        let pictures = concurrentMap(searches.count, threads: threads) { index in
            searches[index].rendered(placements[index], width: width, height: height)
        }
        return PartReference(medianOf: pictures, width: width, height: height, threads: threads)
    }

    private func frame(
        _ searches: [PlacementSearch], _ placements: [PartPlacement], _ reference: PartReference, isTurned: Bool, follows: Bool,
        size: FrameSize, middle: PartPlacement, scatter: FrameSize, _ elongation: Double
    ) -> AlignmentFrame {
        let agreement = zip(searches, placements).map { $0.agreement($1, with: reference) }.median
        let filled = zip(searches, placements).map { search, placement in
            let box = search.part.box(at: placement.angle)
            return Double(search.part.mask.count) / max(box.width * box.height, 1)
        }
        var cut = size
        if follows, filled.median >= Self.rectangle {
            func inside(_ side: Double) -> Double { max(side / (1 + 2 * Self.margin) - 2 * Self.mixedEdge, 1) }
            cut = FrameSize(width: inside(size.width), height: inside(size.height))
        }
        return AlignmentFrame(
            copy: copy, isTurned: isTurned, follows: follows, size: cut, middle: middle, scatter: scatter, elongation: elongation,
            reference: reference, agreement: agreement, compared: size)
    }

    /// One size for all parts: the 98th percentile of their extents, those above 1.5 times the middle one left out, and a
    /// margin on every side.
    private static func size(_ extents: [(Double, Double)]) -> FrameSize {
        func side(_ lengths: [Double]) -> Double {
            let limit = 1.5 * lengths.median
            return max(lengths.filter { $0 <= limit }.share(0.98) * (1 + 2 * margin), 1)
        }
        return FrameSize(width: side(extents.map(\.0)), height: side(extents.map(\.1)))
    }
}

/// How axes scatter, modulo half a turn.
struct AxisScatter: Sendable {
    /// The circular standard deviation, degrees: 0 where all are parallel, above 60 where they lie anyhow.
    let deviation: Double
    /// Degrees within which half of the axes lie around the one for which that is least; robust to a few others.
    let middling: Double
    /// How many lie turned by more than 20° from that one.
    let turned: Int

    /// - Parameter axes: In radians.
    init(_ axes: [Double]) {
        guard !axes.isEmpty else {
            (deviation, middling, turned) = (0, 0, 0)
            return
        }
        let count = Double(axes.count)
        let (c, s) = (axes.reduce(0) { $0 + cos(2 * $1) } / count, axes.reduce(0) { $0 + sin(2 * $1) } / count)
        let length = min(max((c * c + s * s).squareRoot(), 1e-9), 1)
        deviation = (-2 * log(length)).squareRoot() / 2 * 180 / .pi
        func apart(_ axis: Double, _ centre: Double) -> Double {
            let apart = abs(axis - centre).truncatingRemainder(dividingBy: .pi)
            return min(apart, .pi - apart) * 180 / .pi
        }
        let spreads = axes.map { centre in (centre: centre, middling: axes.map { apart($0, centre) }.median) }
        let best = spreads.min { $0.middling < $1.middling } ?? (0, 0)
        middling = best.middling
        turned = axes.count { apart($0, best.centre) > 20 }
    }
}

extension [Double] {
    /// The value that this share of them do not exceed; 0 of none.
    func share(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(Swift.max(Int((share * Double(count)).rounded(.up)) - 1, 0), count - 1)]
    }

    /// A robust standard deviation: 1.4826 times the median distance from the median.
    var deviation: Double {
        let middle = median
        return 1.4826 * map { abs($0 - middle) }.median
    }
}
