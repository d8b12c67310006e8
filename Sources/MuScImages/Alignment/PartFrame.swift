/// Where the part lies in one photograph: the map between what is compared and the photograph as it was taken.
///
/// What is compared is the frame: the part upright and cropped. Its coordinates are shares of its sides, 0 to 1 from the
/// left and from the top, whatever size the network takes it at.
package struct PartFrame: Sendable, Hashable, Codable {
    /// From shares of the frame's sides to pixels of the upright photograph, which may lie outside it: edges are replicated.
    package var toPhotograph: AffineMap
    /// By how much the part lay turned, degrees from −180 to 180, clockwise as one sees it; 0 where the batch is not turned.
    package var degrees: Double
    /// Why no part was found; the frame is then the best guess. nil where one was found.
    package var fault: PartFault?
    /// Whether something lies beside the part, outside the frame: it is not compared.
    package var hasMoreOutside: Bool
    /// Whether the part lies far from where the batch's others lie.
    package var isAstray: Bool

    package init(
        toPhotograph: AffineMap, degrees: Double = 0, fault: PartFault? = nil, hasMoreOutside: Bool = false, isAstray: Bool = false
    ) {
        self.toPhotograph = toPhotograph
        self.degrees = degrees
        self.fault = fault
        self.hasMoreOutside = hasMoreOutside
        self.isAstray = isAstray
    }

    /// The pixel of the upright photograph on which a pixel of the frame lies, within the photograph.
    ///
    /// - Parameters:
    ///   - size: Of the frame as it was compared.
    ///   - photograph: The upright photograph's.
    package func pixel(x: Int, y: Int, of size: ImageSize, photograph: ImageSize) -> (x: Int, y: Int) {
        let point = toPhotograph((Double(x) + 0.5) / Double(size.width), (Double(y) + 0.5) / Double(size.height))
        func inside(_ value: Double, _ count: Int) -> Int { min(max(Int(value.rounded(.down)), 0), count - 1) }
        return (inside(point.x, photograph.width), inside(point.y, photograph.height))
    }

    /// The frame's corners in the upright photograph, clockwise from its top left.
    package var corners: [(x: Double, y: Double)] {
        [toPhotograph(0, 0), toPhotograph(1, 0), toPhotograph(1, 1), toPhotograph(0, 1)]
    }
}

/// Why no part was found in a photograph.
public enum PartFault: String, Sendable, Hashable, Codable, CaseIterable {
    /// The background is no smooth surface.
    case roughBackground = "rough background"
    /// The border of the photograph differs too much from the background: something lies across it.
    case busyBorder = "busy border"
    /// Nothing stands out, or too little of the photograph.
    case tooSmall = "too small"
    /// What stands out covers nearly all of the photograph.
    case tooLarge = "too large"
    /// Several things stand out, none of which is by far the largest.
    case severalParts = "several parts"
    /// The part is cut off by the edge.
    case cutOff = "cut off"
    /// There is as much to see beside the part.
    case texturedSurroundings = "textured surroundings"
    /// The part hardly differs from the background.
    case faint
}
