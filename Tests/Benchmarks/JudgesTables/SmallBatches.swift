import MuScBatch
import MuScSupport

/// Batches of 6 good and 2 defective images, forty draws of each kind: alone, with the line's past, with known good.
func smallBatches(_ kinds: [Photographs], _ inspector: Inspector) throws {
    row("\nSmall batches: 6 good and 2 defective images, mean image AUROC of forty draws (± standard error)\n")
    row("| | alone | 32 of the line's past (3 defective) | known good |")
    row("|---|---|---|---|")
    var means: [[Double]] = [[], [], []]
    for kind in kinds {
        var generator = SeededGenerator(seed: 6)
        var results: [[Double]] = [[], [], []]
        var knownGood = 0
        for _ in 0..<40 {
            let good = (0..<kind.good.readable).shuffled(using: &generator)
            let defective = (0..<kind.defective.readable).shuffled(using: &generator)
            let batch = kind.good.selecting(Array(good.prefix(6)))
                .appending(kind.defective.selecting(Array(defective.prefix(2))))
            let pastGood = min(29, good.count - 6)
            let past = kind.good.selecting(Array(good.dropFirst(6).prefix(pastGood)))
                .appending(kind.defective.selecting(Array(defective.dropFirst(2).prefix(3))))
            let reference = kind.good.selecting(Array(good.dropFirst(6).prefix(32)))
            knownGood = reference.readable
            let outside: [[OutsideJudges]] = [
                [], [OutsideJudges(origin: .linePast, tokens: past)],
                [OutsideJudges(origin: .knownGood, tokens: reference)],
            ]
            for (column, judges) in outside.enumerated() {
                results[column].append(imageAUROC(try inspector.inspect(batch, judgedBy: judges), good: 6))
            }
        }
        let cells = results.map { "\(text(mean($0))) ± \(text(standardError($0)))" }
        row("| \(kind.name) (\(knownGood) known good) | \(cells.joined(separator: " | ")) |")
        for column in results.indices { means[column].append(mean(results[column])) }
    }
    row("| mean | \(means.map { text(mean($0)) }.joined(separator: " | ")) |")
}

/// How many known good images judge better alone than beside the batch: batches of 8 and of 40, five draws.
func aloneOrBeside(_ kinds: [Photographs], _ inspector: Inspector) throws {
    row("\nKnown good images alone or beside the batch's own, mean image AUROC over all kinds and five draws each\n")
    row("| batch | known good | batch alone | known good alone | beside the batch |")
    row("|---|---|---|---|---|")
    var alone = inspector.settings
    alone.leastKnownGoodAlone = 1
    var beside = inspector.settings
    beside.leastKnownGoodAlone = .max
    let inspectors = [inspector.with(alone), inspector.with(beside)]
    for (goodCount, defectiveCount) in [(6, 2), (30, 10)] {
        for count in [8, 16, 20, 48] {
            var results: [[Double]] = [[], [], []]
            for kind in kinds where kind.good.readable >= goodCount + count {
                var generator = SeededGenerator(seed: 30)
                for _ in 0..<5 {
                    let good = (0..<kind.good.readable).shuffled(using: &generator)
                    let defective = (0..<kind.defective.readable).shuffled(using: &generator)
                    let batch = kind.good.selecting(Array(good.prefix(goodCount)))
                        .appending(kind.defective.selecting(Array(defective.prefix(defectiveCount))))
                    let reference = OutsideJudges(
                        origin: .knownGood,
                        tokens: kind.good.selecting(Array(good.dropFirst(goodCount).prefix(count))))
                    results[0].append(imageAUROC(try inspector.inspect(batch), good: goodCount))
                    for (column, inspector) in inspectors.enumerated() {
                        let scores = try inspector.inspect(batch, judgedBy: [reference])
                        results[column + 1].append(imageAUROC(scores, good: goodCount))
                    }
                }
            }
            guard !results[0].isEmpty else { continue }
            row("| \(goodCount) + \(defectiveCount) | \(count) | \(results.map { text(mean($0)) }.joined(separator: " | ")) |")
        }
    }
}
