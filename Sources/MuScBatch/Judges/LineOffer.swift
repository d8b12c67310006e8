import MuScScoring
import SystemPackage

/// A batch that its line may remember, with the tokens that this takes.
struct LineOffer: Sendable {
    let memory: LineMemory
    /// The batch's folder.
    let batch: FilePath
    let tokens: BatchTokens
    /// Numbers a token has.
    let channels: Int
}

extension Inspection {
    /// The images of which a line may keep the memory: those that were not flagged.
    ///
    /// Where the line's past itself set the threshold, it bars only what the batch's own scores set apart. For every
    /// batch flags the highest few percent of its good parts too, and a memory without them would set the next
    /// threshold lower, and so on from batch to batch.
    public var memorable: [ScoredImage] {
        let isOfPast = threshold.rule == .conformal && !outsideJudgments.contains { $0.origin.isChecked && $0.calibrating != 0 }
        let images = images.filter { !barred.contains($0.name) }
        guard isOfPast else { return images.filter { $0.index != nil && !$0.flagged } }
        let own = BatchThreshold.threshold(for: images.compactMap(\.score))
        return images.filter { ($0.score ?? .infinity) < own.value }
    }

    /// Offers the batch to its line's memory, which keeps a sample of the images that were not flagged. Without a line
    /// this does nothing.
    ///
    /// Meant for when the results are in place: what is remembered judges the line's next batches.
    ///
    /// - Returns: Damaged files that were met.
    /// - Throws: ``LineMemoryError``; then the memory is as it was.
    @discardableResult
    public func remember() throws(LineMemoryError) -> [LineMemoryProblem] {
        guard let offer else { return [] }
        let candidates = memorable.compactMap { image in
            image.index.map { LineMemory.Candidate(image: image, of: offer.tokens, at: $0) }
        }
        return try offer.memory.remember(candidates, of: offer.batch, channels: offer.channels)
    }
}
