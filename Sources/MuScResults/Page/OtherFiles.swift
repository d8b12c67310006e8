import MuScImages

/// The other files of a batch's folder: how many, and by which rules they are no images of the batch.
struct OtherFiles {
    let count: Int
    let sentence: String

    /// - Parameter ignored: How many there are by each rule, by its name.
    /// - Returns: nil where there are none.
    init?(ignored: [String: Int]?) {
        let rules = (ignored ?? [:]).filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        count = rules.reduce(0) { $0 + $1.value }
        guard count > 0 else { return nil }
        let listed = rules.map { "\($0.value) \(IgnoringRule(rawValue: $0.key)?.phrase ?? $0.key)" }.joined(separator: ", ")
        sentence =
            "\(count) other \(count == 1 ? "file" : "files") of the folder \(count == 1 ? "is no image" : "are no images") of the "
            + "batch: \(listed)."
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
