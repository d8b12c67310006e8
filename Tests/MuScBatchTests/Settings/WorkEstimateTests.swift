import MuScBatch
import Testing

/// Which images of a batch judge.
@Suite struct JudgeChoiceTests {
    @Test("With judges auto all judge while the time limit allows, then a number in steps of 16, at least 64")
    func auto() throws {
        let inspector = try InspectorTests.inspector()
        #expect(inspector.settings.judges == .auto)
        #expect(inspector.network.estimate.chosenJudges(of: 500) == Array(0..<500))

        let seconds = inspector.network.estimate.scoringSeconds(images: 500, judges: 200)
        let limited = try InspectorTests.inspector { $0.timeLimit = seconds }
        let chosen = limited.network.estimate.chosenJudges(of: 500)
        #expect(chosen.count == 192 && Set(chosen).isSubset(of: 0..<500))
        #expect(limited.network.estimate.chosenJudges(of: 500) == chosen)

        let hurried = try InspectorTests.inspector { $0.timeLimit = 0 }
        #expect(hurried.network.estimate.chosenJudges(of: 500).count == 64)
        #expect(hurried.network.estimate.chosenJudges(of: 40).count == 40)
    }

    @Test("The report says how many judged, and why not all")
    func told() throws {
        let fixture = try InspectorTests()
        let files = try fixture.textured(70)
        let inspector = try InspectorTests.inspector { $0.timeLimit = 0 }
        let chosen = try inspector.inspectWhole(files).findings.compactMap { finding in
            if case .chosenJudges(let chosen) = finding { chosen } else { nil }
        }
        #expect(chosen.count == 1 && chosen[0].judges == 64 && chosen[0].images == 70)
        #expect(chosen.first?.tooSlow?.limit == 0 && (chosen.first?.tooSlow?.all ?? 0) > 0)
        let all = try fixture.inspector.inspectWhole(files).findings
        #expect(!all.contains { if case .chosenJudges = $0 { true } else { false } })
    }

    @Test("Few judges cost in proportion to the images, all judges to their square")
    func growth() throws {
        let inspector = try InspectorTests.inspector()
        let few =
            inspector.network.estimate.scoringOperations(images: 4000, judges: 32)
            / inspector.network.estimate.scoringOperations(images: 1000, judges: 32)
        #expect(abs(few - 4) < 0.1)
        let all =
            inspector.network.estimate.scoringOperations(images: 4000, judges: 4000)
            / inspector.network.estimate.scoringOperations(images: 1000, judges: 1000)
        #expect(abs(all - 16) < 0.1)
    }
}
