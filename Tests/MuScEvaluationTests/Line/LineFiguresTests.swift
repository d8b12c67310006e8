import MuScEvaluation
import MuScScoring
import MuScSupport
import MuScVerdicts
import Testing

/// Figures of a line of which only some parts were checked.
@Suite struct LineFiguresTests {
    private func part(_ number: Int, _ score: Float, defective: Bool, flagged: Bool, _ origin: PartVerdict.Origin) -> CheckedPart {
        CheckedPart(batch: "/line/a", image: "\(number).png", isDefective: defective, origin: origin, isFlagged: flagged, score: score)
    }

    private func figures(_ parts: [CheckedPart], flagged: Int, others: Int) throws -> LineFigures {
        let batch = CheckedBatch(folder: "/line/a", flagged: flagged, others: others)
        return try LineSample(parts, batches: [batch])
            .figures(scores: parts.map(\.score), flagged: parts.map(\.isFlagged), isAsScored: true)
    }

    @Test("Flagged parts stand for the flagged ones and spot checks for the others; limits follow from those of the spot checks")
    func weighted() throws {
        // Of 4 flagged ones all are checked, of 96 others 12, of which one slipped through; one more was found by hand.
        var parts = (0..<3).map { part($0, 0.9 + Float($0) / 100, defective: true, flagged: true, .top) }
        parts.append(part(3, 0.8, defective: false, flagged: true, .top))
        parts += (4..<15).map { part($0, Float($0) / 100, defective: false, flagged: false, .spotCheck) }
        parts.append(part(15, 0.5, defective: true, flagged: false, .spotCheck))
        parts.append(part(16, 0.6, defective: true, flagged: false, .hand))
        let figures = try figures(parts, flagged: 4, others: 96)
        #expect(figures.checked.images.recall == 3.0 / 5 && figures.checked.images.falseAlarmRate == 1.0 / 12)
        let estimated = try #require(figures.estimated)
        let recall = try #require(estimated.recall)
        let slipped = ShareInterval(1, of: 12)
        #expect(abs(recall.value - 3 / 11) < 1e-12)
        #expect(abs(recall.low - 3 / (3 + 96 * slipped.high)) < 1e-12 && abs(recall.high - 3 / (3 + 96 * slipped.low)) < 1e-12)
        let alarms = try #require(estimated.falseAlarms)
        #expect(abs(alarms.value - 1.0 / 89) < 1e-12 && alarms.low < alarms.value && alarms.value < alarms.high)
        // 3 above all 89 good ones; 8 that one spot check stands for above 88 of them, and below the flagged one.
        let auroc = try #require(estimated.auroc)
        #expect(abs(auroc - (3 * 89 + 8 * 88.0) / (11 * 89)) < 1e-12)
    }

    @Test("Where all parts were checked the estimate is the count, without a width")
    func census() throws {
        let parts = (0..<20).map { part($0, Float($0 * 7 % 20), defective: $0 % 5 == 0, flagged: $0 * 7 % 20 > 14, .spotCheck) }
        let flagged = parts.count(where: \.isFlagged)
        let figures = try figures(parts, flagged: flagged, others: 20 - flagged)
        let estimated = try #require(figures.estimated)
        for (share, count) in [
            (estimated.recall, figures.checked.images.recall), (estimated.falseAlarms, figures.checked.images.falseAlarmRate),
        ] {
            let (share, count) = (try #require(share), try #require(count))
            #expect(abs(share.value - count) < 1e-12 && abs(share.low - count) < 1e-12 && abs(share.high - count) < 1e-12)
        }
        let (auroc, counted) = (try #require(estimated.auroc), try #require(figures.checked.auroc))
        #expect(abs(auroc - counted) < 1e-12)
    }

    @Test("Without spot checks nothing is said of the parts that are not flagged; without these none are needed")
    func missing() throws {
        let top = [part(0, 0.9, defective: true, flagged: true, .top), part(1, 0.8, defective: false, flagged: true, .top)]
        #expect(try figures(top, flagged: 2, others: 8).estimated == nil)
        #expect(try figures(top, flagged: 2, others: 0).estimated?.recall?.value == 1)
        let checks = [
            part(0, 0.4, defective: true, flagged: false, .spotCheck), part(1, 0.3, defective: false, flagged: false, .spotCheck),
        ]
        #expect(try figures(checks, flagged: 1, others: 8).estimated == nil)
        let recall = try #require(try figures(checks, flagged: 0, others: 8).estimated?.recall)
        #expect(recall.value == 0 && recall.low == 0 && recall.high == 0)
    }

    @Test(
        "On simulated lines the limits of the recall hold the truth, the AUROC is near it on average, and the checked parts alone mislead")
    func simulated() throws {
        var generator = SeededGenerator(seed: 27)
        func normal() -> Float { (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) } }
        let lines = 200
        var covered = 0
        var (estimated, truth, checkedAlarms, alarms) = (0.0, 0.0, 0.0, 0.0)
        for _ in 0..<lines {
            let all = (0..<300).map { number in
                let defective = number % 10 == 0
                let score = normal() + (defective ? 2 : 0)
                return part(number, score, defective: defective, flagged: score > 2, .spotCheck)
            }
            let (flagged, others) = (all.filter(\.isFlagged), all.filter { !$0.isFlagged })
            let figures = try figures(flagged + others.shuffled(using: &generator).prefix(24), flagged: flagged.count, others: others.count)
            let whole = try self.figures(all, flagged: flagged.count, others: others.count)
            let (recall, real) = (try #require(figures.estimated?.recall), try #require(whole.checked.images.recall))
            if recall.low <= real, real <= recall.high { covered += 1 }
            #expect(recall.low <= recall.value && recall.value <= recall.high)
            estimated += try #require(figures.estimated?.auroc)
            truth += try #require(whole.checked.auroc)
            checkedAlarms += try #require(figures.checked.images.falseAlarmRate)
            alarms += try #require(whole.checked.images.falseAlarmRate)
        }
        #expect(covered >= lines * 95 / 100, "\(covered) of \(lines)")
        #expect(abs(estimated - truth) / Double(lines) < 0.03, "\(estimated / Double(lines)), \(truth / Double(lines))")
        // Of the good ones among the checked parts five times as many are flagged as of all good ones.
        #expect(checkedAlarms > 5 * alarms)
    }
}
