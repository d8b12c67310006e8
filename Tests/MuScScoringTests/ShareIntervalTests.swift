import MuScScoring
import MuScSupport
import Testing

/// What a few spot checks say of all that was not flagged.
@Suite struct ShareIntervalTests {
    @Test("The interval is that of published tables")
    func tables() {
        // Limits of 95 %, two-sided, of the exact method: 0 of n reaches up to 1 − 0.025^(1/n).
        for (found, count, low, high) in [
            (0, 24, 0.0, 0.1425), (1, 48, 0.0005, 0.1107), (2, 20, 0.0123, 0.3170), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0),
            (3, 1000, 0.0006, 0.0087),
        ] {
            let interval = ShareInterval(found, of: count)
            #expect(abs(interval.low - low) < 1e-4 && abs(interval.high - high) < 1e-4, "\(interval)")
        }
        #expect(ShareInterval(0, of: 0) == ShareInterval(0, of: 0))
        #expect(ShareInterval(0, of: 0).low == 0 && ShareInterval(0, of: 0).high == 1)
    }

    @Test("Over 200 simulated lines the interval of what slips through covers the truth at least 95 times in 100")
    func coverage() {
        var generator = SeededGenerator(seed: 27)
        var covered = 0
        for _ in 0..<200 {
            // A line of 8 to 40 batches of 40 parts with its own scores: good parts, and defects that lie so far above.
            let batches = Int.random(in: 8...40, using: &generator)
            let defective = Double.random(in: 0...0.3, using: &generator)
            let shift = Double.random(in: 0...4, using: &generator)
            var (unflagged, slipped, checked, found) = (0, 0, 0, 0)
            for _ in 0..<batches {
                var parts: [(score: Double, isDefect: Bool)] = []
                for _ in 0..<40 {
                    let isDefect = Double.random(in: 0..<1, using: &generator) < defective
                    let noise = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
                    parts.append((noise + (isDefect ? shift : 0), isDefect))
                }
                let rest = parts.filter { $0.score < 1.7 }
                unflagged += rest.count
                slipped += rest.count { $0.isDefect }
                let drawn = rest.shuffled(using: &generator).prefix(3)
                checked += drawn.count
                found += drawn.count { $0.isDefect }
            }
            let truth = Double(slipped) / Double(max(unflagged, 1))
            let interval = ShareInterval(found, of: checked)
            if interval.low <= truth, truth <= interval.high { covered += 1 }
        }
        print("\(covered) of 200 lines are covered")
        #expect(covered >= 190)
    }
}
