import FoundationEssentials
import MuScBatch
import MuScScoring
import SystemPackage
import Testing

/// Copies of an image, under whatever name and wherever, never vouch for each other.
@Suite struct EqualImagesTests {
    /// Copies files under further names into the fixture's folder of that name.
    private func copies(of files: [BatchFile], times: Int, into name: String, _ fixture: JudgesFixture) throws -> [BatchFile] {
        let folder = fixture.folder.appending(name)
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        return try files.flatMap { file in
            try (0..<times).map { copy in
                let path = folder.appending("copy\(copy)_\(file.name)")
                try FileManager.default.copyItem(atPath: file.path.string, toPath: path.string)
                return BatchFile(path: path, name: path.lastComponent?.string ?? "")
            }
        }
    }

    @Test("A defective part that is there several times scores as it does once, whatever the image feature is", arguments: [1, 2, 3])
    func copiesOfDefects(times: Int) throws {
        let fixture = try JudgesFixture {
            $0.preset = .tuned
            $0.unitImageFeatures = times > 1
        }
        let files = try fixture.images(16, in: "batch", odd: [3, 9])
        let plain = try fixture.inspector.inspectWhole(files)
        let more = try copies(of: [files[3], files[9]], times: times, into: "copies", fixture)
        let scores = try fixture.inspector.inspectWhole(files + more)
        #expect(scores.images.prefix(16).map(\.score) == plain.images.map(\.score))
        #expect(scores.images.prefix(16).map(\.flagged) == plain.images.map(\.flagged))
        #expect(scores.threshold.value == plain.threshold.value)
        for copy in scores.images.dropFirst(16) {
            let original = plain.images[copy.name.hasSuffix(files[3].name) ? 3 : 9]
            #expect(copy.score == original.score && copy.flagged == original.flagged)
        }
        #expect(scores.images.map(\.index) == Array(0..<16 + 2 * times))
        #expect(scores.patchMaps.count == scores.images.count * scores.grid.count)
        #expect(
            scores.findings.contains { if case .copies(let groups) = $0 { groups.map(\.count) == [times + 1, times + 1] } else { false } })
    }

    @Test("In blocks too a copy of a judge is judged by the others alone")
    func blocks() throws {
        let fixture = try JudgesFixture { $0.preset = .tuned }
        let files = try fixture.images(16, in: "batch", odd: [3])
        let more = try copies(of: files, times: 1, into: "copies", fixture)
        let scores = try fixture.inspector.inspectInBlocks(files + more, judges: 8)
        for index in files.indices {
            #expect(scores.images[index].score == scores.images[16 + index].score)
        }
        let odd = try #require(scores.images[3].score)
        #expect(scores.images.filter { ($0.score ?? 0) >= odd }.count == 2)
    }

    @Test("Known good images in several copies promise as little as one copy of each")
    func knownGood() throws {
        let fixture = try JudgesFixture { $0.preset = .tuned }
        let good = try fixture.images(24, in: "good")
        let twice = good + (try copies(of: good, times: 1, into: "again", fixture))
        let batch = try fixture.images(8, in: "batch", odd: [0], seed: 1)
        func scores(_ judges: [BatchFile]) throws -> Inspection {
            try fixture.inspector.inspectWhole(
                batch, judgedBy: [OutsideJudges(origin: .knownGood, tokens: try fixture.inspector.tokens(of: judges))])
        }
        let (once, both) = (try scores(good), try scores(twice))
        #expect(both.images.map(\.score) == once.images.map(\.score))
        #expect(both.images.map(\.pValue) == once.images.map(\.pValue))
        #expect(both.threshold.value == once.threshold.value)
        #expect(both.findings.contains(.judgesLeftOut(.knownGood, copies: 24, ofBatch: 0)))
    }

    @Test("A batch that comes back under another path is not judged by its own past, nor remembered twice")
    func returned() throws {
        let fixture = try JudgesFixture { $0.preset = .tuned }
        let files = try fixture.images(10, in: "0900", odd: [2])
        let plain = try fixture.inspector.inspectWhole(files)
        let tokens = try fixture.inspector.tokens(of: files)
        let past = OutsideJudges(origin: .linePast, tokens: tokens)
        let again = try copies(of: files, times: 1, into: "0900_again", fixture)
        let scores = try fixture.inspector.inspectWhole(again, judgedBy: [past])
        #expect(scores.images.map(\.score) == plain.images.map(\.score))
        #expect(scores.images.map(\.flagged) == plain.images.map(\.flagged))
        #expect(scores.findings.contains(.judgesLeftOut(.linePast, copies: 0, ofBatch: 10)))

        let memory = LineMemory(
            folder: fixture.folder.appending("lines"), line: fixture.folder,
            key: TokenKey(fixture.inspector.network, weightsSHA256: "0"), capacity: 48)
        func remember(_ batch: String) throws {
            let candidates = tokens.images.compactMap { image in
                image.index.map { LineMemory.Candidate(image: image, of: tokens, at: $0) }
            }
            try memory.remember(
                candidates, of: fixture.folder.appending(batch), channels: fixture.inspector.settings.backbone.width)
        }
        try remember("0900")
        try remember("0900_again")
        #expect(memory.recall(for: "/elsewhere", patches: fixture.inspector.network.grid.count).tokens.readable == 10)
    }

    @Test("Preset paper lets copies judge, as the reference does")
    func paper() throws {
        let fixture = try JudgesFixture { $0.preset = .paper }
        let files = try fixture.images(8, in: "batch", odd: [3])
        let plain = try #require(try fixture.inspector.inspectWhole(files).images[3].score)
        let more = files + (try copies(of: [files[3]], times: 1, into: "copies", fixture))
        let scores = try fixture.inspector.inspectWhole(more)
        // Of the two nearest one is the copy, at no distance.
        #expect(try #require(scores.images[3].score) < 0.7 * plain)
    }
}
