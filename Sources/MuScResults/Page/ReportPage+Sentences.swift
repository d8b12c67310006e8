import MuScBatch
import MuScScoring

/// What the page says in words of the batch's threshold and of what was compared.
extension ReportPage {
    /// What is worth a look beside what is flagged; nil for nothing.
    var lookSentence: String? {
        let count = ranking.look
        guard count > 0 else { return nil }
        let order = "This is a reading order, not a suspicion."
        switch ranking.outcome {
        case .flagged:
            return count == 1
                ? "1 more is worth a look: the next highest score. \(order)"
                : "\(count) more are worth a look: the next highest scores. \(order)"
        case .noneFlagged:
            return count == 1
                ? "The highest score is worth a look all the same. \(order)"
                : "The \(count) highest scores are worth a look all the same. \(order)"
        case .noVerdict:
            return count == 1
                ? "Until then look at the highest score first." : "Until then look at the \(count) highest scores first."
        }
    }

    // MARK: Threshold

    var thresholdText: String { text(scores.threshold) }

    private func text(_ threshold: Threshold) -> String { threshold.value.isFinite ? numbers.text(threshold.value) : "none" }

    /// The threshold among the facts at the top.
    var thresholdFact: String {
        if scores.threshold.whyMissing != nil { return "no threshold" }
        guard scores.threshold.rule == .fixed else { return "threshold \(thresholdText) (\(rule(scores.threshold)))" }
        guard let automatic else { return "threshold \(thresholdText) (set by hand)" }
        let origin = automatic.whyMissing == nil ? "\(text(automatic)) \(rule(automatic))" : "none"
        return "threshold \(thresholdText) (set by hand; the automatic one: \(origin))"
    }

    /// How the threshold came about; empty where there is none, because the top of the page says why.
    var thresholdExplanation: String {
        guard scores.threshold.rule == .fixed else {
            return scores.threshold.whyMissing == nil ? scores.threshold.explanation : ""
        }
        guard let automatic else { return scores.threshold.explanation }
        return "This threshold was set by hand. Without it: \(automatic.explanation) To go back to that: "
            + "\(reportCommand) auto"
    }

    /// The automatic threshold where another one is in force.
    private var automatic: Threshold? {
        scores.automaticThreshold.rule == .fixed ? nil : scores.automaticThreshold
    }

    private func rule(_ threshold: Threshold) -> String {
        switch threshold.rule {
        case .fixed: "set by hand"
        case .batch: "from this batch"
        case .logNormal: "from a few known good images"
        case .conformal: calibratedByPast ? "from the line's past" : "from known good images"
        }
    }

    /// The command that renders this page with another threshold, which is to follow.
    var reportCommand: String { "musc report \(shellWord(absolutePath(resultsFolder))) --threshold" }

    // MARK: Who judged

    /// What every patch was compared with, as the end of a sentence.
    var comparison: String {
        let judging = (run.outsideJudgments ?? []).filter(\.judged)
        let outside = judging.map(\.noun).joined(separator: " and ")
        guard let first = judging.first else { return "the other images of the batch" }
        return first.besideBatch ? "the other images of the batch and \(outside)" : outside
    }
}

/// A text as one word of a POSIX shell.
package func shellWord(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D...0x2F, 0x3A, 0x40, 0x5F: true
        default: false
        }
    }
    return plain && !text.isEmpty ? text : "'\(text.replacing("'", with: "'\\''"))'"
}
