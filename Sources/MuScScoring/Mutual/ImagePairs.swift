/// The pairs of images that mutual scoring has to compare, each once, and where the results belong.
///
/// A pair has a row image and a column image. Judges come first: with products of integers the two roles differ in what
/// they leave open, and the role of an image must not depend on how many others are judged at the same time.
struct ImagePairs {
    /// The images concerned, each once, in the order in which they become row images.
    private(set) var images: [Int]
    /// For each image by its index in the tokens, its position among the judges, or nil.
    private let judgePosition: [Int?]
    /// For each image by its index in the tokens, where its distances begin, and to whom they are asked for.
    private let rows: [Row?]
    /// For each judge by its position, its position among the arrivals, or nil.
    private let arrivalPosition: [Int?]
    private let judges: Int
    /// The position in ``images`` from which on they become column images; those before are row images alone.
    private(set) var firstColumn: Int
    /// How many lines of distances there are, `[patches]` each.
    let lines: Int
    /// Images whose pairs with each other are left out.
    private var apart: Set<Int> = []
    /// Which images show the same part.
    private let parts: ImageParts
    /// For each part the positions of its judges, ascending; empty where every image is a part of its own.
    private let judgesOfPart: [Int: [Int]]

    private struct Row {
        var firstLine: Int
        /// Whether the image is judged by all judges, or by the arrivals alone.
        var isJudgedByAll: Bool
    }

    /// Every judged image by every judge.
    ///
    /// - Parameters:
    ///   - judged, judges: Indices of images, each list without repeats.
    ///   - count: The number of images in the tokens.
    ///   - parts: Images of one part do not judge each other.
    init(judged: [Int], judges: [Int], of count: Int, parts: ImageParts = .apart) {
        self.init(
            order: judges + judged, firstColumn: 0, fresh: judged, known: [], arrivals: [], judges: judges, of: count,
            parts: parts)
    }

    /// Some images by every judge, and others by some of the judges alone.
    ///
    /// - Parameters:
    ///   - fresh: Indices of images that every judge judges.
    ///   - known: Indices of others, which the arrivals alone judge.
    ///   - arrivals: Indices of images among the judges.
    ///   - amongChanged: Whether fresh images and arrivals are compared with each other as well.
    ///   - parts: Images of one part do not judge each other.
    init(
        fresh: [Int], known: [Int], arrivals: [Int], judges: [Int], of count: Int, amongChanged: Bool = true,
        parts: ImageParts = .apart
    ) {
        var seen = Set<Int>()
        let changed = (fresh + arrivals).filter { seen.insert($0).inserted }
        let unchanged = (judges + known).filter { seen.insert($0).inserted }
        // The few that changed become rows, which are prepared once for many columns.
        self.init(
            order: changed + unchanged, firstColumn: amongChanged ? 0 : changed.count, fresh: fresh, known: known,
            arrivals: arrivals, judges: judges, of: count, parts: parts)
        apart = amongChanged ? [] : Set(changed)
    }

    /// The same pairs, where the image that comes first in an order is the row.
    func withRoles(by precedes: (_ a: Int, _ b: Int) -> Bool) -> ImagePairs {
        var pairs = self
        pairs.images.sort(by: precedes)
        pairs.firstColumn = 0
        return pairs
    }

    private init(
        order: [Int], firstColumn: Int, fresh: [Int], known: [Int], arrivals: [Int], judges: [Int], of count: Int,
        parts: ImageParts
    ) {
        self.parts = parts
        judgesOfPart = parts.areApart ? [:] : Dictionary(grouping: judges.indices) { parts[judges[$0]] }
        var judgePosition = [Int?](repeating: nil, count: count)
        for (position, image) in judges.enumerated() { judgePosition[image] = position }
        var rows = [Row?](repeating: nil, count: count)
        for (position, image) in fresh.enumerated() {
            rows[image] = Row(firstLine: position * judges.count, isJudgedByAll: true)
        }
        let end = fresh.count * judges.count
        for (position, image) in known.enumerated() {
            rows[image] = Row(firstLine: end + position * arrivals.count, isJudgedByAll: false)
        }
        var arrivalPosition = [Int?](repeating: nil, count: judges.count)
        for (position, image) in arrivals.enumerated() {
            if let judge = judgePosition[image] { arrivalPosition[judge] = position }
        }
        var seen = Set<Int>()
        images = order.filter { seen.insert($0).inserted }
        self.firstColumn = firstColumn
        lines = end + known.count * arrivals.count
        self.judgePosition = judgePosition
        self.rows = rows
        self.arrivalPosition = arrivalPosition
        self.judges = judges.count
    }

    /// The line of distances of `image` to `judge`; nil where they are not asked for.
    ///
    /// The lines of an image that every judge judges follow each other in the order of the judges, without those of its
    /// own part; for the others there is one line for each arrival, which stays empty where that is of its own part.
    func line(of image: Int, by judge: Int) -> Int? {
        guard parts.mayJudge(judge, image), let row = rows[image], let column = judgePosition[judge] else { return nil }
        guard row.isJudgedByAll else { return arrivalPosition[column].map { row.firstLine + $0 } }
        if !parts.areApart {
            return row.firstLine + column - (judgesOfPart[parts[image]]?.count { $0 < column } ?? 0)
        }
        // An image does not judge itself, so the judges after it move up.
        if let own = judgePosition[image], own < column { return row.firstLine + column - 1 }
        return row.firstLine + column
    }

    /// The first line of an image's distances.
    func firstLine(of image: Int) -> Int? { rows[image]?.firstLine }

    /// The number of judges of `image` that are not of its own part.
    func others(of image: Int) -> Int {
        guard parts.areApart else { return judges - (judgesOfPart[parts[image]]?.count ?? 0) }
        return judgePosition[image] == nil ? judges : judges - 1
    }

    /// Whether the pair is needed in at least one direction.
    func isNeeded(_ a: Int, _ b: Int) -> Bool {
        guard apart.isEmpty || !(apart.contains(a) && apart.contains(b)) else { return false }
        return line(of: a, by: b) != nil || line(of: b, by: a) != nil
    }
}
