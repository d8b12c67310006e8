import FoundationEssentials
import Glibc
import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport
import MuScVerdicts
import SystemPackage
import Testing

/// What people found of parts decides who judges the next ones.
@Suite struct LineVerdictsTests {
    let fixture: JudgesFixture
    var line: FilePath { fixture.folder.appending("line") }
    var memories: FilePath { fixture.folder.appending("state") }

    init() throws { fixture = try JudgesFixture() }

    private func say(
        _ answer: PartVerdict.Answer, _ images: [String], in batch: String, origin: PartVerdict.Origin = .hand,
        at: String = "2026-11-24T09:00:00Z"
    ) throws {
        let folder = line.appending(batch)
        try VerdictsFile(in: folder).append(
            images.map {
                PartVerdict(
                    image: $0, content: SHA256.digest(ofFile: folder.appending($0)), answer: answer, origin: origin, by: "Ann", at: at)
            })
    }

    private func inspect(_ batch: String, capacity: Int = 24) throws -> Inspection {
        let past = LinePast(memories: memories, line: line, capacity: capacity)
        return try fixture.inspector.inspect(try Batch(line.appending(batch)), linePast: past)
    }

    private func names(_ range: Range<Int>) -> [String] { range.map { "part\($0).png" } }

    @Test("Parts that were found good judge the line's next batch, in place of its unchecked past, and it is said")
    func good() throws {
        _ = try fixture.images(16, in: "line/a")
        _ = try fixture.images(6, in: "line/b", seed: 40)
        try inspect("a").remember()
        #expect(try inspect("b").outsideJudgments.map(\.origin) == [.linePast])
        try say(.good, names(0..<4), in: "a", origin: .spotCheck)
        let few = try inspect("b", capacity: 12)
        #expect(few.outsideJudgments.map(\.origin) == [.foundGood, .linePast])
        #expect(few.outsideJudgments.map(\.images.count) == [4, 8])
        #expect(few.outsideJudgments.first?.calibrating == 0)
        let said = Finding.FoundGoodJudged(parts: 4, spotChecks: 4, least: 5, promise: 20, setThreshold: false)
        #expect(few.findings.contains(.foundGoodJudged(said)))
        // Its own parts judge it as they ever did.
        #expect(try inspect("a", capacity: 12).outsideJudgments.isEmpty)
    }

    @Test("Photographs may go once a batch was judged by them; what nobody ever saw is told of")
    func gone() throws {
        _ = try fixture.images(6, in: "line/a")
        _ = try fixture.images(4, in: "line/b", seed: 40)
        try say(.good, names(0..<3), in: "a")
        let before = try inspect("b")
        #expect(before.outsideJudgments.first?.images.count == 3)
        try say(.good, names(3..<4), in: "a", at: "2026-11-25T09:00:00Z")
        // The register has read the fourth verdict, and the folder goes before its tokens are taken.
        _ = LineVerdicts(of: line, memories: memories)
        try FileManager.default.removeItem(atPath: line.appending("a").string)
        let after = try inspect("b")
        #expect(after.outsideJudgments == before.outsideJudgments)
        #expect(after.images.map(\.score) == before.images.map(\.score))
        #expect(after.findings.contains(.foundGoodMissing(name: "a/part3.png", others: 0)))
        try LineMemory.forget(line, in: memories)
        #expect(LineVerdicts(of: line, memories: memories).parts.isEmpty)
    }

    @Test("Who deletes a file of verdicts takes them back; who changes one changes them")
    func changed() throws {
        _ = try fixture.images(4, in: "line/a")
        try say(.good, names(0..<2), in: "a")
        #expect(LineVerdicts(of: line, memories: memories).good.count == 2)
        try say(.defect, names(1..<2), in: "a", at: "2026-11-25T09:00:00Z")
        let changed = LineVerdicts(of: line, memories: memories)
        #expect(changed.good.map(\.verdict.image) == ["part0.png"] && changed.barred(in: line.appending("a")) == ["part1.png"])
        unlink(VerdictsFile(in: line.appending("a")).path.string)
        #expect(LineVerdicts(of: line, memories: memories).parts.isEmpty)
    }

    @Test("An image that was found defective judges in no batch, its own included, and is no longer remembered")
    func defects() throws {
        // Two odd parts vouch for each other.
        _ = try fixture.images(8, in: "line/a", odd: [2, 5])
        _ = try fixture.images(4, in: "line/b", seed: 40)
        func score(_ inspection: Inspection, _ name: String) -> Float { inspection.images.first { $0.name == name }?.score ?? 0 }
        let before = try inspect("a")
        try before.remember()
        try say(.defect, ["part2.png"], in: "a")
        let after = try inspect("a")
        #expect(after.barred == ["part2.png"] && after.findings.contains(.defectsBarred(1)))
        #expect(score(after, "part5.png") > score(before, "part5.png"))
        #expect(!after.memorable.contains { $0.name == "part2.png" })
        let past = try inspect("b").outsideJudgments.flatMap(\.images)
        #expect(!past.isEmpty && !past.contains("a/part2.png"))
        // The same in blocks, where a number of images judges.
        let files = try Batch(line.appending("a")).files
        let six = fixture.inspector.with(fixture.inspector.settings.judging(.count(5)))
        let whole = try six.inspectWhole(files, barred: ["part2.png"])
        let blocks = try six.inspectInBlocks(files, judges: 5, barred: ["part2.png"])
        #expect(blocks.barred == ["part2.png"])
        for (one, other) in zip(whole.images, blocks.images) { #expect(abs((one.score ?? 0) - (other.score ?? 1)) < 1e-4) }
    }

    @Test("A copy of a defective image does not judge either")
    func copies() throws {
        _ = try fixture.images(8, in: "line/a", odd: [2])
        let folder = line.appending("a")
        try FileManager.default.copyItem(atPath: folder.appending("part2.png").string, toPath: folder.appending("copy.png").string)
        try say(.defect, ["part2.png"], in: "a")
        #expect(try inspect("a").barred == ["copy.png", "part2.png"])
    }

    @Test("Only spot checks set the threshold: none below five, a log-normal limit up to 19, conformal from 20 on")
    func calibration() throws {
        let tokens = try fixture.inspector.tokens(of: try fixture.images(26, in: "good"))
        let batch = try fixture.images(6, in: "batch", odd: [0], seed: 1)
        for (sample, rule) in [(0, "batch"), (4, "batch"), (5, "log-normal"), (19, "log-normal"), (20, "conformal"), (26, "conformal")] {
            let judges = OutsideJudges(origin: .foundGood, tokens: tokens, sample: sample)
            let inspection = try fixture.inspector.inspectWhole(batch, judgedBy: [judges])
            #expect(inspection.threshold.rule.rawValue == rule, "\(sample)")
            // So few never set it higher than the batch's own scores would.
            let own = BatchThreshold.threshold(for: inspection.images.compactMap(\.score)).value
            #expect(rule != "log-normal" || inspection.threshold.value <= own + 1e-6, "\(sample)")
            #expect(inspection.outsideJudgments.first?.calibrating == (sample < 5 ? 0 : sample))
            #expect(inspection.outsideJudgments.first?.judged == true)
        }
    }

    @Test("Parts that were found good judge alone from 40 on; known good ones among them from 20 on, whatever is found")
    func alone() throws {
        let tokens = try fixture.inspector.tokens(of: try fixture.images(40, in: "good"))
        let batch = try fixture.images(6, in: "batch", odd: [0], seed: 1)
        let cases = [(0, 39, false), (0, 40, true), (19, 20, false), (19, 21, true), (20, 0, true), (20, 5, true)]
        for (knownGood, foundGood, alone) in cases {
            var judges: [OutsideJudges] = []
            let known = tokens.selecting(Array(0..<knownGood))
            let found = tokens.selecting(Array(knownGood..<knownGood + foundGood))
            if knownGood > 0 { judges.append(OutsideJudges(origin: .knownGood, tokens: known)) }
            if foundGood > 0 { judges.append(OutsideJudges(origin: .foundGood, tokens: found, sample: foundGood)) }
            let inspection = try fixture.inspector.inspectWhole(batch, judgedBy: judges)
            #expect(inspection.outsideJudgments.allSatisfy { $0.judged && $0.besideBatch != alone }, "\(knownGood) \(foundGood)")
        }
    }

    @Test("A mark that was found good on three parts is no longer anomalous")
    func benign() throws {
        // The three nearest judges decide, as with a backbone for which that was measured.
        let fixture = try JudgesFixture {
            $0.interval = MutualScoring.Interval(upper: 0.05)
            $0.minimumJudges = 3
        }
        let marked = try fixture.inspector.tokens(of: try fixture.images(6, in: "marked", odd: Set(0..<6)))
        let plain = try fixture.inspector.tokens(of: try fixture.images(40, in: "plain", seed: 90))
        let batch = try fixture.images(8, in: "batch", odd: [3], seed: 1)
        let scores = try (0...3).map { known in
            let judges = OutsideJudges(
                origin: .foundGood, tokens: plain.appending(marked.selecting(Array(0..<known))), sample: plain.readable)
            let inspection = try fixture.inspector.inspectWhole(batch, judgedBy: [judges])
            let image = inspection.images[3]
            let usual = inspection.images.filter { $0.name != image.name }.compactMap(\.score).max() ?? 0
            return (score: image.score ?? 0, isFlagged: image.flagged, usual: usual)
        }
        #expect(scores[0].isFlagged && scores[1].isFlagged && scores[2].isFlagged)
        // Then it is like other parts, of which a few always score a little more than the threshold.
        #expect(scores[2].score > 2 * scores[2].usual && scores[3].score < 1.2 * scores[3].usual)
    }

    @Test("A mark that recurs scores above all others until three parts with it were found good, in blocks too")
    func benignThatRecurs() throws {
        let fixture = try JudgesFixture {
            $0.interval = MutualScoring.Interval(upper: 0.05)
            $0.minimumJudges = 3
            $0.recurringMarks = .count
        }
        let odd: Set<Int> = [1, 4, 9, 13]
        let marked = try fixture.inspector.tokens(of: try fixture.images(4, in: "marked", odd: Set(0..<4), seed: 7))
        let plain = try fixture.inspector.tokens(of: try fixture.images(5, in: "plain", seed: 90))
        let batch = try fixture.images(24, in: "batch", odd: odd, seed: 1)
        func inspect(_ known: Int, plain count: Int = 5) throws -> Inspection {
            let good = plain.selecting(Array(0..<count)).appending(marked.selecting(Array(0..<known)))
            return try fixture.inspector.inspectWhole(batch, judgedBy: [OutsideJudges(origin: .foundGood, tokens: good, sample: 0)])
        }
        func lowest(_ inspection: Inspection) -> Float { odd.compactMap { inspection.images[$0].score }.min() ?? 0 }
        func others(_ inspection: Inspection) -> Float {
            inspection.images.indices.filter { !odd.contains($0) }.compactMap { inspection.images[$0].score }.max() ?? 0
        }
        let all = try (0...4).map { try inspect($0) }
        for (known, inspection) in all.enumerated() {
            let mark = inspection.recurring.first { Set($0.parts.map(\.image)) == odd }
            // Marks that differ a little from part to part may be counted on too few of them, never on too many.
            #expect(known > 1 || mark != nil, "\(known)")
            #expect((mark?.foundGood ?? 0) <= min(known, 2), "\(known)")
            #expect(known == 3 || (lowest(inspection) > others(inspection)) == (known < 3), "\(known)")
        }
        #expect(lowest(all[3]) < lowest(all[2]))
        // Where the good parts lack the mark, it is penalised as if nobody had said anything.
        var ignoring = fixture.inspector.settings
        ignoring.recurringMarks = .ignore
        let bare = try fixture.inspector.with(ignoring).inspectWhole(
            batch, judgedBy: [OutsideJudges(origin: .foundGood, tokens: plain, sample: 0)])
        #expect(lowest(all[0]) > 1.2 * lowest(bare))
        // Three of many that judge are the last word in blocks too.
        let wide = try JudgesFixture { $0.interval = MutualScoring.Interval(upper: 0.5) }
        let judges = OutsideJudges(origin: .foundGood, tokens: plain.appending(marked), sample: 0)
        let counted = wide.inspector.with(wide.inspector.settings.judging(.count(9)))
        let whole = try counted.inspectWhole(batch, judgedBy: [judges])
        let blocks = try counted.inspectInBlocks(batch, judges: 9, judgedBy: [judges])
        for (one, other) in zip(whole.images, blocks.images) { #expect(abs((one.score ?? 0) - (other.score ?? 1)) < 1e-4) }
        #expect(lowest(whole) < lowest(try counted.inspectWhole(batch, judgedBy: [])))
    }

    @Test("Of many parts that were found good the latest half stays, and of the rest those that differ most")
    func various() {
        let features: [[Float]] = [[1, 0], [1, 0.01], [1, 0.02], [1, 0.03], [0, 1], [1, 0.04], [-1, 0.2], [1, 0.05]]
        #expect(FoundGood.various(features, from: 1, count: 4) == [1, 2, 4, 6])
    }

    @Test("Spot checks are drawn from all that has no verdict until enough were not flagged, the same whenever the batch is scored")
    func spotChecks() throws {
        _ = try fixture.images(12, in: "line/a", odd: [4])
        let inspection = try inspect("a")
        func draw(_ count: Int, _ inspection: Inspection, of batch: String = "a") -> SpotChecks {
            SpotChecks(count, from: inspection, of: line.appending(batch))
        }
        let drawn = draw(3, inspection)
        let again = draw(3, try inspect("a"))
        #expect(drawn.unflagged.count == 3 && again == drawn)
        #expect(Set(drawn.unflagged).isDisjoint(with: inspection.images.filter(\.flagged).map(\.name)))
        try say(.good, Array(drawn.unflagged.prefix(1)), in: "a", origin: .spotCheck)
        let next = draw(3, try inspect("a"))
        #expect(next.unflagged.prefix(2) == drawn.unflagged.dropFirst())
        #expect(draw(3, inspection, of: "z") != drawn)
        let none = draw(0, inspection)
        #expect(none.unflagged.isEmpty && none.flagged.isEmpty)
    }

    @Test("A flagged image is drawn along as often as one that was not flagged is drawn")
    func flaggedSpotChecks() throws {
        _ = try fixture.images(12, in: "line/a")
        var inspection = try inspect("a")
        for index in inspection.images.indices { inspection.images[index].flagged = index % 4 == 0 }
        var (flagged, unflagged) = (0, 0)
        for batch in 0..<3000 {
            let drawn = SpotChecks(2, from: inspection, of: line.appending("\(batch)"))
            #expect(drawn.unflagged.count + drawn.flagged.count <= 4)
            (flagged, unflagged) = (flagged + drawn.flagged.count, unflagged + drawn.unflagged.count)
        }
        // 3 of 12 are flagged: of each ten drawn some 2.3 (2 · 3 / 10 for 2 that were not, and fewer where the draw ends at four).
        #expect((0.20...0.25).contains(Double(flagged) / Double(flagged + unflagged)), "\(flagged) of \(flagged + unflagged)")
        // Where all are flagged, they are not to be the sample.
        for index in inspection.images.indices { inspection.images[index].flagged = true }
        #expect(SpotChecks(2, from: inspection, of: line).flagged.count == 4)
    }

    @Test("Flagged parts that were drawn and found good set the threshold with the spot checks, other flagged ones do not")
    func drawnFlaggedCalibrate() throws {
        _ = try fixture.images(14, in: "line/a")
        _ = try fixture.images(8, in: "line/b", seed: 40)
        try say(.good, names(0..<4), in: "a", origin: .spotCheck)
        try say(.good, names(4..<6), in: "a", origin: .top)
        #expect(try inspect("b").outsideJudgments.first?.calibrating == 0)
        try say(.good, names(6..<7), in: "a", origin: .flaggedSpotCheck)
        let inspection = try inspect("b")
        #expect(inspection.outsideJudgments.first?.calibrating == 5)
        #expect(inspection.outsideJudgments.first?.images.prefix(5).last == "a/part6.png")
    }
}

extension ScoringSettings {
    fileprivate func judging(_ judges: Judges) -> ScoringSettings {
        var settings = self
        settings.judges = judges
        return settings
    }
}
