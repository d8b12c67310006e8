import FoundationEssentials
import Goldens
import MuScBatch
import MuScImages
import SystemPackage
import Testing

/// Images of one part, whatever way their batch takes: divided among workers, in blocks, or with an image more or fewer.
@Suite struct SamePartRoutesTests {
    /// Parts of which some were photographed several times, and exact copies of photographs under other names.
    private func files(_ fixture: JudgesFixture) throws -> [BatchFile] {
        var files = try fixture.parts([3, 1, 2, 1, 1, 2, 1, 1, 1, 3, 1, 1, 2], defects: 1, in: "batch")
        for (name, copy) in [("part0_0.png", "part0_7.png"), ("part4_0.png", "part4_1.png"), ("part4_0.png", "z4.png")] {
            let place = fixture.folder.appending("batch")
            try Data(contentsOf: URL(filePath: place.appending(name).string)).write(to: URL(filePath: place.appending(copy).string))
            files.append(BatchFile(path: place.appending(copy), name: copy))
        }
        return files.sorted { $0.name < $1.name }
    }

    private static let patterns: [String?] = [nil, "(.*)_[0-9]+"]

    @Test("Plan, work and merge score groups as the whole batch at once does", arguments: patterns, [5, 9])
    func shards(pattern: String?, judges: Int) throws {
        let fixture = try ShardsFixture {
            $0.preset = .tuned
            $0.samePart = pattern.flatMap { PartPattern($0) }
            $0.judges = .count(judges)
        }
        let files = try files(fixture.images)
        let whole = try fixture.inspector.inspectWhole(files)
        #expect(Set(whole.images.compactMap(\.part)).count > 3)
        _ = try fixture.plan(files, judges: judges)
        let worker = try fixture.worker()
        for shard in (0..<4).reversed() { _ = try worker.run(shard) }
        let merged = try worker.merged().inspection
        #expect(Goldens.maximumDifference(merged.patchMaps, whole.patchMaps) < 1e-6)
        #expect(merged.images.map(\.part) == whole.images.map(\.part))
        #expect(merged.images.map(\.flagged) == whole.images.map(\.flagged))
        for (a, b) in zip(merged.images, whole.images) { #expect(abs((a.score ?? 0) - (b.score ?? 1)) < 1e-6, "\(a.name)") }
        #expect(abs(merged.threshold.value - whole.threshold.value) < 1e-6)
        #expect(merged.findings == whole.findings)
    }

    @Test("A twin, a copy or a stranger more, or the first of a group less, scores as a scoring from nothing", arguments: patterns)
    func oneMore(pattern: String?) throws {
        let fixture = try JudgesFixture {
            $0.preset = .tuned
            $0.samePart = pattern.flatMap { PartPattern($0) }
        }
        let all = try files(fixture)
        let nearest = NearestCache(
            TokenCache(folder: fixture.folder.appending("cache"), key: fixture.key), batch: fixture.folder.appending("batch"))
        func without(_ names: String...) -> [BatchFile] { all.filter { !names.contains($0.name) } }
        // The order of judges is by name, so that each of these may be the one that stands for its group.
        let batches = [
            without("part0_1.png", "part0_7.png", "z4.png", "part12_0.png"), without("part0_7.png", "z4.png", "part12_0.png"),
            without("z4.png", "part12_0.png"), without("part12_0.png"), all, without("part0_0.png"), without("part4_0.png"),
            without("part0_0.png", "part9_1.png", "part9_2.png"),
        ]
        for (number, batch) in batches.enumerated() {
            let tokens = try fixture.inspector.tokens(of: batch)
            let kept = try fixture.inspector.inspect(tokens, nearest: nearest)
            let anew = try fixture.inspector.inspect(tokens)
            #expect(Goldens.maximumDifference(kept.patchMaps, anew.patchMaps) == 0, "\(number)")
            #expect(kept.images.map(\.score) == anew.images.map(\.score), "\(number)")
            #expect(kept.images.map(\.part) == anew.images.map(\.part), "\(number)")
            #expect(kept.images.map(\.flagged) == anew.images.map(\.flagged), "\(number)")
            #expect(kept.findings == anew.findings, "\(number)")
        }
    }
}
