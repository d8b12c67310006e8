import MuScScoring
import MuScSupport

/// What a panel and the batch's own images made of a batch.
struct ComparedBatch: Sendable {
    /// The images from outside, without those that stand out.
    var panel: JudgePanel
    /// Which of the batch's images show the same part.
    var parts: BatchParts
    /// `[readable, grid.count]` row-major.
    var maps: [Float]
    /// The score of each part that sets the threshold, the highest of its images.
    var calibration: [Float]
    var recurring: [RecurringDefects.Group]
    var judgments: [OutsideJudgment]
    /// On who judged, and who stands out.
    var findings: [Finding]
}

/// Scores that lie far above the rest of their kind.
package enum OddScores {
    /// Robust standard deviations above the median.
    static let limit: Float = 6
    /// With fewer scores none can be said to stand out.
    static let leastCount = 8

    /// Positions of scores that lie more than ``limit`` robust standard deviations (1.4826 · MAD) above the median.
    package static func positions(_ scores: [Float]) -> [Int] {
        guard scores.count >= leastCount else { return [] }
        func median(_ values: [Float]) -> Float { values.sorted()[values.count / 2] }
        let center = median(scores)
        let deviation = 1.4826 * median(scores.map { abs($0 - center) })
        guard deviation > 0 else { return [] }
        return scores.indices.filter { scores[$0] > center + limit * deviation }
    }
}
