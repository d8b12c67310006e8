import Glibc

/// Whether parts are found, turned upright and cropped before they are compared: `model.align`.
public enum PartAlignment: String, Sendable, Hashable, Codable, CaseIterable {
    /// Where nearly all photographs of the batch show one part on a plain background: cropped, and turned where they lie
    /// turned.
    case auto
    /// Photographs are compared as they were taken.
    case none
    /// Cropped, but never turned.
    case crop
    /// Turned and cropped, however little they lie turned.
    case upright
}

/// The frame in which the parts of a batch are compared: how large it is, whether parts are turned, and what they look
/// like in it. Where it lies in a photograph follows from that photograph and this alone.
package struct AlignmentFrame: Sendable, Hashable, Codable {
    /// The size of the copies in whose pixels all is measured.
    package let copy: ImageSize
    /// Whether parts are turned upright, the longest direction along the rows.
    package let isTurned: Bool
    /// Whether the frame moves with the part; else it lies at one place in all photographs, so that a part at another
    /// place stays at another place.
    package let follows: Bool
    let size: FrameSize
    /// Where it lies in a photograph without a part.
    let middle: PartPlacement
    /// How far parts lie from there: robust standard deviations, in pixels of the copy.
    let scatter: FrameSize
    /// How much longer than wide the batch's middle part is.
    let elongation: Double
    let reference: PartReference
    /// How alike the batch's middle part is to the reference, −1 to 1.
    let agreement: Float

    /// Width over height.
    package var shape: Double { size.width / size.height }

    /// The share of a photograph's area that the frame takes.
    package var area: Double { size.width * size.height / Double(copy.width * copy.height) }

    /// How large the frame is in a photograph of this size, in pixels.
    package func size(in photograph: ImageSize) -> ImageSize {
        ImageSize(
            width: max(Int((size.width * Double(photograph.width) / Double(copy.width)).rounded()), 1),
            height: max(Int((size.height * Double(photograph.height) / Double(copy.height)).rounded()), 1))
    }

    /// The same frame, widened on two sides so that it has the shape of a picture of this size.
    package func widened(to picture: ImageSize) -> AlignmentFrame {
        let wanted = Double(picture.width) / Double(picture.height)
        guard abs(wanted / shape - 1) > 1e-9 else { return self }
        var wider = size
        if wanted > shape { wider.width = size.height * wanted } else { wider.height = size.width / wanted }
        return AlignmentFrame(
            copy: copy, isTurned: isTurned, follows: follows, size: wider, middle: middle, scatter: scatter, elongation: elongation,
            reference: reference, agreement: agreement, compared: compared)
    }

    /// What is compared with the reference to find the frame's place: with a margin around the part, and before the frame
    /// was widened.
    let compared: FrameSize

    init(
        copy: ImageSize, isTurned: Bool, follows: Bool, size: FrameSize, middle: PartPlacement, scatter: FrameSize, elongation: Double,
        reference: PartReference, agreement: Float, compared: FrameSize? = nil
    ) {
        self.copy = copy
        self.isTurned = isTurned
        self.follows = follows
        self.size = size
        self.middle = middle
        self.scatter = scatter
        self.elongation = elongation
        self.reference = reference
        self.agreement = agreement
        self.compared = compared ?? size
    }

    // MARK: One photograph

    /// Where the frame lies in a photograph.
    ///
    /// - Parameters:
    ///   - part: What was found in it.
    ///   - photograph: The upright photograph's size.
    package func place(_ part: FoundPart, photograph: ImageSize) -> PartFrame {
        let placement = placement(of: part)
        let map = toCopy(placement).scaled(
            Double(photograph.width) / Double(copy.width), Double(photograph.height) / Double(copy.height))
        return PartFrame(
            toPhotograph: map, degrees: isTurned ? Self.degrees(placement.angle) : 0, fault: part.fault,
            hasMoreOutside: hasMore(part, outside: placement), isAstray: isAstray(placement))
    }

    /// The map from shares of the frame's sides to pixels of the copy.
    private func toCopy(_ placement: PartPlacement) -> AffineMap { toCopy(placement, size) }

    private func toCopy(_ placement: PartPlacement, _ size: FrameSize) -> AffineMap {
        let straight = placement.angle == 0
        let (c, s) = straight ? (1, 0) : (cos(placement.angle), sin(placement.angle))
        let (a, b, d, e) = (c * size.width, -s * size.height, s * size.width, c * size.height)
        return AffineMap(
            a: a, b: straight ? 0 : b, c: placement.x - (a + b) / 2, d: straight ? 0 : d, e: e, f: placement.y - (d + e) / 2)
    }

    /// From −180 to 180.
    private static func degrees(_ radians: Double) -> Double {
        let turns = radians / (2 * .pi)
        return 360 * (turns - turns.rounded())
    }

    /// Where the frame lies on a copy.
    func placement(of part: FoundPart) -> PartPlacement {
        guard follows else { return middle }
        guard part.mask.count > 0 else { return middle }
        let search = PlacementSearch(part, isTurned: isTurned, size: compared)
        let (placement, found) = search.best(against: reference, expecting: agreement, elongation: elongation)
        // Without a part, what stands out is taken for it where it looks at least a little like one.
        return part.fault == nil || found > 0.5 * agreement ? placement : middle
    }

    /// Whether something of a size stands out outside the frame, but for the blurred edge of a part that fills it.
    private func hasMore(_ part: FoundPart, outside placement: PartPlacement) -> Bool {
        let edged = FrameSize(width: size.width + 2 * Self.softEdge, height: size.height + 2 * Self.softEdge)
        guard let inverse = toCopy(placement, edged).inverse else { return false }
        let more = part.all.pixels.indices.count { index in
            guard part.all.pixels[index] == 1 else { return false }
            let (u, v) = inverse(Double(index % part.width) + 0.5, Double(index / part.width) + 0.5)
            return !(u >= 0 && u <= 1 && v >= 0 && v <= 1)
        }
        return Double(more) > Self.leastMore * size.width * size.height
    }

    /// The share of the frame's area that counts as something beside the part.
    private static let leastMore = 0.003
    /// Pixels of the copy over which a part's edge is blurred, or left out of the frame.
    private static let softEdge = 3.0

    /// Whether a part lies far from where the others lie, where their place is nearly the same.
    private func isAstray(_ placement: PartPlacement) -> Bool {
        guard follows, !isTurned else { return false }
        let side = 0.05 * Double(max(copy.width, copy.height))
        return abs(placement.x - middle.x) > max(6 * scatter.width, side) || abs(placement.y - middle.y) > max(6 * scatter.height, side)
    }
}

extension AlignmentFrame {
    /// Whether other photographs of parts fit this frame, so that what was compared in it before can judge them.
    package func fits(_ parts: [FoundPart]) -> Bool {
        let found = parts.filter { $0.fault == nil }
        guard !found.isEmpty, Double(found.count) >= AlignmentSearch.leastFound * Double(parts.count) else { return false }
        let placed = found.map { part in
            let placement = placement(of: part)
            return (
                agreement: PlacementSearch(part, isTurned: isTurned, size: compared).agreement(placement, with: reference),
                box: part.box(at: follows ? placement.angle : 0)
            )
        }
        let widest = placed.map(\.box.width).median, highest = placed.map(\.box.height).median
        func goes(_ length: Double, in side: Double) -> Bool { length <= side && length >= 0.6 * side }
        return placed.map(\.agreement).median >= agreement - 0.15 && (!follows || goes(widest, in: compared.width))
            && (!follows || goes(highest, in: compared.height))
    }
}

extension AlignmentFrame {
    /// - Throws: `DecodingError` for measures that no copy has, which a damaged file may hold.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            copy: try values.decode(ImageSize.self, forKey: .copy), isTurned: try values.decode(Bool.self, forKey: .isTurned),
            follows: try values.decode(Bool.self, forKey: .follows), size: try values.decode(FrameSize.self, forKey: .size),
            middle: try values.decode(PartPlacement.self, forKey: .middle), scatter: try values.decode(FrameSize.self, forKey: .scatter),
            elongation: try values.decode(Double.self, forKey: .elongation),
            reference: try values.decode(PartReference.self, forKey: .reference),
            agreement: try values.decode(Float.self, forKey: .agreement), compared: try values.decode(FrameSize.self, forKey: .compared))
        let side = 1...PartCopy.longestSide
        func isSound(_ size: FrameSize) -> Bool { (0.5...1e4).contains(size.width) && (0.5...1e4).contains(size.height) }
        guard side.contains(copy.width), side.contains(copy.height), isSound(size), isSound(compared),
            [middle.x, middle.y, middle.angle, scatter.width, scatter.height, elongation, Double(agreement)].allSatisfy({ abs($0) <= 1e6 })
        else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "these are no measures of a frame"))
        }
    }
}
