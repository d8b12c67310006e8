import Foundation
import Goldens
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import Synchronization
import SystemPackage
import Testing

/// A batch of small images, its plan and its workers, with a tiny random network.
struct ShardsFixture {
    let images: JudgesFixture
    var inspector: Inspector { images.inspector }
    var folder: FilePath { images.folder.appending("batch") }
    var work: FilePath { images.folder.appending("work") }

    init(_ change: @escaping (inout ScoringSettings) -> Void = { _ in }) throws {
        images = try JudgesFixture { settings in
            settings.judges = .count(5)
            settings.rscin = .never
            settings.recurringMarks = .ignore
            change(&settings)
        }
    }

    func batch(_ count: Int = 23, odd: Set<Int> = [4, 17]) throws -> [BatchFile] {
        try images.images(count, in: "batch", odd: odd).sorted { $0.name < $1.name }
    }

    func request(_ files: [BatchFile], shards: Int = 4, judges: Int = 5) -> ShardPlanRequest {
        var request = ShardPlanRequest(
            folder: folder, files: files, work: work, shards: shards, judges: judges, weightsSHA256: "abc", version: "1")
        request.part = 3
        return request
    }

    func plan(_ files: [BatchFile], shards: Int = 4, judges: Int = 5) throws -> ShardPlan {
        try ShardPlan.make(request(files, shards: shards, judges: judges), for: inspector.network)
    }

    /// The worker of a machine: it knows of the plan what the file says.
    func worker(_ inspector: Inspector? = nil, weights: String = "abc") throws -> ShardWork {
        try ShardWork(
            ShardPlan(path: work.appending(ShardPlan.fileName)), in: work, network: (inspector ?? self.inspector).network,
            weightsSHA256: weights)
    }

    /// Files of the shards that are done, by their paths.
    func shardFiles() throws -> [FilePath: Data] {
        let shards = work.appending("shards")
        let names = try #require(FileManager.default.subpaths(atPath: shards.string))
        return Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                FileManager.default.contents(atPath: shards.pushing(FilePath(name)).string).map {
                    (shards.pushing(FilePath(name)), $0)
                }
            })
    }
}

func expectSame(_ a: Inspection, _ b: Inspection, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(a.images.map(\.name) == b.images.map(\.name), sourceLocation: sourceLocation)
    #expect(a.patchMaps.count == b.patchMaps.count, sourceLocation: sourceLocation)
    let difference = zip(a.patchMaps, b.patchMaps).map { abs($0 - $1) }.max() ?? 0
    #expect(difference < 1e-6, sourceLocation: sourceLocation)
    for (x, y) in zip(a.images, b.images) {
        #expect(abs((x.score ?? -1) - (y.score ?? -1)) < 1e-6, "\(x.name)", sourceLocation: sourceLocation)
        #expect(abs((x.pValue ?? -1) - (y.pValue ?? -1)) < 1e-6, "\(x.name)", sourceLocation: sourceLocation)
        #expect(x.flagged == y.flagged && x.error == y.error, "\(x.name)", sourceLocation: sourceLocation)
        #expect(x.peak?.x == y.peak?.x && x.peak?.y == y.peak?.y, "\(x.name)", sourceLocation: sourceLocation)
    }
    // What peaks were compared with: of the same images as far as a part knew that they stand out, and the same places.
    let places = Dictionary(b.evidence.map { ($0.image, $0.places) }, uniquingKeysWith: { first, _ in first })
    #expect(!a.evidence.isEmpty && a.evidence.first?.image == b.evidence.first?.image, sourceLocation: sourceLocation)
    for evidence in a.evidence {
        let expected = places[evidence.image] ?? []
        #expect(evidence.places.map(\.name) == expected.map(\.name), "\(evidence.image)", sourceLocation: sourceLocation)
        for (x, y) in zip(evidence.places, expected) {
            #expect(
                x.origin == y.origin && x.x == y.x && x.y == y.y && abs(x.distance - y.distance) < 1e-5, "\(evidence.image)",
                sourceLocation: sourceLocation)
        }
    }
    // Infinite where nothing can be flagged.
    #expect(
        a.threshold.value == b.threshold.value || abs(a.threshold.value - b.threshold.value) < 1e-6,
        sourceLocation: sourceLocation)
    #expect(a.threshold.rule == b.threshold.rule, sourceLocation: sourceLocation)
    #expect(a.findings == b.findings, sourceLocation: sourceLocation)
    #expect(a.imageFeatures == b.imageFeatures, sourceLocation: sourceLocation)
}

/// Scores do not depend on how a batch is divided.
@Suite struct ShardScoresTests {
    @Test("In int8 too the scores do not depend on how a batch is divided", arguments: [1, 4, 30])
    func fast(shards: Int) throws {
        let fixture = try ShardsFixture { $0.precision = .fast }
        let files = try fixture.batch()
        let blocks = try fixture.inspector.inspectInBlocks(files, judges: 5)
        _ = try fixture.plan(files, shards: shards)
        let worker = try fixture.worker()
        for shard in 0..<shards { _ = try worker.run(shard) }
        expectSame(try worker.merged().inspection, blocks)
    }

    @Test("Where marks that recur would count, the results say that nobody looked for them")
    func marks() throws {
        let fixture = try ShardsFixture { $0.recurringMarks = .count }
        let scores = try fixture.inspector.inspectInBlocks(try fixture.batch(), judges: 5)
        #expect(scores.findings.contains(.marksUnsearchedInBlocks))
    }

    @Test("Shards, blocks and the whole batch at once give the same scores", arguments: [1, 4, 30])
    func same(shards: Int) throws {
        let fixture = try ShardsFixture()
        let files = try fixture.batch()
        let whole = try fixture.inspector.inspectWhole(files)
        expectSame(try fixture.inspector.inspectInBlocks(files, judges: 5), whole)
        _ = try fixture.plan(files, shards: shards)
        let worker = try fixture.worker()
        for shard in (0..<shards).reversed() { #expect(try worker.run(shard).wasDone == false) }
        expectSame(try worker.merged().inspection, whole)
        #expect(whole.findings.contains(.chosenJudges(Finding.JudgesChosen(judges: 5, images: 23))))
    }

    @Test("RsCIN is applied when the shards are put together")
    func rscin() throws {
        let fixture = try ShardsFixture { $0.rscin = .always }
        let files = try fixture.batch()
        _ = try fixture.plan(files)
        let worker = try fixture.worker()
        for shard in 0..<4 { _ = try worker.run(shard) }
        let merged = try worker.merged().inspection
        #expect(merged.rscin.applied)
        expectSame(merged, try fixture.inspector.inspectWhole(files))
    }

    @Test("Damaged images cost themselves alone, and change no judge", arguments: [2, 30])
    func damaged(judges: Int) throws {
        let fixture = try ShardsFixture { $0.judges = .count(judges) }
        let files = try fixture.batch()
        for index in [0, 5, 11, 12] {
            let path = files[index].path.string
            let content = try #require(FileManager.default.contents(atPath: path))
            // The last two lose their headers as well.
            try content.prefix(index < 11 ? content.count / 2 : 4).write(to: URL(filePath: path))
        }
        let whole = try fixture.inspector.inspectWhole(files)
        #expect(whole.images.count { $0.index == nil } == 4)
        expectSame(try fixture.inspector.inspectInBlocks(files, judges: judges), whole)
        let plan = try fixture.plan(files, judges: judges)
        #expect(plan.findings == [.undecodable(Finding.LeftOutFiles(count: 2, of: 23, example: files[11].name))])
        let worker = try fixture.worker()
        for shard in 0..<4 { _ = try worker.run(shard) }
        var merged = try worker.merged().inspection
        #expect(merged.findings.first == plan.findings.first)
        merged.findings.removeFirst()
        expectSame(merged, whole)
    }

    @Test("Known good images judge, set the threshold, and those that stand out are left out", arguments: [6, 24])
    func knownGood(count: Int) throws {
        let fixture = try ShardsFixture()
        let files = try fixture.batch()
        let good = try fixture.images.images(count, in: "good", odd: count > 20 ? [7] : [], seed: 3)
        let outside = try #require(
            KnownGoodFolder(fixture.images.folder.appending("good")).content(for: fixture.inspector.network).judges)
        let whole = try fixture.inspector.inspectWhole(files, judgedBy: [outside])
        expectSame(try fixture.inspector.inspectInBlocks(files, judges: 5, judgedBy: [outside]), whole)
        var request = fixture.request(files)
        request.knownGood = try ImageListing.images(in: good[0].path.removingLastComponent())
        let plan = try ShardPlan.make(request, for: fixture.inspector.network)
        #expect(plan.judges.count == (count > 20 ? count : count + 5))
        let worker = try fixture.worker()
        for shard in 0..<4 { _ = try worker.run(shard) }
        let merged = try worker.merged().inspection
        expectSame(merged, whole)
        #expect(merged.outsideJudgments == whole.outsideJudgments)
        #expect(merged.threshold.rule == (count > 20 ? .conformal : .logNormal))
    }

    @Test("The line's past sets the threshold of a large batch")
    func linePast() throws {
        let fixture = try ShardsFixture { $0.falseAlarmRate = 0.2 }
        let memory = fixture.images.memory(capacity: 8)
        _ = try fixture.images.remember(try fixture.images.images(8, in: "line/past", seed: 5), of: "line/past", in: memory)
        let past = fixture.images.recalled(memory).tokens
        #expect(past.readable == 8)
        let files = try fixture.batch()
        let whole = try fixture.inspector.inspectWhole(files, judgedBy: [OutsideJudges(origin: .linePast, tokens: past)])
        var request = fixture.request(files)
        request.linePast = past
        _ = try ShardPlan.make(request, for: fixture.inspector.network)
        let worker = try fixture.worker()
        for shard in 0..<4 { _ = try worker.run(shard) }
        expectSame(try worker.merged().inspection, whole)
        #expect(whole.threshold.rule == .conformal)
    }

    @Test("Too few judges are told before any worker starts")
    func tooFew() throws {
        let fixture = try ShardsFixture()
        let files = try fixture.batch(3, odd: [])
        for file in files.dropFirst() { try Data("text".utf8).write(to: URL(filePath: file.path.string)) }
        let error = #expect(throws: ShardError.self) { try fixture.plan(files) }
        #expect(error?.description.contains("1 image of the batch can judge") == true)
        #expect(throws: ScoringError.self) { try fixture.inspector.inspectInBlocks(files, judges: 5) }
    }
}
