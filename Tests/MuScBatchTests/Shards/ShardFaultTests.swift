import Foundation
import Goldens
import MuScBackbone
import MuScBatch
import Synchronization
import SystemPackage
import Testing

/// What goes wrong with plans and workers is told, or mended, and nothing is merged that is not whole.
@Suite struct ShardFaultTests {
    let fixture: ShardsFixture
    let files: [BatchFile]

    init() throws {
        fixture = try ShardsFixture()
        files = try fixture.batch()
    }

    /// Does all shards, and returns the merged scores.
    func finished() throws -> Inspection {
        let worker = try fixture.worker()
        for shard in 0..<4 { _ = try worker.run(shard) }
        return try worker.merged().inspection
    }

    func write(_ text: String, over path: FilePath) throws {
        try Data(text.utf8).write(to: URL(filePath: path.string))
    }

    @Test("A shard that is done answers at once, without reading an image")
    func done() throws {
        _ = try fixture.plan(files)
        let worker = try fixture.worker()
        _ = try worker.run(2)
        for file in files { try FileManager.default.removeItem(atPath: file.path.string) }
        #expect(try worker.run(2).wasDone)
    }

    @Test("Merging names all shards that are missing")
    func missing() throws {
        _ = try fixture.plan(files, shards: 12)
        let worker = try fixture.worker()
        for shard in [0, 5, 11] { _ = try worker.run(shard) }
        let error = #expect(throws: ShardError.self) { try worker.merged() }
        #expect(error?.description.contains("shards 1-4,6-10 of 12 are missing") == true, "\(error?.description ?? "")")
    }

    @Test("A worker stopped at any step goes on after what it published, with the same result")
    func interrupted() throws {
        let whole = try fixture.inspector.inspectWhole(files)
        _ = try fixture.plan(files, shards: 2)
        let worker = try fixture.worker()
        for limit in 0..<14 {
            let steps = Mutex(0)
            do {
                _ = try worker.run(0) { _ in
                    steps.withLock { steps in
                        steps += 1
                        return steps <= limit
                    }
                }
            } catch {
                #expect("\(error)".contains("stopped"))
            }
            #expect(throws: ShardError.self) { try worker.merged() }
        }
        let before = try fixture.shardFiles()
        #expect(!before.isEmpty)
        _ = try worker.run(0)
        _ = try worker.run(1)
        expectSame(try worker.merged().inspection, whole)
        // What was published stayed as it was.
        let after = try fixture.shardFiles()
        for (path, content) in before where path.extension == "safetensors" { #expect(after[path] == content, "\(path)") }
    }

    @Test("Two workers on one shard at the same time both come through")
    func twice() async throws {
        let whole = try fixture.inspector.inspectWhole(files)
        _ = try fixture.plan(files, shards: 1)
        let worker = try fixture.worker()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 { group.addTask { _ = try worker.run(0) } }
            try await group.waitForAll()
        }
        expectSame(try worker.merged().inspection, whole)
    }

    @Test("A file of a shard that is cut short or changed is named, and made again by its worker")
    func damagedShard() throws {
        _ = try fixture.plan(files)
        let whole = try finished()
        let worker = try fixture.worker()
        for (path, content) in try fixture.shardFiles() where path.string.contains("00002") {
            var changed = content
            changed[changed.count - 9] ^= 1
            for damaged in [content.prefix(content.count / 2), changed, Data()] {
                try damaged.write(to: URL(filePath: path.string))
                let error = #expect(throws: ShardError.self) { try worker.merged() }
                #expect(error?.description.contains("shard 2") == true, "\(error?.description ?? "")")
                #expect(error?.description.contains(path.string) == true, "\(error?.description ?? "")")
                #expect(try worker.run(2).wasDone == false)
                expectSame(try worker.merged().inspection, whole)
            }
        }
    }

    @Test("A judge's tokens that are damaged are made again")
    func damagedJudge() throws {
        let plan = try fixture.plan(files)
        let whole = try fixture.inspector.inspectWhole(files)
        _ = try fixture.worker().run(1)
        let judges = fixture.work.appending("judges-\(plan.id.prefix(16))")
        let names = try FileManager.default.contentsOfDirectory(atPath: judges.string).filter { $0.hasSuffix(".safetensors") }
        #expect(names.count == 5)
        for name in names { try write("damaged", over: judges.appending(name)) }
        expectSame(try finished(), whole)
    }

    @Test("A plan or list that was edited is refused, and so are results of another plan")
    func edited() throws {
        _ = try fixture.plan(files)
        _ = try finished()
        let path = fixture.work.appending("plan.json")
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path.string)), as: UTF8.self)
        try write(text.replacing("\"images\" : 23", with: "\"images\" : 22"), over: path)
        let error = #expect(throws: ShardError.self) { try ShardPlan(path: path) }
        #expect(error?.description.contains("was changed after the plan was made") == true)
        try write(String(text.prefix(text.count / 2)), over: path)
        #expect(throws: ShardError.self) { try ShardPlan(path: path) }

        // Another plan in its place, as if by hand: its shards are not these.
        try FileManager.default.removeItem(atPath: path.string)
        _ = try fixture.plan(files, judges: 6)
        let other = #expect(throws: ShardError.self) { try fixture.worker().merged() }
        #expect(other?.description.hasPrefix("shard 0: ") == true)
        #expect(other?.description.contains("another plan") == true)

        let list = fixture.work.appending("images.list")
        var names = try #require(FileManager.default.contents(atPath: list.string))
        names[0] = UInt8(ascii: "q")
        try names.write(to: URL(filePath: list.string))
        let listed = #expect(throws: ShardError.self) { _ = try fixture.worker().run(0) }
        #expect(listed?.description.contains("images.list") == true)
    }

    @Test("A plan of an earlier version is refused, and it is said that it is one")
    func earlier() throws {
        _ = try fixture.plan(files)
        let path = fixture.work.appending("plan.json")
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path.string)), as: UTF8.self)
        try write(text.replacing("\"format\" : \(ShardPlan.currentFormat)", with: "\"format\" : 1"), over: path)
        let error = #expect(throws: ShardError.self) { try ShardPlan(path: path) }
        let fault = "it is of format 1, and this program reads \(ShardPlan.currentFormat): make it with musc plan"
        #expect(error?.description.contains(fault) == true)
    }

    @Test("Planning again leaves the plan; another plan is refused")
    func again() throws {
        let first = try fixture.plan(files)
        #expect(try fixture.plan(files) == first)
        let error = #expect(throws: ShardError.self) { try fixture.plan(files, shards: 5) }
        #expect(error?.description.contains("holds another plan") == true)
    }

    @Test("Weights or settings that differ on a machine are refused, and named")
    func otherMachine() throws {
        _ = try fixture.plan(files)
        let weights = #expect(throws: ShardError.self) { try fixture.worker(weights: "def") }
        #expect(weights?.description.contains("SHA-256 def, the plan has abc") == true)
        let inspector = try InspectorTests.inspector {
            $0.judges = .count(5)
            $0.rscin = .never
            $0.recurringMarks = .ignore
            $0.degrees = [1, 3]
        }
        let settings = #expect(throws: ShardError.self) { try fixture.worker(inspector) }
        #expect(settings?.description.contains("scoring.r_list is 1,3, the plan has 1,3,5") == true)
        let threads = try InspectorTests.inspector {
            $0.judges = .count(5)
            $0.rscin = .never
            $0.recurringMarks = .ignore
            $0.threads = 1
        }
        #expect(throws: Never.self) { try fixture.worker(threads) }
    }

    @Test("A judge that is gone is named; any other image that is gone is listed as unreadable")
    func gone() throws {
        let plan = try fixture.plan(files)
        let judge = try #require(plan.judges.first)
        let other = try #require(files.indices.first { index in !plan.judges.contains { $0.position == index } })
        try FileManager.default.removeItem(atPath: files[other].path.string)
        let scores = try finished()
        #expect(scores.images[other].index == nil && scores.images[other].error?.isEmpty == false)

        try FileManager.default.removeItem(atPath: fixture.work.string)
        _ = try fixture.plan(files)
        try FileManager.default.removeItem(atPath: fixture.folder.appending(judge.name).string)
        let error = #expect(throws: ShardError.self) { try fixture.worker().run(3) }
        #expect(error?.description.hasPrefix("\(judge.name): judges by the plan") == true, "\(error?.description ?? "")")
    }

    @Test("There is no shard beyond the last")
    func noSuchShard() throws {
        _ = try fixture.plan(files)
        let error = #expect(throws: ShardError.self) { try fixture.worker().run(4) }
        #expect(error?.description.contains("from 0 to 3") == true)
    }
}
