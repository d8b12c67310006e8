import CKernels

/// Tells an image from all others by its content, and equal images by the order in which they come.
public struct ImageDigest: Sendable, Hashable, Codable {
    /// A hash of the content.
    public var high, low: UInt64
    /// How many images before it have the same content.
    public var copy: Int

    public init(high: UInt64, low: UInt64, copy: Int = 0) {
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
public struct NearestJudges: Sendable {
    /// The images that were scored, and those that judged them.
    public var judged, judges: [ImageDigest]
    /// Patches of an image.
    public let patches: Int
    /// One entry a layer and degree, layers outermost.
    public var planes: [Plane]

    /// The most judges that lists can name.
    public static let mostJudges = Int(MUSC_NO_JUDGE)

    /// The lists of all images by one layer's tokens at one degree; see `musc_neighbours.h`.
    public struct Plane: Sendable {
        /// Slots of a list.
        public let depth: Int
        /// Squared distances, `[judged, depth, patches]` row-major.
        public internal(set) var squared: [Float]
        /// The judges' positions, `[judged, depth, patches]`; 65535 in an empty slot.
        public internal(set) var names: [UInt16]
        /// `[judged, patches]`: no judge outside a patch's list has a smaller squared distance.
        public internal(set) var bounds: [Float]

        /// - Precondition: The arrays are of the sizes that their descriptions name, for some number of images.
        public init(depth: Int, squared: [Float], names: [UInt16], bounds: [Float]) {
            precondition(squared.count == names.count && squared.count == bounds.count * depth)
            self.depth = depth
            self.squared = squared
            self.names = names
            self.bounds = bounds
        }
    }

    public init(judged: [ImageDigest], judges: [ImageDigest], patches: Int, planes: [Plane]) {
        self.judged = judged
        self.judges = judges
        self.patches = patches
        self.planes = planes
    }

    /// Bytes that lists take.
    ///
    /// - Parameter depths: Of all planes.
    public static func bytes(judged: Int, patches: Int, depths: [Int]) -> Int {
        depths.reduce(0) { $0 + judged * patches * (6 * $1 + 4) }
    }

    /// How long lists are kept of which so many of the nearest count: a quarter more, 4 to 16.
    public static func depth(for count: Int) -> Int { count + min(max(count / 4, 4), 16) }
}

/// What has changed since lists were made, and what has to be compared therefore.
struct NearestUpdate: Sendable {
    /// Images, as indices in the tokens, that are compared with all judges.
    var fresh: [Int] = []
    /// Images whose lists are known.
    var known: [Int] = []
    /// Judges, as indices in the tokens, that the known images have not met.
    var arrivals: [Int] = []
    /// For each judged image the row of its lists; nil for the fresh.
    private(set) var rows: [Int?]
    /// For each former name of a judge the new one, 65535 where it is gone; `[65536]`.
    private(set) var names: [UInt16]

    /// - Parameters:
    ///   - lists: What was made before, if anything.
    ///   - judged, judges: Indices of images in the tokens.
    ///   - digests: Of all images of the tokens.
    ///   - needed: For each plane how many of an image's nearest count, by the image's number of judges.
    init(
        of lists: NearestJudges?, judged: [Int], judges: [Int], digests: [ImageDigest],
        needed: [@Sendable (_ judges: Int) -> Int]
    ) {
        names = [UInt16](repeating: MUSC_NO_JUDGE, count: 1 << 16)
        rows = judged.map { _ in nil }
        guard let lists, lists.planes.count == needed.count else {
            fresh = judged
            return
        }
        let positions = Dictionary(judges.enumerated().map { (digests[$1], $0) }, uniquingKeysWith: { first, _ in first })
        for (former, digest) in lists.judges.enumerated() {
            if let position = positions[digest] { names[former] = UInt16(position) }
        }
        let met = Set(lists.judges)
        arrivals = judges.filter { !met.contains(digests[$0]) }
        let formerRows = Dictionary(lists.judged.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let isJudge = Set(judges)
        for (position, image) in judged.enumerated() {
            let others = judges.count - (isJudge.contains(image) ? 1 : 0)
            if let row = formerRows[digests[image]], suffices(lists, row: row, needed: needed.map { $0(others) }) {
                rows[position] = row
                known.append(image)
            } else {
                fresh.append(image)
            }
        }
        // Comparing all with all takes each pair once for both.
        if 4 * (fresh.count + arrivals.count) > judged.count + judges.count {
            (fresh, known, arrivals) = (judged, [], [])
            rows = judged.map { _ in nil }
        }
    }

    private func suffices(_ lists: NearestJudges, row: Int, needed: [Int]) -> Bool {
        let patches = lists.patches
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: max(patches, 1)) { scratch in
            zip(lists.planes, needed).allSatisfy { plane, needed in
                plane.names.withUnsafeBufferPointer { names in
                    guard let names = names.baseAddress, let scratch = scratch.baseAddress else { return false }
                    let first = names + row * plane.depth * patches
                    return musc_least_kept(self.names, first, patches, plane.depth, scratch) >= needed
                }
            }
        }
    }

    /// Whether nothing has to be compared.
    var isIdle: Bool { fresh.isEmpty && (arrivals.isEmpty || known.isEmpty) }
}
