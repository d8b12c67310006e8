import MuScBatch
import MuScImages

/// Which photographs show one part, and which files of the folder are no images.
extension ReportPage {
    /// The most parts whose photographs are shown beside one another; `scores.csv` has all of them.
    private static let mostParts = 12
    /// The most photographs of one part that are shown.
    private static let mostPhotographs = 12

    /// Parts that were photographed several times, the most anomalous first, each with its photographs side by side and the
    /// highest of their scores, which is the part's.
    var parts: (shown: [[String: Any]], more: Int) {
        let groups = Dictionary(grouping: scored.indices.filter { scored[$0].part != nil }) { ExactText(scored[$0].part ?? "") }
            .filter { $1.count > 1 }.map { (name: $0, members: $1) }
            // Positions ascend in the ranking, so that the first has the highest score.
            .sorted { $0.members[0] < $1.members[0] }
        let frame = frameShape
        let shown = groups.prefix(Self.mostParts).map { group -> [String: Any] in
            let (first, count) = (group.members[0], group.members.count)
            let score = scored[first].score.map(numbers.text) ?? ""
            let shown = min(count, Self.mostPhotographs)
            return [
                "title": "\(scored[first].part ?? ""): score \(score), rank \(first + 1), \(count) photographs"
                    + (shown < count ? ", the first \(shown) of them" : ""),
                "isOpen": ranking.level(first) != .none,
                "photographs": group.members.prefix(shown).map { card($0, frame) },
            ]
        }
        return (shown, groups.count - shown.count)
    }

    /// How many other files the batch's folder holds, and by which rules they are no images of the batch; nil for none.
    var otherFiles: (count: Int, sentence: String)? {
        let rules = (run.ignored ?? [:]).filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let count = rules.reduce(0) { $0 + $1.value }
        guard count > 0 else { return nil }
        let listed = rules.map { "\($0.value) \(IgnoringRule(rawValue: $0.key)?.phrase ?? $0.key)" }.joined(separator: ", ")
        return (
            count,
            "\(count) other \(count == 1 ? "file" : "files") of the folder \(count == 1 ? "is no image" : "are no images") of the "
                + "batch: \(listed)."
        )
    }
}

extension IgnoringRule {
    /// The rule after a number of files.
    fileprivate var phrase: String {
        switch self {
        case .hidden: "hidden"
        case .pattern: "by watch.ignore"
        case .results: "of musc's own results"
        case .mask: "mask of what counts (\(FileRules.maskName))"
        case .readyFile: "by watch.ready_file"
        case .sidecar: "text, table or settings beside photographs"
        case .rawBesideImage: "camera raw beside an image of the same name"
        case .link: "link that leads elsewhere or nowhere"
        case .otherBatch: "of another batch"
        case .noImage: "of no known image format"
        }
    }
}
