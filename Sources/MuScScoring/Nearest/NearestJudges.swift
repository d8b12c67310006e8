import CKernels

/// Tells an image from all others by its content, and equal images by the order in which they come.
package struct ImageDigest: Sendable, Hashable, Codable {
    /// A hash of the content.
    package var high, low: UInt64
    /// How many images before it have the same content.
    package var copy: Int

    package init(high: UInt64, low: UInt64, copy: Int = 0) {
        self.high = high
        self.low = low
        self.copy = copy
    }
}

/// Who is near to each patch of the images of a batch: with it, images that come or go cost their own comparisons and
/// not those of the whole batch.
///
/// A patch's list is longer than the interval of mutual scoring asks for, so that judges may go; a bound says below
/// which distance no judge outside the list lies, so that judges may come. Where a list becomes too short, the patch's
/// image is compared with all judges again. So scores are those of a comparison of all with all, not an estimate.
package struct NearestJudges: Sendable {
    /// The images that were scored, and those that judged them.
    package var judged, judges: [ImageDigest]
    /// Patches of an image.
    package let patches: Int
    /// One entry a layer and degree, layers outermost.
    package var planes: [Plane]
    /// Which images showed the same part; nil where every image was a part of its own.
    package var parts: Parts?

    /// Numbers that images of one part share, in the order of ``NearestJudges/judged`` and ``NearestJudges/judges``.
    package struct Parts: Sendable, Hashable {
        package var judged, judges: [Int]

        package init(judged: [Int], judges: [Int]) { (self.judged, self.judges) = (judged, judges) }
    }

    /// The most judges that lists can name.
    package static let mostJudges = Int(MUSC_NO_JUDGE)

    /// The lists of all images by one layer's tokens at one degree; see `musc_neighbours.h`.
    package struct Plane: Sendable {
        /// Slots of a list.
        package let depth: Int
        /// Squared distances, `[judged, depth, patches]` row-major.
        package internal(set) var squared: [Float]
        /// The judges' positions, `[judged, depth, patches]`; 65535 in an empty slot.
        package internal(set) var names: [UInt16]
        /// `[judged, patches]`: no judge outside a patch's list has a smaller squared distance.
        package internal(set) var bounds: [Float]

        /// - Precondition: The arrays are of the sizes that their descriptions name, for some number of images.
        package init(depth: Int, squared: [Float], names: [UInt16], bounds: [Float]) {
            precondition(squared.count == names.count && squared.count == bounds.count * depth)
            self.depth = depth
            self.squared = squared
            self.names = names
            self.bounds = bounds
        }
    }

    package init(judged: [ImageDigest], judges: [ImageDigest], patches: Int, planes: [Plane], parts: Parts? = nil) {
        self.judged = judged
        self.judges = judges
        self.patches = patches
        self.planes = planes
        self.parts = parts
    }

    /// Judges that did not judge an image because they showed its part, but for the image itself; ascending positions.
    func leftOut(_ row: Int) -> [Int] {
        guard let parts else { return [] }
        return judges.indices.filter { parts.judges[$0] == parts.judged[row] && judges[$0] != judged[row] }
    }

    /// Bytes that lists take.
    ///
    /// - Parameter depths: Of all planes.
    package static func bytes(judged: Int, patches: Int, depths: [Int]) -> Int {
        depths.reduce(0) { $0 + judged * patches * (6 * $1 + 4) }
    }

    /// How long lists are kept of which so many of the nearest count: a quarter more, 4 to 16.
    package static func depth(for count: Int) -> Int { count + min(max(count / 4, 4), 16) }
}
