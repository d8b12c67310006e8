import FoundationEssentials
import Glibc
import Goldens
import MuSc
import MuScBackbone
import MuScImages
import MuScScoring
import MuScTensors
import ScratchFolders
import SystemPackage
import Testing

/// A tiny random network and folders of small images.
struct JudgesFixture {
    private let scratch: ScratchFolder
    let folder: FilePath
    let scorer: BatchScorer
    let key: TokenKey

    init(_ change: (inout ScoringSettings) -> Void = { _ in }) throws {
        scratch = try ScratchFolder()
        folder = scratch.filePath
        scorer = try BatchScorerTests.scorer(change)
        key = TokenKey(scorer, weightsSHA256: "0")
    }

    /// Writes images that look alike, but for one corner of the odd ones.
    func images(_ count: Int, in name: String, odd: Set<Int> = [], seed: Int = 0) throws -> [BatchFile] {
        let place = folder.appending(name)
        try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
        return try (0..<count).map { index in
            var pixels: [UInt8] = []
            for y in 0..<60 {
                for x in 0..<60 {
                    let base = 90 + (x / 12 + y / 12) % 2 * 60 + (x * 7 + y * 3 + index * 5 + seed) % 9
                    let value = odd.contains(index) && x < 24 && y < 24 ? (x * y) % 200 + 40 : base
                    pixels += [UInt8(value), UInt8(value), UInt8(value)]
                }
            }
            let path = place.appending("part\(index).png")
            try Data(RGBImage(width: 60, height: 60, pixels: pixels).pngEncoded()).write(to: URL(filePath: path.string))
            return BatchFile(path: path, name: "part\(index).png")
        }
    }

    func memory(_ line: String = "line", capacity: Int = 6) -> LineMemory {
        LineMemory(folder: folder.appending("state"), line: folder.appending(line), key: key, capacity: capacity)
    }

    /// Remembers all images of a batch.
    func remember(_ files: [BatchFile], of batch: String, in memory: LineMemory) throws -> [String] {
        let tokens = try scorer.tokens(of: files)
        let candidates = try tokens.images.compactMap { image in
            try image.index.map { LineMemory.Candidate(image: image, tokens: try tokens.imageTokens($0)) }
        }
        return try memory.remember(
            candidates, of: folder.appending(batch), channels: scorer.settings.backbone.width)
    }

    func recalled(_ memory: LineMemory, for batch: String = "line/next") -> LineMemory.Recollection {
        memory.recall(for: folder.appending(batch), patches: scorer.grid.count)
    }

    /// Files of tokens that the memory holds.
    func tokenFiles() throws -> [FilePath] {
        let state = folder.appending("state")
        return try FileManager.default.contentsOfDirectory(atPath: state.string).flatMap { name in
            let place = state.appending(name)
            return try FileManager.default.contentsOfDirectory(atPath: place.string)
                .filter { $0.hasSuffix(".safetensors") }.sorted().map { place.appending($0) }
        }
    }
}

/// Known good images judge, set the threshold, and never cost a batch.
@Suite struct KnownGoodTests {
    @Test("Known good images judge alone, give p-values, and the odd image has the lowest")
    func judging() throws {
        let fixture = try JudgesFixture()
        let good = KnownGoodFolder(try #require(fixture.images(24, in: "good").first).path.removingLastComponent())
        let batch = try fixture.images(5, in: "batch", odd: [3], seed: 2)
        let judges = try #require(try good.content(for: fixture.scorer).judges)
        let scores = try fixture.scorer.score(batch, judgedBy: [judges])
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
            origin: .knownGood, tokens: try fixture.scorer.tokens(of: try fixture.images(24, in: "good")))
        let scores = try fixture.scorer.score(try fixture.images(1, in: "batch"), judgedBy: [judges])
        #expect(scores.images[0].score?.isFinite == true)
    }

    @Test("Fewer known good images than the rate asks for flag nothing, and the page says so")
    func tooFew() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.scorer.tokens(of: try fixture.images(10, in: "good")))
        let scores = try fixture.scorer.score(try fixture.images(4, in: "batch", odd: [0]), judgedBy: [judges])
        #expect(scores.images.allSatisfy { !$0.flagged })
        #expect(scores.threshold.explanation.contains("at least 19 known good images"))
        #expect(scores.outsideJudgments.first?.besideBatch == true)
    }

    @Test("A bad image among the known good costs a warning that names it")
    func standingOut() throws {
        let fixture = try JudgesFixture()
        let judges = OutsideJudges(
            origin: .knownGood, tokens: try fixture.scorer.tokens(of: try fixture.images(30, in: "good", odd: [7])))
        let scores = try fixture.scorer.score(try fixture.images(5, in: "batch", odd: [1], seed: 1), judgedBy: [judges])
        #expect(scores.notes.contains { $0.contains("part7.png") })
        #expect(scores.outsideJudgments.first?.standingOut == ["part7.png"])
        #expect(scores.images[1].flagged)
    }

    @Test("A folder that is missing, empty or holds text gives a warning and no judges")
    func unusable() throws {
        let fixture = try JudgesFixture()
        let missing = try KnownGoodFolder(fixture.folder.appending("nowhere")).content(for: fixture.scorer)
        #expect(missing.judges == nil)
        #expect(missing.warnings.first?.contains("there is no such folder") == true)
        let empty = fixture.folder.appending("empty")
        try FileManager.default.createDirectory(atPath: empty.string, withIntermediateDirectories: true)
        let content = try KnownGoodFolder(empty).content(for: fixture.scorer)
        #expect(content.judges == nil)
        #expect(content.warnings.first?.contains("30 to 50") == true)
        try Data("not an image".utf8).write(to: URL(filePath: empty.appending("a.png").string))
        let text = try KnownGoodFolder(empty).content(for: fixture.scorer)
        #expect(text.judges == nil)
        #expect(text.warnings.first?.contains("a.png") == true)
    }

    @Test("A folder that changes is read again")
    func changing() throws {
        let fixture = try JudgesFixture()
        let files = try fixture.images(3, in: "good")
        let folder = KnownGoodFolder(files[0].path.removingLastComponent())
        #expect(try folder.content(for: fixture.scorer).judges?.count == 3)
        _ = try fixture.images(5, in: "good")
        #expect(try folder.content(for: fixture.scorer).judges?.count == 5)
        try FileManager.default.removeItem(atPath: files[0].path.string)
        #expect(try folder.content(for: fixture.scorer).judges?.count == 4)
    }

    @Test("Without judges from outside preset paper scores as ever")
    func paper() throws {
        let fixture = try JudgesFixture { settings in
            settings = ScoringSettings(preset: .paper, backbone: settings.backbone, threads: 2)
        }
        let batch = try fixture.images(6, in: "batch", odd: [2])
        let tokens = try fixture.scorer.tokens(of: batch)
        let plain = try fixture.scorer.score(batch)
        let again = try fixture.scorer.scores(of: tokens, judgedBy: [])
        #expect(plain.patchMaps == again.patchMaps)
        #expect(plain.images.allSatisfy { $0.pValue == nil })
        #expect(plain.rscin.applied)
    }
}

/// What a line remembers survives rescoring, damage and strangers.
@Suite struct LineMemoryTests {
    @Test("A memory stays within its capacity, and offering a batch again changes nothing")
    func sampling() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory(capacity: 6)
        for batch in 0..<3 {
            let name = "line/b\(batch)"
            let files = try fixture.images(5, in: name, seed: batch)
            #expect(try fixture.remember(files, of: name, in: memory) == [])
        }
        let first = fixture.recalled(memory)
        #expect(first.tokens.readable == 6)
        #expect(first.problems == [])
        let files = (0..<5).map {
            BatchFile(path: fixture.folder.appending("line").appending("b1").appending("part\($0).png"), name: "part\($0).png")
        }
        _ = try fixture.remember(files, of: "line/b1", in: memory)
        #expect(Set(fixture.recalled(memory).tokens.images.map(\.path)) == Set(first.tokens.images.map(\.path)))
        #expect(try fixture.tokenFiles().count == 6)
    }

    @Test("A batch is never judged by its own remembered images")
    func ownImages() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(4, in: "line/b0"), of: "line/b0", in: memory)
        #expect(fixture.recalled(memory, for: "line/b0").tokens.readable == 0)
        #expect(fixture.recalled(memory, for: "line/b1").tokens.readable == 4)
    }

    @Test("Remembered tokens differ from fresh ones by rounding alone")
    func precision() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        let files = try fixture.images(2, in: "line/b0")
        _ = try fixture.remember(files, of: "line/b0", in: memory)
        let fresh = try fixture.scorer.tokens(of: files)
        let recalled = fixture.recalled(memory).tokens
        for (index, image) in recalled.images.enumerated() {
            let original = try #require(fresh.images.firstIndex { $0.path == image.path })
            for layer in fresh.layers.indices {
                let largest = try fresh.layers[layer][original].values().reduce(0) { max($0, abs($1)) }
                for (a, b) in zip(try fresh.layers[layer][original].values(), try recalled.layers[layer][index].values()) {
                    #expect(abs(a - b) <= abs(a) / 2048 + largest * 1e-9)
                }
            }
        }
    }

    @Test("Truncated, foreign and deleted files are set aside with a message, and the rest is remembered", arguments: 0..<3)
    func damage(kind: Int) throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(4, in: "line/b0"), of: "line/b0", in: memory)
        let victim = try #require(try fixture.tokenFiles().first)
        switch kind {
        case 0: #expect(truncate(victim.string, 1000) == 0)
        case 1: try Data("something else entirely".utf8).write(to: URL(filePath: victim.string))
        default: try FileManager.default.removeItem(atPath: victim.string)
        }
        let recalled = fixture.recalled(memory)
        #expect(recalled.tokens.readable == 3)
        #expect(recalled.problems.count == 1)
        #expect(recalled.problems.first?.contains("set aside") == true)
        #expect(try fixture.remember(try fixture.images(4, in: "line/b1", seed: 1), of: "line/b1", in: memory) == [])
        #expect(fixture.recalled(memory).tokens.readable >= 3)
    }

    @Test("A flipped bit is noticed")
    func flippedBit() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(2, in: "line/b0"), of: "line/b0", in: memory)
        let victim = try #require(try fixture.tokenFiles().first)
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: victim.string)))
        bytes[bytes.count - 5] ^= 4
        try Data(bytes).write(to: URL(filePath: victim.string))
        #expect(fixture.recalled(memory).tokens.readable == 1)
    }

    @Test("A damaged index is set aside, and the memory begins anew")
    func damagedIndex() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(3, in: "line/b0"), of: "line/b0", in: memory)
        let index = try #require(try fixture.tokenFiles().first).removingLastComponent().appending("line.json")
        try Data("{\"format\": 1, \"li".utf8).write(to: URL(filePath: index.string))
        let recalled = fixture.recalled(memory)
        #expect(recalled.tokens.readable == 0)
        #expect(recalled.problems.first?.contains("begins anew") == true)
        _ = try fixture.remember(try fixture.images(3, in: "line/b1"), of: "line/b1", in: memory)
        #expect(fixture.recalled(memory).tokens.readable == 3)
    }

    @Test("A state folder that cannot be written is told of, and nothing is lost")
    func unwritable() throws {
        let fixture = try JudgesFixture()
        try Data().write(to: URL(filePath: fixture.folder.appending("state").string))
        let files = try fixture.images(2, in: "line/b0")
        let error = #expect(throws: LineMemoryError.self) {
            try fixture.remember(files, of: "line/b0", in: fixture.memory())
        }
        #expect(error?.description.contains("results are whole") == true)
        #expect(fixture.recalled(fixture.memory()).tokens.readable == 0)
    }

    @Test("Lines are listed and forgotten")
    func lines() throws {
        let fixture = try JudgesFixture()
        let memory = fixture.memory()
        _ = try fixture.remember(try fixture.images(3, in: "line/b0"), of: "line/b0", in: memory)
        let lines = LineMemory.lines(in: fixture.folder.appending("state"))
        #expect(lines.map(\.images.count) == [3])
        #expect(lines.first?.line == fixture.folder.appending("line").string)
        #expect(try LineMemory.forget(fixture.folder.appending("line"), in: fixture.folder.appending("state")) == 3)
        #expect(LineMemory.lines(in: fixture.folder.appending("state")).isEmpty)
    }

    @Test("A small batch is judged by both itself and its line's past")
    func smallBatch() throws {
        let fixture = try JudgesFixture()
        let past = OutsideJudges(
            origin: .linePast, tokens: try fixture.scorer.tokens(of: try fixture.images(24, in: "line/b0")))
        let scores = try fixture.scorer.score(try fixture.images(6, in: "line/b1", odd: [2], seed: 1), judgedBy: [past])
        #expect(scores.outsideJudgments.first?.judged == true)
        #expect(scores.outsideJudgments.first?.besideBatch == true)
        #expect(scores.threshold.explanation.contains("nobody has checked"))
        #expect(scores.images[2].flagged)
    }
}

/// Tokens from the cache are those of the network.
@Suite struct TokenCacheTests {
    @Test("Scores are the same, to the bit, whether tokens came from the cache or not")
    func same() throws {
        let fixture = try JudgesFixture()
        let cache = TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key)
        let files = try fixture.images(5, in: "batch", odd: [1])
        let fresh = try fixture.scorer.tokens(of: files, cache: cache)
        let kept = try fixture.scorer.tokens(of: files, cache: cache)
        #expect(try fresh.layers.map { try $0.map { try $0.values() } } == (try kept.layers.map { try $0.map { try $0.values() } }))
        #expect(fresh.imageFeatures == kept.imageFeatures)
        #expect(kept.images.map { $0.size?.width } == fresh.images.map { $0.size?.width })
    }

    @Test("Tokens are found by whatever path leads to the file")
    func paths() throws {
        let fixture = try JudgesFixture()
        let cache = TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key)
        let files = try fixture.images(2, in: "batch")
        _ = try fixture.scorer.tokens(of: files, cache: cache)
        let link = fixture.folder.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "batch")
        func kept() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: cache.folder.string).count }
        _ = try fixture.scorer.tokens(of: files.map { BatchFile(path: link.appending($0.name), name: $0.name) }, cache: cache)
        #expect(try kept() == 2)
        // A copy is another file.
        let copy = fixture.folder.appending(files[0].name)
        try FileManager.default.copyItem(atPath: files[0].path.string, toPath: copy.string)
        _ = try fixture.scorer.tokens(of: [BatchFile(path: copy, name: files[0].name)], cache: cache)
        #expect(try kept() == 3)
    }

    @Test("Numbers that changed on the disk are noticed when they are read, and made again")
    func changedNumbers() throws {
        let fixture = try JudgesFixture()
        let folder = fixture.folder.appending("cache")
        let cache = TokenCache(folder: folder, key: fixture.key)
        let files = try fixture.images(4, in: "batch", odd: [1])
        let fresh = try fixture.scorer.tokens(of: files, cache: cache)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.appending(name).string)))
            bytes[bytes.count / 2] ^= 0x10
            try Data(bytes).write(to: URL(filePath: folder.appending(name).string))
        }
        let kept = try fixture.scorer.tokens(of: files, cache: cache)
        #expect(try fresh.layers.map { try $0.map { try $0.values() } } == (try kept.layers.map { try $0.map { try $0.values() } }))
        let scores = try fixture.scorer.scores(of: kept)
        #expect(scores.patchMaps == (try fixture.scorer.scores(of: fresh)).patchMaps)
        // Where the photograph is gone as well, somebody is told.
        let again = try fixture.scorer.tokens(of: files, cache: TokenCache(folder: folder, key: fixture.key))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            let file = folder.appending(name).string
            let descriptor = open(file, O_WRONLY)
            #expect(pwrite(descriptor, [UInt8](repeating: 7, count: 64), 64, Int(try Data(contentsOf: URL(filePath: file)).count / 2)) == 64)
            close(descriptor)
        }
        for file in files { try FileManager.default.removeItem(atPath: file.path.string) }
        #expect(throws: ScoringError.self) { try fixture.scorer.scores(of: again) }
    }

    @Test("The cache keeps to its limit, and may be deleted or damaged")
    func limit() throws {
        let fixture = try JudgesFixture()
        let folder = fixture.folder.appending("cache")
        let files = try fixture.images(5, in: "batch")
        _ = try fixture.scorer.tokens(of: files, cache: TokenCache(folder: folder, key: fixture.key, byteLimit: 1))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.string).isEmpty)
        let cache = TokenCache(folder: folder, key: fixture.key)
        _ = try fixture.scorer.tokens(of: files, cache: cache)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            #expect(truncate(folder.appending(name).string, 400) == 0)
        }
        #expect(try fixture.scorer.tokens(of: files, cache: cache).readable == 5)
    }
}

/// A batch that is scored again with a few images more or fewer is scored as if anew.
@Suite struct NearestCacheTests {
    private func nearest(_ fixture: JudgesFixture, byteLimit: Int = 2 << 30) -> NearestCache {
        NearestCache(
            TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key, byteLimit: byteLimit),
            batch: fixture.folder.appending("batch"))
    }

    private func lists(_ fixture: JudgesFixture) throws -> [FilePath] {
        let folder = fixture.folder.appending("cache")
        return try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { $0.hasSuffix(".nearest") }
            .map { folder.appending($0) }
    }

    /// To the bit: products are in fp32.
    private func expectSame(_ a: BatchScores, _ b: BatchScores) {
        #expect(Goldens.maximumDifference(a.patchMaps, b.patchMaps) == 0)
        for (first, second) in zip(a.images, b.images) {
            #expect(first.score == second.score && first.score != nil)
            #expect(first.flagged == second.flagged)
            #expect(first.pValue == second.pValue)
        }
    }

    @Test("Images added, removed and changed give the scores of a full scoring", arguments: ScoringSettings.Preset.allCases)
    func comingAndGoing(preset: ScoringSettings.Preset) throws {
        let fixture = try JudgesFixture { settings in
            settings = ScoringSettings(preset: preset, backbone: settings.backbone, threads: 2)
        }
        let files = try fixture.images(24, in: "batch", odd: [3])
        let changed = try fixture.images(24, in: "changed", odd: [5], seed: 3)
        let nearest = nearest(fixture)
        for batch in [Array(files[..<20]), Array(files[..<21]), Array(files[2..<21]), [changed[5]] + Array(files[3..<24])] {
            let tokens = try fixture.scorer.tokens(of: batch)
            let kept = try fixture.scorer.scores(of: tokens, nearest: nearest)
            expectSame(kept, try fixture.scorer.scores(of: tokens))
        }
        #expect(try lists(fixture).count == 1)
    }

    @Test("Images that are added are kept in small files beside the lists, until there are too many of these")
    func additions() throws {
        let fixture = try JudgesFixture()
        let files = try fixture.images(34, in: "batch", odd: [3])
        let nearest = nearest(fixture)
        let folder = fixture.folder.appending("cache")
        func inode(_ path: FilePath) -> UInt64 {
            var status = stat()
            return stat(path.string, &status) == 0 ? UInt64(status.st_ino) : 0
        }
        func additions() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { $0.contains(".added-") }.sorted()
        }
        var lists: FilePath?
        var first: UInt64 = 0
        for count in 24...34 {
            let tokens = try fixture.scorer.tokens(of: Array(files[..<count]))
            let kept = try fixture.scorer.scores(of: tokens, nearest: nearest)
            expectSame(kept, try fixture.scorer.scores(of: tokens))
            // Scored again, nothing is written.
            expectSame(kept, try fixture.scorer.scores(of: tokens, nearest: nearest))
            let file = try #require(try self.lists(fixture).first)
            if count == 24 { (lists, first) = (file, inode(file)) }
            #expect(file == lists)
            #expect((inode(file) == first) == (count < 33), "\(count) images")
            #expect(try additions().count == (count < 33 ? count - 24 : count - 33))
        }
    }

    @Test("Additions that are damaged, missing or foreign count as none", arguments: 0..<4)
    func damagedAdditions(kind: Int) throws {
        let fixture = try JudgesFixture()
        let files = try fixture.images(20, in: "batch", odd: [3])
        let nearest = nearest(fixture)
        let folder = fixture.folder.appending("cache")
        for count in 16...19 {
            _ = try fixture.scorer.scores(of: try fixture.scorer.tokens(of: Array(files[..<count])), nearest: nearest)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { $0.contains(".added-") }.sorted()
        #expect(names.count == 3)
        let file = folder.appending(try #require(names.dropFirst().first))
        try spoil(file, kind, orRemove: file)
        for count in [20, 18, 20] {
            let tokens = try fixture.scorer.tokens(of: Array(files[..<count]))
            expectSame(
                try fixture.scorer.scores(of: tokens, nearest: nearest), try fixture.scorer.scores(of: tokens))
        }
    }

    @Test("Known good images that come, go or stand out give the scores of a full scoring")
    func knownGood() throws {
        let fixture = try JudgesFixture()
        let good = try fixture.images(30, in: "good", odd: [7])
        let batch = try fixture.images(6, in: "batch", odd: [2], seed: 1)
        for count in [26, 30, 25] {
            let judges = [
                OutsideJudges(origin: .knownGood, tokens: try fixture.scorer.tokens(of: Array(good[..<count])))
            ]
            let tokens = try fixture.scorer.tokens(of: batch)
            let kept = try fixture.scorer.scores(of: tokens, judgedBy: judges, nearest: nearest(fixture))
            expectSame(kept, try fixture.scorer.scores(of: tokens, judgedBy: judges))
            #expect(kept.outsideJudgments.first?.standingOut == ["part7.png"])
        }
    }

    @Test("Lists that are damaged, foreign or gone count as none", arguments: 0..<4)
    func damage(kind: Int) throws {
        let fixture = try JudgesFixture()
        let tokens = try fixture.scorer.tokens(of: try fixture.images(14, in: "batch", odd: [3]))
        let anew = try fixture.scorer.scores(of: tokens, nearest: nearest(fixture))
        let file = try #require(try lists(fixture).first)
        try spoil(file, kind, orRemove: fixture.folder.appending("cache"))
        expectSame(anew, try fixture.scorer.scores(of: tokens, nearest: nearest(fixture)))
        expectSame(anew, try fixture.scorer.scores(of: tokens, nearest: nearest(fixture)))
    }

    @Test("Lists keep to the cache's limit, and where they cannot be written nothing is lost")
    func limit() throws {
        let fixture = try JudgesFixture()
        let tokens = try fixture.scorer.tokens(of: try fixture.images(14, in: "batch", odd: [3]))
        let anew = try fixture.scorer.scores(of: tokens)
        expectSame(anew, try fixture.scorer.scores(of: tokens, nearest: nearest(fixture, byteLimit: 1000)))
        let place = fixture.folder.appending("file")
        try Data().write(to: URL(filePath: place.string))
        let nowhere = NearestCache(TokenCache(folder: place, key: fixture.key), batch: fixture.folder)
        expectSame(anew, try fixture.scorer.scores(of: tokens, nearest: nowhere))
    }
}

/// Cuts a file short, puts another in its place, changes bytes of it, or removes what is named beside it.
private func spoil(_ file: FilePath, _ kind: Int, orRemove place: FilePath) throws {
    switch kind {
    case 0: #expect(truncate(file.string, 3000) == 0)
    case 1: try Data("something else".utf8).write(to: URL(filePath: file.string))
    case 2:
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: file.string)))
        for place in stride(from: bytes.count / 2, to: bytes.count, by: 97) { bytes[place] ^= 0x55 }
        try Data(bytes).write(to: URL(filePath: file.string))
    default: try FileManager.default.removeItem(atPath: place.string)
    }
}
