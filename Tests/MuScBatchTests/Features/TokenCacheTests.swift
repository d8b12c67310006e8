import FoundationEssentials
import Glibc
import MuScBatch
import Testing

/// Tokens from the cache are those of the network.
@Suite struct TokenCacheTests {
    @Test("Scores are the same, to the bit, whether tokens came from the cache or not")
    func same() throws {
        let fixture = try JudgesFixture()
        let cache = TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key)
        let files = try fixture.images(5, in: "batch", odd: [1])
        let fresh = try fixture.inspector.tokens(of: files, cache: cache)
        let kept = try fixture.inspector.tokens(of: files, cache: cache)
        #expect(try fresh.layers.map { try $0.map { try $0.values() } } == (try kept.layers.map { try $0.map { try $0.values() } }))
        #expect(fresh.imageFeatures == kept.imageFeatures)
        #expect(kept.images.map { $0.size?.width } == fresh.images.map { $0.size?.width })
    }

    @Test("Tokens whose image feature is another, or whose network computes otherwise, are never taken for these")
    func keys() throws {
        let keys = try [
            JudgesFixture { $0.unitImageFeatures = false }.key, JudgesFixture { $0.unitImageFeatures = true }.key,
            JudgesFixture {
                $0.unitImageFeatures = true
                $0.rscin = .always
            }.key,
        ]
        #expect(keys[0].imageFeature == nil && keys[1].imageFeature == "token_mean" && keys[2].imageFeature == nil)
        #expect(Set(keys.map(\.description)).count == Set(keys).count && keys[1] != keys[2])
        // Keys that earlier versions wrote stay what they were.
        let text = String(decoding: try JSONEncoder().encode(keys[2]), as: UTF8.self)
        #expect(!text.contains("imageFeature") && !text.contains("positions"))
    }

    @Test("Tokens are found by whatever path leads to the file")
    func paths() throws {
        let fixture = try JudgesFixture()
        let cache = TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key)
        let files = try fixture.images(2, in: "batch")
        _ = try fixture.inspector.tokens(of: files, cache: cache)
        let link = fixture.folder.appending("link")
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "batch")
        func kept() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: cache.folder.string).count }
        _ = try fixture.inspector.tokens(of: files.map { BatchFile(path: link.appending($0.name), name: $0.name) }, cache: cache)
        #expect(try kept() == 2)
        // A copy is another file.
        let copy = fixture.folder.appending(files[0].name)
        try FileManager.default.copyItem(atPath: files[0].path.string, toPath: copy.string)
        _ = try fixture.inspector.tokens(of: [BatchFile(path: copy, name: files[0].name)], cache: cache)
        #expect(try kept() == 3)
    }

    @Test("Numbers that changed on the disk are noticed when they are read, and made again")
    func changedNumbers() throws {
        let fixture = try JudgesFixture()
        let folder = fixture.folder.appending("cache")
        let cache = TokenCache(folder: folder, key: fixture.key)
        let files = try fixture.images(4, in: "batch", odd: [1])
        let fresh = try fixture.inspector.tokens(of: files, cache: cache)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.appending(name).string)))
            bytes[bytes.count / 2] ^= 0x10
            try Data(bytes).write(to: URL(filePath: folder.appending(name).string))
        }
        let kept = try fixture.inspector.tokens(of: files, cache: cache)
        #expect(try fresh.layers.map { try $0.map { try $0.values() } } == (try kept.layers.map { try $0.map { try $0.values() } }))
        let scores = try fixture.inspector.inspect(kept)
        #expect(scores.patchMaps == (try fixture.inspector.inspect(fresh)).patchMaps)
        // Where the photograph is gone as well, somebody is told.
        let again = try fixture.inspector.tokens(of: files, cache: TokenCache(folder: folder, key: fixture.key))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            let file = folder.appending(name).string
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
            // All that follows the header, whose length the file begins with.
            let start = 8 + Int(bytes[0]) + Int(bytes[1]) << 8 + Int(bytes[2]) << 16
            let sevens = [UInt8](repeating: 7, count: bytes.count - start)
            let descriptor = open(file, O_WRONLY)
            #expect(pwrite(descriptor, sevens, sevens.count, start) == sevens.count)
            close(descriptor)
        }
        for file in files { try FileManager.default.removeItem(atPath: file.path.string) }
        #expect(throws: ScoringError.self) { try fixture.inspector.inspect(again) }
    }

    @Test("The cache keeps to its limit, and may be deleted or damaged")
    func limit() throws {
        let fixture = try JudgesFixture()
        let folder = fixture.folder.appending("cache")
        let files = try fixture.images(5, in: "batch")
        _ = try fixture.inspector.tokens(of: files, cache: TokenCache(folder: folder, key: fixture.key, byteLimit: 1))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.string).isEmpty)
        let cache = TokenCache(folder: folder, key: fixture.key)
        _ = try fixture.inspector.tokens(of: files, cache: cache)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.string) {
            #expect(truncate(folder.appending(name).string, 400) == 0)
        }
        #expect(try fixture.inspector.tokens(of: files, cache: cache).readable == 5)
    }
}
