import MuScBatch
import Testing

/// Which images of a batch judge.
@Suite struct JudgeChoiceTests {
    @Test("With judges auto all judge while the time limit allows, then a number in steps of 16, at least 64")
    func auto() throws {
        let scorer = try BatchScorerTests.scorer()
        #expect(scorer.settings.judges == .auto)
        #expect(scorer.chosenJudges(of: 500) == Array(0..<500))

        let seconds = scorer.scoringSeconds(images: 500, judges: 200)
        let limited = try BatchScorerTests.scorer { $0.timeLimit = seconds }
        let chosen = limited.chosenJudges(of: 500)
        #expect(chosen.count == 192 && Set(chosen).isSubset(of: 0..<500))
        #expect(limited.chosenJudges(of: 500) == chosen)

        let hurried = try BatchScorerTests.scorer { $0.timeLimit = 0 }
        #expect(hurried.chosenJudges(of: 500).count == 64)
        #expect(hurried.chosenJudges(of: 40).count == 40)
    }

    @Test("The report says how many judged, and why not all")
    func told() throws {
        let fixture = try BatchScorerTests()
        let files = try fixture.textured(70)
        let scorer = try BatchScorerTests.scorer { $0.timeLimit = 0 }
        let chosen = try scorer.score(files).findings.compactMap { finding in
            if case .chosenJudges(let chosen) = finding { chosen } else { nil }
        }
        #expect(chosen.count == 1 && chosen[0].judges == 64 && chosen[0].images == 70)
        #expect(chosen.first?.tooSlow?.limit == 0 && (chosen.first?.tooSlow?.all ?? 0) > 0)
        let all = try fixture.scorer.score(files).findings
        #expect(!all.contains { if case .chosenJudges = $0 { true } else { false } })
    }

    @Test("Few judges cost in proportion to the images, all judges to their square")
    func growth() throws {
        let scorer = try BatchScorerTests.scorer()
        let few = scorer.scoringOperations(images: 4000, judges: 32) / scorer.scoringOperations(images: 1000, judges: 32)
        #expect(abs(few - 4) < 0.1)
        let all = scorer.scoringOperations(images: 4000, judges: 4000) / scorer.scoringOperations(images: 1000, judges: 1000)
        #expect(abs(all - 16) < 0.1)
    }
}
