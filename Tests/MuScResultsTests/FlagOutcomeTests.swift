import MuScResults
import MuScScoring
import Testing

/// What the flags of a batch come to, by every cause.
struct FlagOutcomeTests {
    @Test("With a threshold a batch is flagged or not")
    func verdict() {
        let threshold = Threshold(value: 0.5, rule: .batch, explanation: "")
        #expect(FlagOutcome(flagged: 3, threshold: threshold) == .flagged(3))
        #expect(FlagOutcome(flagged: 0, threshold: threshold) == .noneFlagged)
        #expect(FlagOutcome(flagged: 3, threshold: threshold).phrase == "3 flagged")
    }

    @Test(
        "Without one there is no verdict, with the reason and what would give one",
        arguments: [
            (Threshold.missing(.tooFewImages(2, least: 3), rule: .batch), "Two images are too few to tell what is normal."),
            (Threshold(value: .infinity, rule: .fixed, explanation: ""), "The threshold was set beyond every score."),
            (Threshold(value: .infinity, rule: .batch, explanation: "As an old version put it."), "As an old version put it."),
        ])
    func noVerdict(_ threshold: Threshold, reason: String) throws {
        let outcome = FlagOutcome(flagged: 0, threshold: threshold)
        #expect(outcome.name == "no_verdict" && outcome.phrase == "no verdict: \(reason)")
        let absence = try #require(outcome.absence)
        #expect(absence.cause == .unknown || !absence.remedy.isEmpty)
    }

    @Test("Every cause has a sentence for people")
    func causes() {
        for count in 0...12 {
            #expect(NoThreshold.tooFewImages(count, least: 3).reason.hasSuffix("too few to tell what is normal."))
        }
    }
}
