import MuSc

extension ReportPage {
    /// Whether the line's past set a conformal threshold, because there were no known good images.
    var calibratedByPast: Bool {
        let judgments = run.outsideJudgments ?? []
        return !judgments.isEmpty && !judgments.contains { $0.origin == .knownGood }
    }

    /// The groups of images that share a mark, each with a title and the cards of its images side by side.
    func recurringMarks(_ card: (Int) -> [String: Any]) -> [[String: Any]] {
        (run.recurring ?? []).map { mark in
            let members = mark.parts.compactMap { part in scored.firstIndex { $0.name == part.name } }
            return ["title": "The same mark on \(mark.parts.count) parts", "cards": members.map(card)]
        }
    }

    /// The images from outside the batch that it was compared with, and what they did.
    var outsideJudges: [[String: Any]] {
        (run.outsideJudgments ?? []).map { judgment in
            let count = judgment.images.count
            let noun = judgment.origin == .knownGood ? "known good images" : "images of the line's past"
            let role =
                !judgment.judged
                ? "They set the threshold; the batch's own images judged."
                : judgment.besideBatch ? "They judged beside the batch's own images." : "They alone judged."
            return ["title": "Compared with \(count) \(noun)", "role": role, "images": judgment.images]
        }
    }
}
