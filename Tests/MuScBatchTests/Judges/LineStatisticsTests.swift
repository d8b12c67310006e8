import MuScBatch
import MuScScoring
import MuScVerdicts
import Testing

/// What a line's verdicts come to is told with its interval, never as a share alone.
@Suite struct LineStatisticsTests {
    private func parts(_ answer: PartVerdict.Answer, _ origin: PartVerdict.Origin, _ count: Int) -> [LineVerdicts.Part] {
        (0..<count).map {
            LineVerdicts.Part(batch: "/line/a", verdict: PartVerdict(image: "\(answer)\(origin)\($0)", answer: answer, origin: origin))
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
        #expect(LineStatistics([]).sentences.isEmpty)
        #expect(LineStatistics(parts(.good, .spotCheck, 24)).slippedThrough == ShareInterval(0, of: 24))
    }
}
