import MuScScoring

/// What a batch's flags come to. The page, the terminal, tables, hooks and the index all take their words from this one
/// value, so that none of them calls a batch clean that nothing could be flagged in.
package enum FlagOutcome: Sendable, Hashable {
    /// So many images, at least one, reach the threshold.
    case flagged(Int)
    /// There is a threshold, and no image reaches it.
    case noneFlagged
    /// There is no threshold.
    case noVerdict(NoThreshold)

    /// - Parameter flagged: How many images reach the threshold.
    package init(flagged: Int, threshold: Threshold) {
        self =
            if let absence = threshold.whyMissing { .noVerdict(absence) } else if flagged > 0 { .flagged(flagged) } else {
                .noneFlagged
            }
    }

    /// The outcome's name in tables and for programs.
    package var name: String {
        switch self {
        case .flagged: "flagged"
        case .noneFlagged: "none_flagged"
        case .noVerdict: "no_verdict"
        }
    }

    /// Why there is no verdict; nil where there is one.
    package var absence: NoThreshold? {
        if case .noVerdict(let absence) = self { absence } else { nil }
    }

    /// For the batch's line on the terminal: `4 flagged`, `0 flagged`, `no verdict: Two images are too few …`.
    package var phrase: String {
        switch self {
        case .flagged(let count): "\(count) flagged"
        case .noneFlagged: "0 flagged"
        case .noVerdict(let absence): "no verdict: \(absence.reason)"
        }
    }

    /// The page's heading.
    ///
    /// - Parameters:
    ///   - images: Of the batch, unreadable ones included.
    ///   - scored: Of these.
    func heading(images: Int, scored: Int) -> String {
        guard scored > 0 else { return "No image could be scored" }
        let noun = images == 1 ? "image" : "images"
        switch self {
        case .flagged(let count): return "\(count) of \(images) \(noun) \(count == 1 ? "is" : "are") flagged"
        case .noneFlagged: return "None of \(images) \(noun) is flagged"
        case .noVerdict: return "No verdict on \(images) \(noun)"
        }
    }
}
