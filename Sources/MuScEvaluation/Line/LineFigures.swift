import MuScScoring

/// How well one row of scores and flags tells a line's defective parts from its good ones.
package struct LineFigures: Sendable, Hashable {
    /// Over all checked parts, each of which counts once.
    package struct Checked: Sendable, Hashable {
        /// Image AUROC, 0 to 1; nil without a good or a defective part.
        package var auroc: Double?
        /// At the thresholds of the batches.
        package var images: Confusion
    }

    /// Over all parts of the batches, those that nobody has checked included, by those that stand for them.
    package struct Estimated: Sendable, Hashable {
        /// 0 to 1, without an interval; nil without a good or a defective part among those that stand for all.
        package var auroc: Double?
        package var recall, falseAlarms: EstimatedShare?
    }

    package var checked: Checked
    /// nil where nothing stands for the flagged parts, or for those that were not flagged.
    package var estimated: Estimated?
}

/// A share with the limits between which it lies.
package struct EstimatedShare: Sendable, Hashable, Codable {
    /// 0 to 1.
    package var value, low, high: Double
}

/// Which of the checked parts stand for which others.
///
/// People look at the most anomalous parts first, so that the checked ones are no sample. Two groups are: the checked ones
/// among the flagged, and the spot checks, which are drawn at random, among those that were not flagged. Each part of a
/// group stands for as many as there are parts to one that was checked (Horvitz and Thompson, "A generalization of sampling
/// without replacement from a finite universe", JASA 47, 1952). Parts that were not flagged and that somebody came upon
/// otherwise stand for nothing.
package struct LineSample: Sendable {
    /// Parts that stand for others, as indices, and how many parts there are of their kind.
    struct Group: Sendable {
        var members: [Int]
        var all: Int
        /// Whether the results as they are flag them.
        var isFlagged: Bool
        /// How many parts each stands for.
        var weight: Double { Double(all) / Double(members.count) }
    }

    private let parts: [CheckedPart]
    /// nil where one of the two has parts, and none of these was checked.
    let groups: [Group]?

    /// - Parameter batches: Those that the parts are of.
    package init(_ parts: [CheckedPart], batches: [CheckedBatch]) {
        self.parts = parts
        let flagged = Group(
            members: parts.indices.filter { parts[$0].isFlagged }, all: batches.reduce(0) { $0 + $1.flagged }, isFlagged: true)
        let others = Group(
            members: parts.indices.filter { !parts[$0].isFlagged && parts[$0].origin == .spotCheck },
            all: batches.reduce(0) { $0 + $1.others }, isFlagged: false)
        let filled = [flagged, others].filter { $0.all > 0 }
        groups = filled.allSatisfy { !$0.members.isEmpty } ? filled : nil
    }

    /// How many parts each part stands for, 0 for none; nil where one of the two groups has parts, and none was checked.
    var weights: [Double]? {
        groups.map { groups in
            var weights = [Double](repeating: 0, count: parts.count)
            for group in groups { for member in group.members { weights[member] = group.weight } }
            return weights
        }
    }

    /// The figures of one row.
    ///
    /// - Parameters:
    ///   - scores, flagged: One a part; scores are finite.
    ///   - isAsScored: Whether these are the flags by which the groups were made.
    /// - Throws: ``MetricError``.
    package func figures(scores: [Float], flagged: [Bool], isAsScored: Bool) throws(MetricError) -> LineFigures {
        let defective = parts.map(\.isDefective)
        let checked = LineFigures.Checked(
            auroc: try RankMetrics(scores: scores, anomalous: defective).auroc, images: Confusion(flagged: flagged, anomalous: defective))
        guard let groups else { return LineFigures(checked: checked) }
        return LineFigures(
            checked: checked,
            estimated: LineFigures.Estimated(
                auroc: weights.flatMap { RankMetrics.auroc(scores: scores, anomalous: defective, weights: $0) },
                recall: share(of: true, flagged, groups, isAsScored),
                falseAlarms: share(of: false, flagged, groups, isAsScored)))
    }

    /// The share of the defective parts, or of the good ones, that are flagged.
    ///
    /// Of each group the share of flagged and of unflagged ones has the limits of Clopper and Pearson (95 %), unless all of
    /// it was checked; the share's own limits are those with all of them at their worst, and at their best.
    private func share(of isDefective: Bool, _ flagged: [Bool], _ groups: [Group], _ isAsScored: Bool) -> EstimatedShare? {
        func count(_ wanted: Bool) -> EstimatedShare {
            groups.reduce(EstimatedShare(value: 0, low: 0, high: 0)) { sum, group in
                // As scored, nothing of a group has the other flag, whatever was not checked.
                guard !isAsScored || group.isFlagged == wanted else { return sum }
                let (found, all) = (
                    group.members.count { parts[$0].isDefective == isDefective && flagged[$0] == wanted }, Double(group.all)
                )
                let value = Double(found) * group.weight
                guard group.members.count < group.all else {
                    return EstimatedShare(value: sum.value + value, low: sum.low + value, high: sum.high + value)
                }
                let interval = ShareInterval(found, of: group.members.count)
                return EstimatedShare(value: sum.value + value, low: sum.low + all * interval.low, high: sum.high + all * interval.high)
            }
        }
        let (hits, misses) = (count(true), count(false))
        guard hits.value + misses.value > 0 else { return nil }
        func part(_ of: Double, _ rest: Double) -> Double { of + rest > 0 ? of / (of + rest) : 0 }
        return EstimatedShare(
            value: part(hits.value, misses.value), low: part(hits.low, misses.high), high: part(hits.high, misses.low))
    }
}
