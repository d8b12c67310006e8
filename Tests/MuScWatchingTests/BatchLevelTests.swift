import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("Folders that are one batch together (watch.batch_level)", .serialized)
struct BatchLevelTests {
    @Test("A folder for each part is one batch, with the results in the folder above, and is scored once")
    func parts() async throws {
        let drop = try DropFolder()
        for part in 0..<4 { try drop.drop(1, in: "monday/kos0\(part)", startingAt: part) }
        try drop.drop(2, in: "")
        let scorer = TableScorer()
        let first = try await sweep(drop, scorer) { $0.batchLevel = 1 }
        #expect(first.done == 2)
        #expect(drop.scored("monday") == (0..<4).map { "kos0\($0)/part_\($0).ppm" })
        #expect(drop.scored("")?.count == 2)
        #expect(drop.scored("monday/kos01") == nil)
        let second = try await sweep(drop, scorer) { $0.batchLevel = 1 }
        #expect(second.done == 0 && second.waiting == 0)
        #expect(scorer.batches.count == 2)

        // One part more, and the whole is scored again.
        try drop.drop(1, in: "monday/kos04/deeper", startingAt: 9)
        #expect(try await sweep(drop, scorer) { $0.batchLevel = 1 }.done == 1)
        #expect(drop.scored("monday")?.last == "kos04/deeper/part_9.ppm")
    }

    @Test("With 0 the drop folder is one batch, with 2 each folder two below is, and none the other's results")
    func levels() async throws {
        let drop = try DropFolder()
        for day in 0..<2 { for hour in 0..<2 { try drop.drop(2, in: "line/day_\(day)/hour_\(hour)", startingAt: 4 * day + 2 * hour) } }
        let scorer = TableScorer()
        #expect(try await sweep(drop, scorer) { $0.batchLevel = 2 }.done == 2)
        #expect(drop.scored("line/day_0")?.count == 4 && drop.scored("line/day_1")?.count == 4)
        #expect(try await sweep(drop, scorer) { $0.batchLevel = 0 }.done == 1)
        #expect(drop.scored("")?.count == 8)
        // Those that were batches are so no longer.
        let batches = try WatchStatus.read(drop.ledger()).roots.first?.batches ?? []
        #expect(batches.map(\.folder) == [drop.root.string])
    }

    @Test("A watcher sees what is created, written, renamed and removed in the folders of a batch")
    func watches() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, change: { $0.batchLevel = 1 }) {
            for part in 0..<3 { try drop.drop(1, in: "b/p\(part)", startingAt: part) }
            #expect(await eventually { drop.scored("b")?.count == 3 })
            try drop.drop(1, in: "b/p3/late", startingAt: 3)
            #expect(await eventually { drop.scored("b")?.count == 4 })
            // Into a folder that is there and watched.
            try write(image(7), to: drop.path("b/p3/late/part_7.ppm"))
            #expect(await eventually { drop.scored("b")?.count == 5 })
            try move(drop.path("b/p0"), to: drop.path("b/q0"))
            // The same images under other names are another batch.
            #expect(await eventually { drop.scored("b")?.contains("q0/part_0.ppm") == true })
            // A folder moved in whole.
            let outside = try WatchFixtures.drop(2, in: drop.base.appending("outside"), startingAt: 20)
            try move(outside, to: drop.path("b/p9"))
            #expect(await eventually { drop.scored("b")?.count == 7 })
        }
        let batches = try WatchStatus.read(drop.ledger()).roots.first?.batches ?? []
        #expect(batches.map(\.folder) == [drop.path("b").string] && batches.first?.state == .done, "\(batches)")
    }

    @Test("An image that is written while its batch of folders is scored releases it, and nothing is published of it")
    func seal() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { batch in
            if batch.files.count == 3 { try write(image(50), to: batch.folder.appending("p1").appending("part_1.ppm")) }
            if batch.files.count == 3 { try drop.drop(1, in: "b/p3", startingAt: 3) }
        })
        for part in 0..<3 { try drop.drop(1, in: "b/p\(part)", startingAt: part) }
        let log = EventLog()
        try await watching(drop, scorer, log: log, change: { $0.batchLevel = 1 }) {
            #expect(await eventually { drop.scored("b")?.count == 4 })
        }
        #expect(log.events.contains("batch_changed"))
        #expect(scorer.batches.count == 1)
    }

    @Test(
        "A folder of a batch that may not be read keeps the batch back and is named; once it may, the batch is scored",
        .enabled(if: Machine.dropsRights, "root may read everything, and setpriv is not there"))
    func closed() async throws {
        let drop = try DropFolder()
        for part in 0..<3 { try drop.drop(1, in: "b/p\(part)", startingAt: part) }
        let inner = drop.path("b/p1")
        chmod(inner.string, 0)
        var wrapper: [String] = []
        if getuid() == 0 {
            run("chown", ["-R", "65534:65534", drop.base.string])
            wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        }
        let harness = try Harness("watch", drop, ["level=1"], wrapper: wrapper)
        #expect(await harness.said("folder_unreadable"))
        #expect(drop.scored("b") == nil)
        let told = try WatchStatus.read(Ledger(path: drop.ledgerPath, readOnly: true)).roots.first?.obstacles ?? []
        #expect(told.map(\.path) == [inner.string])
        chmod(inner.string, 0o755)
        #expect(await eventually { drop.scored("b")?.count == 3 }, "\(harness.text)")
        let after = try WatchStatus.read(Ledger(path: drop.ledgerPath, readOnly: true)).roots.first?.obstacles ?? []
        #expect(after.isEmpty, "\(after)")
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
    }

    @Test("Many folders of one image each are told of in log and status, with the key that makes them one batch")
    func scattered() async throws {
        let drop = try DropFolder()
        for part in 0..<12 { try drop.drop(1, in: "monday/kos_\(part)", startingAt: part) }
        let log = EventLog()
        let scorer = TableScorer()
        var configuration = try drop.configuration()
        _ = try await Sweep(configuration: configuration, ledger: drop.ledger(), scoring: scorer.scoring, logger: log.logger).run()
        #expect(log.events.filter { $0 == "folders_scattered" }.count == 1)
        let told = try WatchStatus.read(drop.ledger()).roots.first?.obstacles.first { $0.kind == .scattered }
        #expect(
            told?.reason.contains("12 folders") == true && told?.reason.contains("watch.batch_level: 1") == true, "\(told?.reason ?? "")")
        #expect(try status(drop, "monday/kos_3")?.standing == .alone)

        configuration.batchLevel = 1
        let second = try await Sweep(configuration: configuration, ledger: drop.ledger(), scoring: scorer.scoring, logger: log.logger).run()
        #expect(second.done == 1)
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.obstacles.contains { $0.kind == .scattered } == false)
    }
}
