/// The pairs of images that mutual scoring has to compare, each once, and where the results belong.
///
/// A pair has a row image and a column image. Row images are those of the shorter of the two lists first, because a
/// row image is prepared once for all of its column images.
struct ImagePairs {
    /// The images concerned, each once, in the order in which they become row images.
    let images: [Int]
    /// For each image by its index in the tokens, its position among the judged ones and among the judges, or nil.
    private let judgedPosition, judgePosition: [Int?]
    private let judges: Int

    /// - Parameters:
    ///   - judged, judges: Indices of images, each list without repeats.
    ///   - count: The number of images in the tokens.
    init(judged: [Int], judges: [Int], of count: Int) {
        var judgedPosition = [Int?](repeating: nil, count: count)
        var judgePosition = judgedPosition
        for (position, image) in judged.enumerated() { judgedPosition[image] = position }
        for (position, image) in judges.enumerated() { judgePosition[image] = position }
        let (first, second) = judges.count <= judged.count ? (judges, judged) : (judged, judges)
        let isFirst = Set(first)
        images = first + second.filter { !isFirst.contains($0) }
        self.judgedPosition = judgedPosition
        self.judgePosition = judgePosition
        self.judges = judges.count
    }

    /// Where the distances of `image` to `judge` belong: the position among the judged and among the others that
    /// judge it; nil where they are not asked for.
    func place(of image: Int, by judge: Int) -> (judged: Int, other: Int)? {
        guard image != judge, let row = judgedPosition[image], let column = judgePosition[judge] else { return nil }
        // An image does not judge itself, so the judges after it move up.
        if let own = judgePosition[image], own < column { return (row, column - 1) }
        return (row, column)
    }

    /// The number of judges of `image` other than itself.
    func others(of image: Int) -> Int { judgePosition[image] == nil ? judges : judges - 1 }

    /// Whether the pair is needed in at least one direction.
    func isNeeded(_ a: Int, _ b: Int) -> Bool { place(of: a, by: b) != nil || place(of: b, by: a) != nil }
}
