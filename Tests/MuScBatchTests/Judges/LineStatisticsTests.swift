import MuScBatch
import MuScScoring
import MuScVerdicts
import Testing

/// What a line's verdicts come to is told with its interval, never as a share alone.
@Suite struct LineStatisticsTests {
    private func parts(
        _ answer: PartVerdict.Answer, _ origin: PartVerdict.Origin, _ count: Int, in batch: String = "/line/a"
    ) -> [LineVerdicts.Part] {
        (0..<count).map {
            LineVerdicts.Part(batch: batch, verdict: PartVerdict(image: "\(answer)\(origin)\($0)", answer: answer, origin: origin))
        }
    }

    @Test("Spot checks tell what slips through, and parts that scored high tell the false alarms")
    func sentences() {
        let line = LineStatistics(
            parts(.good, .spotCheck, 47) + parts(.defect, .spotCheck, 1) + parts(.good, .top, 3) + parts(.defect, .top, 7)
                + parts(.unsure, .spotCheck, 5) + parts(.good, .hand, 2))
        #expect(
            line.sentences == [
                "60 parts were checked: 52 good, 8 defective.",
                "Of 48 spot checks 1 was defective: between 0.05 and 11 % of the parts that were not flagged.",
                "Of 10 parts that scored high 3 were good: between 6.7 and 65 %.",
            ])
        #expect(line.spotChecks == 48 && line.scored == nil)
        #expect(LineStatistics([]).sentences.isEmpty)
        #expect(LineStatistics(parts(.good, .spotCheck, 24)).slippedThrough == ShareInterval(0, of: 24))
    }

    @Test("Batch by batch the interval is that of all spot checks until then, and batches that are gone come first")
    func batches() {
        let said =
            parts(.good, .spotCheck, 3, in: "/line/b") + parts(.defect, .spotCheck, 1, in: "/line/a")
            + parts(.defect, .top, 2, in: "/line/a")
            + parts(.good, .spotCheck, 2, in: "/line/gone")
        let line = LineStatistics(said, scored: [("/line/a", 40), ("/line/empty", 20), ("/line/b", 41)])
        #expect(line.scored == 101)
        #expect(line.sentences.first == "8 parts of 101 that were scored were checked: 5 good, 3 defective.")
        #expect(line.batches.map(\.batch) == ["/line/gone", "/line/a", "/line/empty", "/line/b"])
        #expect(line.batches.map(\.scored) == [nil, 40, 20, 41])
        #expect(line.batches.map(\.checked) == [2, 3, 0, 3] && line.batches.map(\.defective) == [0, 3, 0, 0])
        #expect(
            line.batches.map(\.slippedThrough) == [
                ShareInterval(0, of: 2), ShareInterval(1, of: 3), ShareInterval(1, of: 3), ShareInterval(1, of: 6),
            ])
        #expect(line.batches.last?.slippedThrough == line.slippedThrough)
    }
}
