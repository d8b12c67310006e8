import MuSc

/// Clean batches with 48 known good images, and batches with defects for the recall.
func falseAlarms(_ kinds: [Photographs], _ scorer: BatchScorer) throws {
    let rates = [0.02, 0.05, 0.1]
    var alarms: [[Double]] = rates.map { _ in [] }
    var recall: [[Double]] = rates.map { _ in [] }
    var batchRule: (clean: [Double], alarms: [Double], recall: [Double]) = ([], [], [])
    var named: [Double] = []
    /// p-values of all good and all defective images of the mixed batches.
    var pGood: [Float] = []
    var pDefective: [Float] = []
    for kind in kinds {
        var generator = Seeded(seed: 48)
        for _ in 0..<(kinds.isEmpty ? 0 : 20 / kinds.count) {
            let good = (0..<kind.good.readable).shuffled(using: &generator)
            let defective = (0..<kind.defective.readable).shuffled(using: &generator)
            let judges = [
                OutsideJudges(origin: .knownGood, tokens: kind.good.selecting(Array(good.prefix(48))))
            ]
            let clean = kind.good.selecting(Array(good.dropFirst(48).prefix(40)))
            let mixed = kind.good.selecting(Array(good.dropFirst(88).prefix(32)))
                .appending(kind.defective.selecting(Array(defective.prefix(8))))
            let cleanScores = try scorer.scores(of: clean, judgedBy: judges)
            let mixedScores = try scorer.scores(of: mixed, judgedBy: judges)
            named.append(Double(cleanScores.outsideJudgments.first?.standingOut.count ?? 0))
            let cleanP = cleanScores.images.map { $0.pValue ?? 1 }
            let mixedP = mixedScores.images.map { $0.pValue ?? 1 }
            pGood += mixedP.prefix(32)
            pDefective += mixedP.dropFirst(32)
            for (index, rate) in rates.enumerated() {
                alarms[index].append(share(cleanP) { Double($0) <= rate })
                recall[index].append(share(Array(mixedP.dropFirst(32))) { Double($0) <= rate })
            }
            batchRule.clean.append(share(try scorer.scores(of: clean).images) { $0.flagged })
            let own = try scorer.scores(of: mixed).images
            batchRule.alarms.append(share(Array(own.prefix(32))) { $0.flagged })
            batchRule.recall.append(share(Array(own.dropFirst(32))) { $0.flagged })
        }
    }
    row("\nTwenty clean batches of 40 cells with 48 known good cells; recall on batches of 32 good and 8 defective\n")
    row("| rate | false alarms ± standard error | recall |")
    row("|---|---|---|")
    for (index, rate) in rates.enumerated() {
        row("| \(percent(rate)) | \(percent(mean(alarms[index]))) ± \(percent(standardError(alarms[index]))) | \(percent(mean(recall[index]))) |")
    }
    row("\nThe batch's own rule: \(percent(mean(batchRule.clean))) false alarms on the clean batches; on the mixed "
        + "\(percent(mean(batchRule.alarms))) false alarms, \(percent(mean(batchRule.recall))) recall.")
    let limit = mean(batchRule.alarms)
    let steps = (1...49).map { Float($0) / 49 * 1.0001 }
    if let p = steps.last(where: { p in share(pGood) { $0 <= p } <= limit }) {
        row("Known good at no more false alarms (\(percent(share(pGood) { $0 <= p }))): \(percent(share(pDefective) { $0 <= p })) recall.")
    }
    row("Known good images that were named as standing out, of 48 good ones, on average: \(text(mean(named), 2)).")
}

func share<Element>(_ elements: [Element], _ condition: (Element) -> Bool) -> Double {
    elements.isEmpty ? .nan : Double(elements.count(where: condition)) / Double(elements.count)
}
