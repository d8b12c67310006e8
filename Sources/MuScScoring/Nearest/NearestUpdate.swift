import CKernels
import MuScSupport

/// What has changed since lists were made, and what has to be compared therefore.
///
/// The lists keep the order that they had: what came is put behind it.
struct NearestUpdate: Sendable {
    /// The judged images, as indices in the tokens, in the order of their rows: first the known, then the fresh.
    private(set) var judged: [Int]
    /// The judges in the order of their names: first those that were there, then the arrivals.
    private(set) var judges: [Int]
    /// Images that are compared with all judges.
    private(set) var fresh: [Int] = []
    /// Images whose lists are known.
    private(set) var known: [Int] = []
    /// Judges that the known images have not met.
    private(set) var arrivals: [Int] = []
    /// For each known image the row of its former lists.
    private(set) var rows: [Int] = []
    /// For each former name of a judge the new one, 65535 where it is gone; `[65536]`.
    private(set) var names: [UInt16] = []
    /// Whether all former rows and names stay what they were.
    private(set) var keepsFormer = false
    /// The depths of the former lists' planes; nil without any.
    private(set) var depths: [Int]?

    /// - Parameters:
    ///   - lists: What was made before, if anything.
    ///   - judged, judges: Indices of images in the tokens.
    ///   - digests: Of all images of the tokens.
    ///   - parts: Images of one part do not judge each other.
    ///   - threads: The most threads to use.
    ///   - needed: For each plane how many of an image's nearest count, by the image's number of judges.
    init(
        of lists: borrowing NearestJudges?, judged: [Int], judges: [Int], digests: [ImageDigest],
        parts: ImageParts, threads: Int, needed: [@Sendable (_ judges: Int) -> Int]
    ) {
        (self.judged, self.judges, fresh) = (judged, judges, judged)
        guard let lists = copy lists, lists.planes.count == needed.count else { return }
        let judgeImages = Dictionary(judges.map { (digests[$0], $0) }, uniquingKeysWith: { first, _ in first })
        let judgedImages = Dictionary(judged.map { (digests[$0], $0) }, uniquingKeysWith: { first, _ in first })
        var staying: [Int] = []
        var names = [UInt16](repeating: MUSC_NO_JUDGE, count: 1 << 16)
        for (former, digest) in lists.judges.enumerated() {
            guard let image = judgeImages[digest] else { continue }
            names[former] = UInt16(staying.count)
            staying.append(image)
        }
        let met = Set(staying)
        let arrivals = judges.filter { !met.contains($0) }
        let own = parts.counts(judges)
        let losesNames = staying.count < lists.judges.count
        let renaming = names
        let isKnown = concurrentMap(lists.judged.count, threads: threads) { row -> Bool in
            guard let image = judgedImages[lists.judged[row]] else { return false }
            // A list knows nothing of judges that were of the image's part, and must not name those that are now.
            guard
                lists.leftOut(row).filter({ judgeImages[lists.judges[$0]] != nil })
                    == Self.leftOut(image, lists, parts, judgeImages)
            else { return false }
            let others = judges.count - (own[parts[image]] ?? 0)
            return Self.suffices(lists, row: row, needed: needed.map { $0(others) }, names: losesNames ? renaming : nil)
        }
        let rows = lists.judged.indices.filter { isKnown[$0] }
        let known = rows.compactMap { judgedImages[lists.judged[$0]] }
        let hasRow = Set(known)
        let fresh = judged.filter { !hasRow.contains($0) }
        // Comparing all with all takes each pair once for both.
        guard 4 * (fresh.count + arrivals.count) <= judged.count + judges.count else { return }
        (self.fresh, self.known, self.arrivals, self.rows, self.names) = (fresh, known, arrivals, rows, names)
        self.judged = known + fresh
        self.judges = staying + arrivals
        keepsFormer = !losesNames && rows.count == lists.judged.count
        depths = lists.planes.map(\.depth)
    }

    /// Former judges that stay and may not judge an image now; ascending.
    private static func leftOut(
        _ image: Int, _ lists: NearestJudges, _ parts: ImageParts, _ judges: [ImageDigest: Int]
    ) -> [Int] {
        guard !parts.areApart else { return [] }
        return lists.judges.indices.filter { former in
            judges[lists.judges[former]].map { $0 != image && !parts.mayJudge($0, image) } ?? false
        }
    }

    /// - Parameter names: The names' renaming; nil where none is lost.
    private static func suffices(
        _ lists: NearestJudges, row: Int, needed: [Int], names: [UInt16]?
    ) -> Bool {
        let patches = lists.patches
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: max(patches, 1)) { scratch in
            zip(lists.planes, needed).allSatisfy { plane, needed in
                plane.names.withUnsafeBufferPointer { kept in
                    guard let kept = kept.baseAddress, let scratch = scratch.baseAddress else { return false }
                    let first = kept + row * plane.depth * patches
                    guard let names else { return musc_least_kept(nil, first, patches, plane.depth, scratch) >= needed }
                    return musc_least_kept(names, first, patches, plane.depth, scratch) >= needed
                }
            }
        }
    }

    /// Whether nothing has to be compared.
    var isIdle: Bool { fresh.isEmpty && (arrivals.isEmpty || known.isEmpty) }

    /// Whether images came, and nothing else has changed.
    var isAddition: Bool { keepsFormer && !known.isEmpty && !isIdle }
}
