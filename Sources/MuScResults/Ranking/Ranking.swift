import MuScBatch
import MuScScoring

/// A batch's images in the order in which they should be looked at.
///
/// Beside what is flagged, a share of the batch is *worth a look*: the highest scores that are not flagged. This is a
/// reading order and no suspicion; a clean batch has it too.
package struct Ranking: Sendable {
    /// How much an image asks for attention: the column `level` of `scores.csv`.
    package enum Level: String, Sendable, Hashable {
        case flagged, look
        case none = ""
    }

    /// The images with a score, most anomalous first; of equal ones by name.
    package let scored: [ScoredImage]
    /// The others, by name.
    package let unreadable: [ScoredImage]
    package let outcome: FlagOutcome
    /// The share of the scored images that was asked for.
    package let lookShare: Double
    /// How many of ``scored``, from the first, are flagged or worth a look, as far as the share goes.
    package let lookEnd: Int

    /// - Parameter look: The share of the scored images, 0 to 1, that is worth a look; what is flagged counts among them.
    package init(_ scores: Inspection, look: Double) {
        func isScored(_ image: ScoredImage) -> Bool { image.index != nil && image.score?.isFinite == true }
        scored = scores.images.filter(isScored)
            .sorted { (-($0.score ?? 0), $0.name) < (-($1.score ?? 0), $1.name) }
        unreadable = scores.images.filter { !isScored($0) }.sorted { $0.name < $1.name }
        outcome = FlagOutcome(flagged: scored.count { $0.flagged }, threshold: scores.threshold)
        lookShare = look
        lookEnd = min(Int((look * Double(scored.count) - 1e-9).rounded(.up)), scored.count)
    }

    /// Images of the batch, unreadable ones included.
    package var images: Int { scored.count + unreadable.count }

    package var flagged: Int { scored.count { $0.flagged } }

    /// How many images are worth a look.
    package var look: Int { scored.indices.count { level($0) == .look } }

    /// - Parameter place: Among ``scored``.
    package func level(_ place: Int) -> Level {
        scored[place].flagged ? .flagged : place < lookEnd ? .look : .none
    }
}
