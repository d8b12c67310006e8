import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("Killed at any moment", .serialized)
struct KillTests {
    /// The rounds that show it; more can be asked for.
    static let rounds = ProcessInfo.processInfo.environment["MUSC_KILL_ROUNDS"].flatMap { Int($0) } ?? 100

    @Test("After 100 times kill -9 every image is in exactly one whole table and nothing half-written is left")
    func killed() async throws {
        let drop = try DropFolder()
        var random = SystemRandomNumberGenerator()
        var expected: [String: Int] = [:]
        // The results' folders seen so far: a set that has results is not to be given others.
        var published: [String: FolderIdentity] = [:]
        var interrupted = 0
        for round in 0..<Self.rounds {
            let harness = try Harness("watch", drop, ["score=0.03", "settle=0.1", "retry=0.01"])
            for number in 0..<Int.random(in: 0...2, using: &random) {
                let name = "line_\(round % 3)/batch_\(round)_\(number)"
                let count = Int.random(in: 2...6, using: &random)
                try drop.drop(count, in: name)
                expected[name] = count
            }
            // A batch that was done is added to now and then.
            if round % 5 == 4, let (name, count) = expected.randomElement(using: &random) {
                try drop.drop(1, in: name, startingAt: count)
                expected[name] = count + 1
                published[name] = nil
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...350, using: &random)))
            harness.send(SIGKILL)
            #expect(harness.end() == -SIGKILL)
            if try WatchStatus.read(drop.ledger()).roots.first?.counts["running"] ?? 0 > 0 { interrupted += 1 }
            for (name, count) in expected {
                guard let table = drop.scored(name), table.count == count else { continue }
                let identity = FolderIdentity(drop.path(name).appending("_musc"))
                if let former = published[name] { #expect(former == identity, "\(name) was scored twice") }
                published[name] = identity
            }
        }

        let last = try Harness("watch", drop, ["settle=0.1", "retry=0.01"])
        let isWhole = await eventually(within: 60) {
            expected.allSatisfy { drop.scored($0.key) == (0..<$0.value).map { "part_\($0).ppm" }.sorted() }
        }
        last.send(SIGTERM)
        // Where nothing was left to do, the signal may come before the watcher listens for it.
        #expect([0, -SIGTERM].contains(last.end()))
        #expect(isWhole)
        for (name, former) in published {
            #expect(FolderIdentity(drop.path(name).appending("_musc")) == former, "\(name) was scored twice")
        }
        #expect(interrupted > 0, "some of the kills met a batch that was being scored")
        let hidden = FileManager.default.enumerator(atPath: drop.root.string)?.compactMap { $0 as? String }.filter {
            $0.contains("/.") || $0.hasPrefix(".")
        }
        #expect(hidden == [])
        let counts = try WatchStatus.read(drop.ledger()).roots.first?.counts
        #expect(counts?["done"] == expected.count)
        print("\(Self.rounds) kills, \(interrupted) of them while scoring; \(expected.count) batches")
    }

    @Test("Killed between publishing and telling the ledger, a batch is not scored again")
    func killedAfterPublishing() async throws {
        let drop = try DropFolder()
        try drop.drop(3, in: "a")
        let harness = try Harness("sweep", drop, ["die=published", "settle=0"])
        #expect(harness.end() == -SIGKILL)
        let identity = FolderIdentity(drop.path("a/_musc"))
        #expect(try status(drop, "a")?.state == .running)
        let scorer = TableScorer()
        _ = try await sweep(drop, scorer)
        #expect(scorer.batches.isEmpty)
        #expect(try status(drop, "a")?.state == .done)
        #expect(FolderIdentity(drop.path("a/_musc")) == identity)
    }

    @Test("A batch with which the program ends again and again lets others go first")
    func poison() async throws {
        let drop = try DropFolder()
        try drop.drop(3, in: "a")
        for _ in 0..<3 {
            let harness = try Harness("sweep", drop, ["score=60", "settle=0", "retry=60"])
            #expect(await harness.said("batch_running"))
            harness.send(SIGKILL)
            _ = harness.end()
        }
        try drop.drop(3, in: "b")
        let scorer = TableScorer()
        _ = try await sweep(drop, scorer) { $0.retryDelaySeconds = 60 }
        #expect(scorer.folders == ["b"])
    }

    private struct FolderIdentity: Equatable {
        var inode: UInt64
        var changed: Int

        init?(_ path: FilePath) {
            var status = stat()
            guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            changed = status.st_ctim.tv_sec &* 1_000_000_000 &+ status.st_ctim.tv_nsec
        }
    }
}
