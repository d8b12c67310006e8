import FoundationEssentials
import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport
import SystemPackage
import Testing

/// Photographs of one part do not judge each other: by their looks, and by their names.
@Suite struct SamePartTests {
    private func fixture(pattern: String? = nil, _ change: (inout ScoringSettings) -> Void = { _ in }) throws -> JudgesFixture {
        try JudgesFixture {
            $0.preset = .tuned
            $0.samePart = pattern.flatMap { PartPattern($0) }
            change(&$0)
        }
    }

    @Test("Defects photographed again and again score and rank as once", arguments: [2, 3], [nil, "(.*)_[0-9]+"])
    func bursts(times: Int, pattern: String?) throws {
        let fixture = try fixture(pattern: pattern)
        let once = try fixture.parts([Int](repeating: 1, count: 16), defects: 2, in: "once")
        let again = try fixture.parts([times, times] + [Int](repeating: 1, count: 14), defects: 2, in: "again")
        let plain = try fixture.inspector.inspectWhole(once)
        let scores = try fixture.inspector.inspectWhole(again)
        for image in plain.images {
            let same = try #require(scores.images.first { $0.name == image.name })
            #expect(abs((same.score ?? 0) - (image.score ?? 0)) < 0.05, "\(image.name)")
        }
        let lowest = try #require(
            scores.images.filter { $0.name.hasPrefix("part0_") || $0.name.hasPrefix("part1_") }.compactMap(\.score).min())
        #expect(scores.images.count { ($0.score ?? 0) >= lowest } == 2 * times)
        #expect(scores.images.filter { $0.name.hasPrefix("part1_") }.allSatisfy { $0.part == (pattern == nil ? "part1_0.png" : "part1") })
        #expect(scores.images.last?.part == (pattern == nil ? nil : "part15"))
    }

    @Test("A batch without twins scores the same to the byte as where nobody looks for them")
    func none() throws {
        let fixture = try fixture()
        let files = try fixture.parts([Int](repeating: 1, count: 14), defects: 1, in: "batch")
        let scores = try fixture.inspector.inspectWhole(files)
        #expect(!scores.findings.contains { if case .twins = $0 { true } else { false } })
        #expect(scores.images.allSatisfy { $0.part == nil })
        let named = try self.fixture(pattern: "^(nothing)$")
        let again = try named.inspector.inspectWhole(files)
        #expect(again.patchMaps == scores.patchMaps)
        #expect(again.findings.contains(.settingWithoutEffect(key: "judges.same_part", .namesWithoutPart)))
    }

    @Test("Blocks score parts as the whole batch at once does", arguments: [nil, "(.*)_[0-9]+"])
    func blocks(pattern: String?) throws {
        let fixture = try fixture(pattern: pattern) {
            $0.judges = .count(9); $0.recurringMarks = .ignore
        }
        let files = try fixture.parts([3, 1, 2, 1, 1, 2, 1, 1, 1, 3, 1, 1, 2], defects: 1, in: "batch")
        let whole = try fixture.inspector.inspectWhole(files)
        let blocks = try fixture.inspector.inspectInBlocks(files, judges: 9)
        for (a, b) in zip(whole.images, blocks.images) {
            #expect(abs((a.score ?? 0) - (b.score ?? 1)) < 1e-5, "\(a.name)")
            #expect(a.flagged == b.flagged)
        }
    }

    @Test("Known good parts photographed twice promise as much as photographed once", arguments: [nil, "(.*)_[0-9]+"])
    func knownGood(pattern: String?) throws {
        let fixture = try fixture(pattern: pattern)
        let batch = try fixture.parts([Int](repeating: 1, count: 6), defects: 1, in: "batch", seed: 1)
        func scores(_ shots: Int) throws -> Inspection {
            let good = try fixture.parts([Int](repeating: shots, count: 24), in: "good\(shots)", seed: 2)
                .map { BatchFile(path: $0.path, name: "good-\($0.name)") }
            return try fixture.inspector.inspectWhole(
                batch, judgedBy: [OutsideJudges(origin: .knownGood, tokens: try fixture.inspector.tokens(of: good))])
        }
        let (once, twice) = (try scores(1), try scores(2))
        #expect(twice.findings.contains(.knownGoodParts(24, images: 48)))
        #expect(abs(twice.threshold.value - once.threshold.value) < 0.03)
        #expect(zip(twice.images, once.images).allSatisfy { abs(($0.score ?? 0) - ($1.score ?? 1)) < 0.02 })
        #expect(twice.threshold.explanation.contains("24 known good parts"))
        // Ten parts are no more than ten, however often they were photographed.
        let few = try fixture.parts([Int](repeating: 3, count: 10), in: "few", seed: 3)
            .map { BatchFile(path: $0.path, name: "good-\($0.name)") }
        let beside = try fixture.inspector.inspectWhole(
            batch, judgedBy: [OutsideJudges(origin: .knownGood, tokens: try fixture.inspector.tokens(of: few))])
        #expect(beside.outsideJudgments.first?.besideBatch == true)
    }

    @Test("Where all images show one part, each is judged by the others, and it is said")
    func oneOnly() throws {
        let fixture = try fixture(pattern: "(part)")
        let files = try fixture.parts([Int](repeating: 1, count: 6), in: "batch")
        let scores = try fixture.inspector.inspectWhole(files)
        #expect(scores.findings.contains(.partsIgnored))
        #expect(scores.images.allSatisfy { $0.score != nil })
    }

    @Test("Blank images are scored and named, and judge nobody")
    func blank() throws {
        let fixture = try fixture()
        let files = try fixture.parts([Int](repeating: 1, count: 12), defects: 1, in: "batch")
        let plain = try fixture.inspector.inspectWhole(files)
        let dark = try (0..<5).map { index in
            let path = fixture.folder.appending("batch/dark\(index).png")
            var pixels = [UInt8](repeating: 0, count: 56 * 56 * 3)
            pixels[index] = 1
            try Data(RGBImage(width: 56, height: 56, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "dark\(index).png")
        }
        let scores = try fixture.inspector.inspectWhole(files + dark)
        #expect(scores.images.prefix(12).map(\.score) == plain.images.map(\.score))
        #expect(scores.images.prefix(12).map(\.flagged) == plain.images.map(\.flagged))
        #expect(scores.images.suffix(5).allSatisfy { $0.score != nil })
        guard case .blank(let named)? = scores.findings.first(where: { if case .blank = $0 { true } else { false } }) else {
            Issue.record("\(scores.findings)")
            return
        }
        #expect(named.map(\.name) == dark.map(\.name))
        let good = try fixture.parts([Int](repeating: 1, count: 20), in: "good", seed: 4)
        let judged = try fixture.inspector.inspectWhole(
            files, judgedBy: [OutsideJudges(origin: .knownGood, tokens: try fixture.inspector.tokens(of: good + dark.prefix(1)))])
        #expect(judged.findings.contains(.blankJudges(.knownGood, ["dark0.png"])))
        #expect(judged.outsideJudgments.first?.images.count == 20)
    }

    @Test("A pattern needs a capture", arguments: [("(.*)_[0-9]+", true), ("[0-9]+", false), ("(", false), ("a(b)|c", true)])
    func patterns(text: String, isOne: Bool) { #expect((PartPattern(text) != nil) == isOne) }
}
