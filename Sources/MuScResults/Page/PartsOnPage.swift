import MuScBatch

/// Parts that were photographed several times, the most anomalous first, each with its photographs side by side and the
/// highest of their scores, which is the part's.
struct PartsOnPage {
    /// The most parts whose photographs are shown beside one another; `scores.csv` has all of them.
    private static let mostParts = 12
    /// The most photographs of one part that are shown.
    private static let mostPhotographs = 12

    /// What the page's template takes of each.
    let shown: [[String: Any]]
    /// How many parts beside them are not shown.
    let more: Int

    init(_ page: ReportPage) {
        let scored = page.scored
        let groups = Dictionary(grouping: scored.indices.filter { scored[$0].part != nil }) { ExactText(scored[$0].part ?? "") }
            .filter { $1.count > 1 }.map { (name: $0, members: $1) }
            // Positions ascend in the ranking, so that the first has the highest score.
            .sorted { $0.members[0] < $1.members[0] }
        let frame = page.frameShape
        shown = groups.prefix(Self.mostParts).map { group -> [String: Any] in
            let (first, count) = (group.members[0], group.members.count)
            let score = scored[first].score.map(page.numbers.text) ?? ""
            let shown = min(count, Self.mostPhotographs)
            return [
                "title": "\(scored[first].part ?? ""): score \(score), rank \(first + 1), \(count) photographs"
                    + (shown < count ? ", the first \(shown) of them" : ""),
                "isOpen": page.ranking.level(first) != .none,
                "photographs": group.members.prefix(shown).map { page.card($0, frame) },
            ]
        }
        more = groups.count - shown.count
    }
}
