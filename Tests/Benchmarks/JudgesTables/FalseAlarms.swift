import MuScBatch
import MuScSupport

/// Clean batches with 48 known good images, and batches with defects for the recall.
func falseAlarms(_ kinds: [Photographs], _ inspector: Inspector) throws {
    // 1/49 is the least at which 48 known good images can flag anything.
    let rates = [0.02, 1.0 / 49 + 1e-6, 0.05, 0.1]
    var alarms: [[Double]] = rates.map { _ in [] }
    var recall: [[Double]] = rates.map { _ in [] }
    var batchRule: (clean: [Double], alarms: [Double], recall: [Double]) = ([], [], [])
    var named: [Double] = []
    /// How far the mixed batches' own scores lie above their median, in robust standard deviations.
    var ownGood: [Float] = []
    var ownDefective: [Float] = []
    var mixedAlarms: [[Double]] = rates.map { _ in [] }
    for kind in kinds {
        var generator = SeededGenerator(seed: 48)
        for _ in 0..<(kinds.isEmpty ? 0 : 20 / kinds.count) {
            let good = (0..<kind.good.readable).shuffled(using: &generator)
            let defective = (0..<kind.defective.readable).shuffled(using: &generator)
            let judges = [
                OutsideJudges(origin: .knownGood, tokens: kind.good.selecting(Array(good.prefix(48))))
            ]
            let clean = kind.good.selecting(Array(good.dropFirst(48).prefix(40)))
            let mixed = kind.good.selecting(Array(good.dropFirst(88).prefix(32)))
                .appending(kind.defective.selecting(Array(defective.prefix(8))))
            let cleanScores = try inspector.inspect(clean, judgedBy: judges)
            let mixedScores = try inspector.inspect(mixed, judgedBy: judges)
            named.append(Double(cleanScores.outsideJudgments.first?.standingOut.count ?? 0))
            let cleanP = cleanScores.images.map { $0.pValue ?? 1 }
            let mixedP = mixedScores.images.map { $0.pValue ?? 1 }
            for (index, rate) in rates.enumerated() {
                alarms[index].append(share(cleanP) { Double($0) <= rate })
                mixedAlarms[index].append(share(Array(mixedP.prefix(32))) { Double($0) <= rate })
                recall[index].append(share(Array(mixedP.dropFirst(32))) { Double($0) <= rate })
            }
            batchRule.clean.append(share(try inspector.inspect(clean).images) { $0.flagged })
            let own = try inspector.inspect(mixed).images
            batchRule.alarms.append(share(Array(own.prefix(32))) { $0.flagged })
            batchRule.recall.append(share(Array(own.dropFirst(32))) { $0.flagged })
            let distances = robustDistances(own.map { $0.score ?? 0 })
            ownGood += distances.prefix(32)
            ownDefective += distances.dropFirst(32)
        }
    }
    row("\nTwenty clean batches of 40 cells with 48 known good cells; recall on batches of 32 good and 8 defective\n")
    row(
        "| rate | false alarms, clean ± standard error | mixed | recall | recall of the batch's own scores at the same false alarms, mixed |"
    )
    row("|---|---|---|---|---|")
    for (index, rate) in rates.enumerated() {
        let same = mean(mixedAlarms[index])
        // The lowest limit that flags no more good images than the known good ones did.
        let limit = ownGood.sorted().first { limit in share(ownGood) { $0 > limit } <= same } ?? .infinity
        row(
            "| \(text(rate, 4)) | \(percent(mean(alarms[index]))) ± \(percent(standardError(alarms[index]))) "
                + "| \(percent(same)) | \(percent(mean(recall[index]))) | \(percent(share(ownDefective) { $0 > limit })) |")
    }
    row(
        "\nThe batch's own rule: \(percent(mean(batchRule.clean))) false alarms on the clean batches; on the mixed "
            + "\(percent(mean(batchRule.alarms))) false alarms, \(percent(mean(batchRule.recall))) recall.")
    row("Known good images that were named as standing out, of 48 good ones, on average: \(text(mean(named), 2)).")
}

func share<Element>(_ elements: [Element], _ condition: (Element) -> Bool) -> Double {
    elements.isEmpty ? .nan : Double(elements.count(where: condition)) / Double(elements.count)
}

/// Scores less their median, in robust standard deviations (1.4826 · MAD): what rules on a batch alone go by.
func robustDistances(_ scores: [Float]) -> [Float] {
    let median = scores.sorted()[scores.count / 2]
    let deviation = 1.4826 * scores.map { abs($0 - median) }.sorted()[scores.count / 2]
    return scores.map { ($0 - median) / max(deviation, 1e-9) }
}
