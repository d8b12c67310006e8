import MuScBatch
import MuScVerdicts

/// How many more good parts make the mark of a flagged image a known one, so that nobody gives up after the first.
package struct MarksToKnow: Sendable {
    /// Marks that several images of the batch share.
    let marks: [RecurringMark]

    /// - Parameter run: nil where it was scored by hand, or its line remembers nothing: then no verdict on a good part has
    ///   an effect on the next batch.
    package init?(_ run: RunRecord) {
        guard run.ledger != nil, run.settings["judges.line_memory"] != "0" else { return nil }
        marks = run.recurring ?? []
    }

    /// A sentence on flagged images that were found good; nil where there is none among them.
    ///
    /// - Parameters:
    ///   - images: Those that were found good just now.
    ///   - good: All of the batch that were found good, these included.
    ///   - flagged: The flagged images of the batch.
    package func sentence(on images: [String], good: Set<String>, flagged: Set<String>) -> String? {
        let images = images.filter { flagged.contains($0) }
        let counts = images.map { image in
            marks.first { $0.parts.contains { $0.name == image } }
                .map { mark in (mark.foundGood ?? 0) + mark.parts.count { good.contains($0.name) } } ?? 1
        }
        // The one that is nearest to being known.
        guard let place = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return nil }
        let more = RecurringMark.known - counts[place]
        guard more > 0 else {
            return "\(images[place]): \(RecurringMark.known) parts with its mark were found good: it is known from the next batch on."
        }
        let isShared = marks.contains { $0.parts.contains { $0.name == images[place] } }
        // Of a mark that it has alone nobody knows how many were found good before.
        return "\(images[place]): \(isShared ? "" : "at most ")\(more == 1 ? "one" : "two") more like this and it is known."
    }
}
