import FoundationEssentials
import Glibc
import Goldens
import MuScBackbone
import MuScBatch
import SystemPackage
import Testing

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
    private func expectSame(_ a: Inspection, _ b: Inspection) {
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
            let tokens = try fixture.inspector.tokens(of: batch)
            let kept = try fixture.inspector.inspect(tokens, nearest: nearest)
            expectSame(kept, try fixture.inspector.inspect(tokens))
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
            let tokens = try fixture.inspector.tokens(of: Array(files[..<count]))
            let kept = try fixture.inspector.inspect(tokens, nearest: nearest)
            expectSame(kept, try fixture.inspector.inspect(tokens))
            // Scored again, nothing is written.
            expectSame(kept, try fixture.inspector.inspect(tokens, nearest: nearest))
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
            _ = try fixture.inspector.inspect(try fixture.inspector.tokens(of: Array(files[..<count])), nearest: nearest)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { $0.contains(".added-") }.sorted()
        #expect(names.count == 3)
        let file = folder.appending(try #require(names.dropFirst().first))
        try spoil(file, kind, orRemove: file)
        for count in [20, 18, 20] {
            let tokens = try fixture.inspector.tokens(of: Array(files[..<count]))
            expectSame(
                try fixture.inspector.inspect(tokens, nearest: nearest), try fixture.inspector.inspect(tokens))
        }
    }

    @Test("Known good images that come, go or stand out give the scores of a full scoring")
    func knownGood() throws {
        let fixture = try JudgesFixture()
        let good = try fixture.images(30, in: "good", odd: [7])
        let batch = try fixture.images(6, in: "batch", odd: [2], seed: 1)
        for count in [26, 30, 25] {
            let judges = [
                OutsideJudges(origin: .knownGood, tokens: try fixture.inspector.tokens(of: Array(good[..<count])))
            ]
            let tokens = try fixture.inspector.tokens(of: batch)
            let kept = try fixture.inspector.inspect(tokens, judgedBy: judges, nearest: nearest(fixture))
            expectSame(kept, try fixture.inspector.inspect(tokens, judgedBy: judges))
            #expect(kept.outsideJudgments.first?.standingOut == ["part7.png"])
        }
    }

    @Test("Lists that are damaged, foreign or gone count as none", arguments: 0..<4)
    func damage(kind: Int) throws {
        let fixture = try JudgesFixture()
        let tokens = try fixture.inspector.tokens(of: try fixture.images(14, in: "batch", odd: [3]))
        let anew = try fixture.inspector.inspect(tokens, nearest: nearest(fixture))
        let file = try #require(try lists(fixture).first)
        try spoil(file, kind, orRemove: fixture.folder.appending("cache"))
        expectSame(anew, try fixture.inspector.inspect(tokens, nearest: nearest(fixture)))
        expectSame(anew, try fixture.inspector.inspect(tokens, nearest: nearest(fixture)))
    }

    @Test("Lists keep to the cache's limit, and where they cannot be written nothing is lost")
    func limit() throws {
        let fixture = try JudgesFixture()
        let tokens = try fixture.inspector.tokens(of: try fixture.images(14, in: "batch", odd: [3]))
        let anew = try fixture.inspector.inspect(tokens)
        expectSame(anew, try fixture.inspector.inspect(tokens, nearest: nearest(fixture, byteLimit: 1000)))
        let place = fixture.folder.appending("file")
        try Data().write(to: URL(filePath: place.string))
        let nowhere = NearestCache(TokenCache(folder: place, key: fixture.key), batch: fixture.folder)
        expectSame(anew, try fixture.inspector.inspect(tokens, nearest: nowhere))
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
