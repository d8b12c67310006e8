import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

@Suite("What becomes of batches", .serialized)
struct BatchTests {
    @Test("Images that arrive late lead to what the configuration says", arguments: NewImagesPolicy.allCases)
    func lateImages(policy: NewImagesPolicy) async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, change: { $0.onNewImages = policy }) {
            try drop.drop(3, in: "a")
            #expect(await eventually { scorer.batches.count == 1 })
            try drop.drop(2, in: "a", startingAt: 3)
            switch policy {
            case .rescore:
                #expect(await eventually { drop.scored("a")?.count == 5 })
                #expect(scorer.batches.count == 2)
            case .newBatch:
                #expect(await eventually { drop.scored("a", results: "_musc-2") == ["part_3.ppm", "part_4.ppm"] })
                #expect(drop.scored("a")?.count == 3)
                try drop.drop(2, in: "a", startingAt: 5)
                #expect(await eventually { drop.scored("a", results: "_musc-3")?.count == 2 })
            case .ignore:
                try await Task.sleep(for: .seconds(1))
                #expect(drop.scored("a")?.count == 3)
                #expect(scorer.batches.count == 1)
            }
        }
        // And a sweep agrees that nothing is left to do.
        let count = scorer.batches.count
        _ = try await sweep(drop, scorer) { $0.onNewImages = policy }
        #expect(scorer.batches.count == count)
    }

    @Test("Images deleted or moved away after scoring change nothing, nor does their return")
    func deletedAfterwards() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let archive = drop.base.appending("archived.ppm")
        try await watching(drop, scorer) {
            let folder = try drop.drop(4, in: "a")
            #expect(await eventually { scorer.batches.count == 1 })
            try move(folder.appending("part_0.ppm"), to: archive)
            try await Task.sleep(for: .milliseconds(700))
            try move(archive, to: folder.appending("part_0.ppm"))
            try await Task.sleep(for: .milliseconds(700))
        }
        #expect(scorer.batches.count == 1)
    }

    @Test("Images deleted before scoring are not scored, and a batch that vanishes is forgotten")
    func deletedBefore() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 1) {
            let folder = try drop.drop(4, in: "a")
            let gone = try drop.drop(3, in: "b")
            try await Task.sleep(for: .milliseconds(200))
            unlink(folder.appending("part_1.ppm").string)
            run("rm", ["-r", gone.string])
            #expect(await eventually { drop.scored("a") == ["part_0.ppm", "part_2.ppm", "part_3.ppm"] })
        }
        #expect(scorer.batches.count == 1)
        let batches = try WatchStatus.read(drop.ledger()).roots.first?.batches
        #expect(batches?.map(\.folder) == [drop.path("a").string])
    }

    @Test("A batch removed while it is scored is forgotten, and scored where it went")
    func removedWhileScored() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { batch in
            if batch.folder.lastComponent == "a" { try move(batch.folder, to: batch.root.appending("b")) }
        })
        try await watching(drop, scorer) {
            try drop.drop(3, in: "a")
            #expect(await eventually { drop.scored("b")?.count == 3 })
        }
        #expect(!exists(drop.path("a")))
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.counts["done"] == 1)
    }

    @Test("An image that changes while its batch is scored leads to another score, and only that is published")
    func changedWhileScored() async throws {
        let drop = try DropFolder()
        let tries = Mutex(0)
        let scorer = TableScorer(before: { batch in
            let isFirst = tries.withLock { tries in
                tries += 1
                return tries == 1
            }
            if isFirst { try write(image(99) + [1], to: batch.folder.appending("part_0.ppm")) }
        })
        try await watching(drop, scorer, scored: "a") {
            try await Task.sleep(for: .milliseconds(600))
        }
        #expect(tries.withLock { $0 } == 2)
        #expect(scorer.batches.count == 1)
        #expect(scorer.batches.last?.files.first?.size == Int64(image(99).count + 1))
    }

    @Test("A batch that is renamed after it was scored keeps its results")
    func renamedAfterwards() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log, scored: "a") {
            try move(drop.path("a"), to: drop.path("b"))
            #expect(await eventually { log.events.contains("batch_recognised") })
        }
        #expect(scorer.batches.count == 1)
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.batches.map(\.folder) == [drop.path("b").string])
    }

    @Test("Without its ledger a watcher recognises what is published")
    func lostLedger() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        for number in 0..<5 { try drop.drop(2, in: "batch_\(number)") }
        _ = try await sweep(drop, scorer)
        run("rm", ["-r", drop.ledgerPath.removingLastComponent().string])
        let summary = try await sweep(drop, scorer)
        #expect(summary.done == 5)
        #expect(scorer.batches.count == 5)
    }

    @Test("Too few images wait and are scored after the longest wait; the status says why")
    func fewImages() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(
            drop, scorer,
            change: {
                $0.minImages = 8
                $0.maxWaitSeconds = 3
            }
        ) {
            try drop.drop(3, in: "a")
            try drop.drop(1, in: "single")
            #expect(try await eventually { try status(drop, "a")?.reason?.hasPrefix("3 of 8 images") == true })
            #expect(scorer.batches.isEmpty)
            #expect(await eventually { scorer.batches.count == 1 })
            #expect(try status(drop, "single")?.reason == "one image cannot be judged; it waits for others")
        }
    }

    @Test("A ready file makes its batch ready whatever the clock says")
    func readyFile() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(
            drop, scorer, settle: 30,
            change: {
                $0.readyFile = ".done"
                $0.minImages = 8
            }
        ) {
            let folder = try drop.drop(3, in: "a")
            try await Task.sleep(for: .milliseconds(500))
            #expect(scorer.batches.isEmpty)
            try write([], to: folder.appending(".done"))
            #expect(await eventually(within: 5) { scorer.batches.count == 1 })
        }
    }

    @Test("The oldest batch is scored first")
    func order() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { _ in try await Task.sleep(for: .milliseconds(400)) })
        try await watching(drop, scorer, settle: 0.1) {
            for name in ["d", "c", "b", "a"] {
                try drop.drop(2, in: name)
                try await Task.sleep(for: .milliseconds(150))
            }
            #expect(await eventually { scorer.batches.count == 4 })
        }
        #expect(scorer.folders == ["d", "c", "b", "a"])
    }

    @Test("Several jobs score several batches at the same time, each once")
    func jobs() async throws {
        let drop = try DropFolder()
        let running = Mutex((now: 0, most: 0))
        let scorer = TableScorer(before: { _ in
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            usleep(300_000)
            running.withLock { $0.now -= 1 }
        })
        try await watching(drop, scorer, change: { $0.jobs = 3 }) {
            for number in 0..<9 { try drop.drop(2, in: "batch_\(number)") }
            #expect(await eventually { scorer.batches.count == 9 })
        }
        #expect(running.withLock { $0.most } == 3)
        #expect(Set(scorer.folders).count == 9)
    }

    @Test("A batch that fails is tried again with growing delay, then held, and retried when asked")
    func retries() async throws {
        let drop = try DropFolder()
        let times = Mutex<[ContinuousClock.Instant]>([])
        let isBroken = Mutex(true)
        let scorer = TableScorer(before: { _ in
            times.withLock { $0.append(.now) }
            if isBroken.withLock({ $0 }) { throw ScoringFailure(.passing, "the weights cannot be read") }
        })
        try await watching(
            drop, scorer,
            change: {
                $0.retryLimit = 3
                $0.retryDelaySeconds = 0.3
            }
        ) {
            try drop.drop(3, in: "a")
            #expect(try await eventually { try status(drop, "a")?.state == .held })
            let batch = try status(drop, "a")
            #expect(batch?.reason == "the weights cannot be read")
            #expect(batch?.attempts == 3)
            let tries = times.withLock { $0 }
            #expect(tries.count == 3)
            if tries.count == 3 { #expect(tries[2] - tries[1] > (tries[1] - tries[0])) }
            isBroken.withLock { $0 = false }
            let retried = try drop.ledger().retry(drop.path("a"))
            #expect(retried == [drop.path("a")])
            #expect(await eventually { drop.scored("a")?.count == 3 })
        }
    }

    @Test("A batch that can never succeed is held at once, until other images make it another batch")
    func lastingFailure() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { batch in
            if batch.files.count < 4 { throw ScoringFailure(.lasting, "only one image can be read") }
        })
        try await watching(drop, scorer) {
            try drop.drop(3, in: "a")
            #expect(try await eventually { try status(drop, "a")?.state == .held })
            try drop.drop(1, in: "a", startingAt: 3)
            #expect(await eventually { drop.scored("a")?.count == 4 })
        }
    }

    @Test("A done batch is scored anew when asked")
    func retryDone() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let folder = try drop.drop(3, in: "a")
        _ = try await sweep(drop, scorer)
        unlink(folder.appending("part_0.ppm").string)
        _ = try await sweep(drop, scorer)
        #expect(scorer.batches.count == 1)
        try drop.ledger().retry(folder)
        _ = try await sweep(drop, scorer)
        #expect(scorer.batches.count == 2)
        #expect(drop.scored("a")?.count == 2)
        _ = try await sweep(drop, scorer)
        #expect(scorer.batches.count == 2)
    }

    @Test("Results go under another folder where that is asked, which may lie in the root")
    func elsewhere() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let results = drop.path("results")
        try drop.drop(2, in: "line/a")
        for _ in 0..<2 {
            _ = try await sweep(drop, scorer) {
                $0.outputFolder = results
                try? makeFolder(results.appending("line").appending("a"))
            }
        }
        #expect(scorer.batches.map(\.results) == [results.appending("line").appending("a").appending("_musc")])
        #expect(exists(results.appending("batches.csv")))
        #expect(!exists(drop.path("batches.csv")))
    }
}

func status(_ drop: DropFolder, _ folder: String) throws -> WatchStatus.Batch? {
    try WatchStatus.read(drop.ledger()).roots.first?.batches.first { $0.folder == drop.path(folder).string }
}
