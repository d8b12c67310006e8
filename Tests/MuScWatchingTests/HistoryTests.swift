import Foundation
import MuScWatching
import Testing
import WatchFixtures

/// Random histories, in the manner of the tests of SQLite and FoundationDB.
///
/// `MUSC_HISTORIES` says how many, `MUSC_HISTORY_SEED` the seed of the first; each further one has the next seed. Unless
/// told how many, it plays 300, or as many as it can in 150 seconds, and prints how many these were.
@Suite("Random histories of a drop folder")
struct HistoryTests {
    @Test(
        "Whatever happens to a drop folder, in the end every image is in one table, every table was told of once, and nothing that people made is changed"
    )
    func histories() async throws {
        let environment = ProcessInfo.processInfo.environment
        let wanted = environment["MUSC_HISTORIES"].flatMap { Int($0) }
        let count = wanted ?? 300
        let first = environment["MUSC_HISTORY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000_000)
        print("random histories: seeds \(first) to \(first + UInt64(count) - 1)")
        let start = ContinuousClock.now
        let (failed, played) = await withTaskGroup(of: [String].self) { group in
            var faults: [String] = []
            var played = 0
            for number in 0..<count where wanted != nil || ContinuousClock.now - start < .seconds(150) {
                played += 1
                // Few at a time: each starts processes of its own.
                if number >= 4, let result = await group.next() { faults += result }
                group.addTask { await Self.faults(seed: first + UInt64(number)) }
            }
            for await result in group { faults += result }
            return (faults, played)
        }
        print("random histories: \(played) in \((ContinuousClock.now - start) / .seconds(1)) s, \(failed.count) faults")
        #expect(failed == [])
    }

    private static func faults(seed: UInt64) async -> [String] {
        do {
            let history = try History(seed: seed)
            try await history.play()
            let faults = try history.faults()
            return faults.map { "seed \(seed): \($0) — after: \(history.story.joined(separator: "; "))" }
        } catch {
            return ["seed \(seed): \(error)"]
        }
    }
}
