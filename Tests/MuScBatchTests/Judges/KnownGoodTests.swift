import FoundationEssentials
import MuScBackbone
import MuScBatch
import MuScImages
import Testing

/// Known good images judge, set the threshold, and never cost a batch.
@Suite struct KnownGoodTests {
    @Test("Known good images judge alone, give p-values, and the odd image has the lowest")
    func judging() throws {
        let fixture = try JudgesFixture()
        let good = KnownGoodFolder(try #require(fixture.images(24, in: "good").first).path.removingLastComponent())
        let batch = try fixture.images(5, in: "batch", odd: [3], seed: 2)
        let judges = try #require(try good.content(for: fixture.inspector.network).judges)
        let scores = try fixture.inspector.inspectWhole(batch, judgedBy: [judges])
        #expect(scores.threshold.rule == .conformal)
        #expect(scores.images.allSatisfy { $0.pValue != nil })
        let odd = scores.images[3]
        #expect(scores.images.allSatisfy { ($0.pValue ?? 0) >= (odd.pValue ?? 1) })
        #expect(odd.pValue == Float(1) / 25)
        #expect(odd.flagged)
        #expect(scores.outsideJudgments.map(\.origin) == [.knownGood])
        #expect(scores.outsideJudgments.first?.besideBatch == false)
    }

    @Test("With known good images a batch of one image is scored")
    func single() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.inspector.tokens(of: try fixture.images(24, in: "good")))
        let scores = try fixture.inspector.inspectWhole(try fixture.images(1, in: "batch"), judgedBy: [judges])
        #expect(scores.images[0].score?.isFinite == true)
    }

    @Test("What the odd image's peak was compared with is among those that judged: known good images alone, or the batch")
    func evidence() throws {
        let fixture = try JudgesFixture()
        let files = try fixture.images(10, in: "batch", odd: [4])
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.inspector.tokens(of: try fixture.images(24, in: "good", seed: 1)))
        for (outside, origin) in [([judges], OutsideJudges.Origin.knownGood), ([], nil)] {
            let scores = try fixture.inspector.inspectWhole(files, judgedBy: outside)
            let ranked = scores.images.sorted { ($0.score ?? 0) > ($1.score ?? 0) }
            let evidence = try #require(scores.evidence.first)
            #expect(evidence.image == ranked.first?.name)
            #expect(Set(scores.evidence.map(\.image)).isSuperset(of: ranked.prefix(2).map(\.name)))
            #expect(evidence.places.count == 4 && evidence.places.allSatisfy { $0.origin == origin })
            // The fixture's known good images have the batch's names.
            if outside.isEmpty { #expect(!evidence.places.contains { $0.name == evidence.image }) }
            #expect(evidence.places.map(\.distance) == evidence.places.map(\.distance).sorted())
            for place in evidence.places {
                #expect((0..<place.width).contains(place.x) && (0..<place.height).contains(place.y))
                #expect(place.distance > 0 && place.distance < 2)
            }
        }
    }

    @Test("Fewer known good images than the rate asks for judge beside the batch and set a log-normal limit")
    func few() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.inspector.tokens(of: try fixture.images(10, in: "good")))
        let scores = try fixture.inspector.inspectWhole(try fixture.images(4, in: "batch", odd: [0], seed: 1), judgedBy: [judges])
        #expect(scores.images.map(\.flagged) == [true, false, false, false])
        #expect(scores.threshold.rule == .logNormal)
        #expect(scores.outsideJudgments.first?.besideBatch == true)
    }

    @Test("Too few known good images for any limit leave the threshold to the batch, and it is said")
    func tooFew() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.inspector.tokens(of: try fixture.images(3, in: "good")))
        let scores = try fixture.inspector.inspectWhole(try fixture.images(4, in: "batch", odd: [0], seed: 1), judgedBy: [judges])
        #expect(scores.threshold.rule == .batch)
        #expect(scores.findings.contains(.knownGoodTooFew(images: 3, least: 5)))
    }

    @Test("A bad image among the known good costs a warning that names it")
    func standingOut() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.inspector.tokens(of: try fixture.images(30, in: "good", odd: [7])))
        let scores = try fixture.inspector.inspectWhole(try fixture.images(5, in: "batch", odd: [1], seed: 1), judgedBy: [judges])
        #expect(scores.findings.contains(.knownGoodStandOut(["part7.png"])))
        #expect(scores.outsideJudgments.first?.standingOut == ["part7.png"])
        #expect(scores.images[1].flagged)
    }

    @Test("A folder that is missing, empty or holds text gives a warning and no judges")
    func unusable() throws {
        let fixture = try JudgesFixture()
        let missing = try KnownGoodFolder(fixture.folder.appending("nowhere")).content(for: fixture.inspector.network)
        #expect(missing.judges == nil)
        let nowhere = ListingError(folder: fixture.folder.appending("nowhere"), cause: .noSuchFileOrDirectory)
        #expect(missing.findings == [.knownGoodUnlisted(nowhere)])
        let empty = fixture.folder.appending("empty")
        try FileManager.default.createDirectory(atPath: empty.string, withIntermediateDirectories: true)
        let content = try KnownGoodFolder(empty).content(for: fixture.inspector.network)
        #expect(content.judges == nil)
        #expect(content.findings == [.knownGoodEmpty(empty)])
        try Data("not an image".utf8).write(to: URL(filePath: empty.appending("a.png").string))
        let text = try KnownGoodFolder(empty).content(for: fixture.inspector.network)
        #expect(text.judges == nil)
        #expect(text.findings.count == 2 && text.findings.last == .knownGoodUnused(empty))
        guard case .knownGoodUnreadable("a.png", let reason, others: 0)? = text.findings.first else {
            Issue.record("\(text.findings)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("A folder that changes is read again")
    func changing() throws {
        let fixture = try JudgesFixture()
        let files = try fixture.images(3, in: "good")
        let folder = KnownGoodFolder(files[0].path.removingLastComponent())
        #expect(try folder.content(for: fixture.inspector.network).judges?.count == 3)
        _ = try fixture.images(5, in: "good")
        #expect(try folder.content(for: fixture.inspector.network).judges?.count == 5)
        try FileManager.default.removeItem(atPath: files[0].path.string)
        #expect(try folder.content(for: fixture.inspector.network).judges?.count == 4)
    }

    @Test("Without judges from outside preset paper scores as ever")
    func paper() throws {
        let fixture = try JudgesFixture { settings in
            settings = ScoringSettings(preset: .paper, backbone: settings.backbone, threads: 2)
        }
        let batch = try fixture.images(6, in: "batch", odd: [2])
        let tokens = try fixture.inspector.tokens(of: batch)
        let plain = try fixture.inspector.inspectWhole(batch)
        let again = try fixture.inspector.inspect(tokens, judgedBy: [])
        #expect(plain.patchMaps == again.patchMaps)
        #expect(plain.images.allSatisfy { $0.pValue == nil })
        #expect(plain.rscin.applied)
    }
}
