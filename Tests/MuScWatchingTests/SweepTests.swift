import Foundation
import Glibc
import Logging
import MuScWatching
import SystemPackage
import WatchFixtures
import Testing

func sweep(_ drop: DropFolder, _ scorer: TableScorer, _ change: (inout WatchConfiguration) -> Void = { _ in }) async throws -> Sweep.Summary {
    var configuration = try drop.configuration()
    change(&configuration)
    return try await Sweep(configuration: configuration, ledger: drop.ledger(), scoring: scorer.scoring, logger: silent).run()
}

@Suite("Sweep")
struct SweepTests {
    @Test("Every folder that holds images is one batch, the root and nested ones included, and is scored once")
    func batches() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "")
        try drop.drop(3, in: "line/a")
        try drop.drop(4, in: "line/a/deeper")
        let scorer = TableScorer()
        let first = try await sweep(drop, scorer)
        #expect(first.done == 3)
        #expect(drop.scored("line/a")?.count == 3)
        #expect(drop.scored("line/a/deeper")?.count == 4)
        #expect(drop.scored("")?.count == 2)
        #expect(exists(drop.path("batches.csv")))

        let second = try await sweep(drop, scorer)
        #expect(second.done == 0)
        #expect(scorer.batches.count == 3)
    }

    @Test("A sweep over 100,000 scored files in 1,000 folders takes less than 2 s and opens no image")
    func scale() async throws {
        // In memory where that can be had: making the files is the greater part of this test.
        let drop = try DropFolder(in: exists("/dev/shm") ? "/dev/shm" : nil)
        try await inBackground {
            for folder in 0..<1000 { try drop.drop(100, in: "line_\(folder / 100)/batch_\(folder)") }
        }
        let scorer = TableScorer()
        let first = try await sweep(drop, scorer)
        #expect(first.done == 1000)
        let start = ContinuousClock.now
        let second = try await sweep(drop, scorer)
        let elapsed = ContinuousClock.now - start
        print("sweep over \(second.files) files in \(second.folders) folders: \(elapsed)")
        #expect(second.files == 100_000)
        #expect(second.done == 0)
        #expect(elapsed < .seconds(2))
    }
}
