import MuScScoring

/// Who judges whom, once it is settled: the batch's images and those from outside in one table.
///
/// In the tokens the images from outside follow the batch's.
struct Seats: Sendable {
    /// The batch's readable images.
    var batch: BatchParts
    /// Those of them that judge, ascending; none where others judge alone.
    var own: [Int]
    var panel: JudgePanel
    /// Names of the batch's images that never judge, because people found them defective.
    var barred: Set<String> = []

    /// Which of all images show the same part.
    var parts: ImageParts { ImageParts(batch.numbers + panel.partOfMember) }

    /// The images that judge.
    var judges: [Int] { own + panel.judging.map { batch.numbers.count + $0 } }

    /// The images that are judged: the batch's, and those that set the threshold.
    var judged: [Int] { Array(batch.numbers.indices) + panel.calibrating.map { batch.numbers.count + $0 } }

    /// How many images of the batch could judge.
    var mayJudge: Int { batch.isFirst.count { $0 } }

    /// Whether every image that is judged has a judge of another part.
    var areComplete: Bool {
        let (parts, judges) = (parts, judges)
        guard !parts.areApart else { return judges.count > 1 || judges.first.map { !judged.contains($0) } ?? false }
        let counts = Dictionary(judges.map { (parts[$0], 1) }, uniquingKeysWith: +)
        // Judges of two parts leave one for everybody.
        guard let only = counts.first, counts.count == 1 else { return !counts.isEmpty }
        return judged.allSatisfy { parts[$0] != only.key }
    }

    /// The seats of a part of the batch that is scored alone; where its parts leave somebody without a judge, every image
    /// is a part of its own.
    func selecting(_ subset: [Int], of images: [ScoredImage], estimate: WorkEstimate) -> Seats {
        var seats = self
        seats.batch = BatchParts(numbers: subset.map { batch.numbers[$0] }, isFirst: subset.map { batch.isFirst[$0] })
        seats.own = seats.chosen(among: subset.map { images[$0].name }, estimate)
        guard !seats.areComplete else { return seats }
        seats.batch = BatchParts(apart: subset.count)
        seats.batch.isFirst = subset.map { !barred.contains(images[$0].name) }
        seats.panel.standApart()
        seats.own = seats.chosen(among: subset.map { images[$0].name }, estimate)
        return seats
    }

    private func chosen(among names: [String], _ estimate: WorkEstimate) -> [Int] {
        guard panel.batchJudges else { return [] }
        let first = names.indices.filter { batch.isFirst[$0] }
        return estimate.judges(among: first.map { names[$0] }).map { first[$0] }
    }
}
