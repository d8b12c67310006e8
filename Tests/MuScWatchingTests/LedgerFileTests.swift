import Foundation
import Glibc
import Logging
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("The ledger's file")
struct LedgerFileTests {
    private func size(_ path: FilePath) -> Int64 {
        var status = stat()
        return stat(path.string, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Whether the one file alone, copied elsewhere, knows a batch.
    private func aloneKnows(_ drop: DropFolder, _ folder: String) throws -> Bool {
        let copy = drop.base.appending("copy-\(UInt32.random(in: 0 ... .max))")
        try makeFolder(copy)
        run("cp", [drop.ledgerPath.string, copy.appending("ledger.sqlite").string])
        let batches = try WatchStatus.read(Ledger(path: copy.appending("ledger.sqlite"))).roots.first?.batches ?? []
        return batches.contains { $0.folder == drop.path(folder).string && $0.state == .done }
    }

    @Test("After a clean stop, and after a sweep, the one file holds all")
    func cleanStop() async throws {
        let drop = try DropFolder()
        let harness = try Harness("watch", drop)
        try drop.drop(2, in: "a")
        #expect(await eventually { drop.scored("a")?.count == 2 })
        harness.send(SIGTERM)
        #expect(harness.end() == 0)
        #expect(size(FilePath(drop.ledgerPath.string + "-wal")) == 0)
        #expect(try aloneKnows(drop, "a"))

        try drop.drop(2, in: "b")
        #expect(try Harness("sweep", drop).end() == 0)
        #expect(try aloneKnows(drop, "b"))
    }

    @Test("A copy made while a watcher works is one file that knows all, and takes only its former copy's place")
    func backUp() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let copy = drop.base.appending("backup.sqlite")
        try await watching(drop, scorer) {
            try drop.drop(2, in: "a")
            #expect(await eventually { drop.scored("a")?.count == 2 })
            #expect(try await eventually { try status(drop, "a")?.state == .done })
            for _ in 0..<2 { try Ledger(path: drop.ledgerPath, readOnly: true).backUp(to: copy) }
        }
        #expect(try WatchStatus.read(Ledger(path: copy, readOnly: true)).roots.first?.counts["done"] == 1)
        let beside = try FileManager.default.contentsOfDirectory(atPath: drop.base.string).filter { $0.hasPrefix("backup") }
        #expect(beside == ["backup.sqlite"])
        let letter = drop.base.appending("letter.txt")
        try write(Array("Dear Anna".utf8), to: letter)
        #expect(throws: LedgerError.self) { try drop.ledger().backUp(to: letter) }
        #expect(FileManager.default.contents(atPath: letter.string) == Data("Dear Anna".utf8))
        #expect(throws: LedgerError.self) { try drop.ledger().backUp(to: drop.base.appending("no/such/folder/copy")) }
    }

    @Test("Of many that meet a new ledger at the same moment each finds it whole")
    func madeAtOnce() async throws {
        for _ in 0..<20 {
            let drop = try DropFolder()
            let faults = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        do {
                            _ = try RootIndex(of: drop.root, in: drop.ledger(), configuration: drop.configuration())
                            return nil
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { if let fault = $1 { $0.append(fault) } }
            }
            #expect(faults == [])
        }
    }

    @Test("What goes wrong again and again is logged once a minute, with how often it was left out")
    func rate() {
        let log = EventLog()
        let complaints = Complaints()
        for second in 0..<200 {
            let now = Moment(seconds: 1000 + Double(second))
            complaints.log(.error, "ledger_failed", ["reason": "full"], now: now, to: log.logger)
            if second % 2 == 0 { complaints.log(.error, "ledger_failed", ["reason": "damaged"], now: now, to: log.logger) }
        }
        #expect(log.lines.filter { $0.contains("reason=full") }.count == 4)
        #expect(log.lines.filter { $0.contains("reason=damaged") }.count == 4)
        #expect(log.lines.contains { $0.contains("left_out=59") && $0.contains("full") })
    }

    @Test(
        "A ledger on a full disk is told of once a minute however often it is tried, and work goes on when there is room",
        .enabled(if: Machine.mounts, "mounting takes the rights of root"))
    func full() async throws {
        let drop = try DropFolder()
        let state = drop.ledgerPath.removingLastComponent()
        try makeFolder(state)
        // What is written last lies in a file beside the ledger, which grows to 4 MB before it is brought in.
        try #require(run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", state.string]) == 0)
        defer { run("umount", ["-l", state.string]) }
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log) {
            let filler = state.appending("filler").string
            run("sh", ["-c", "cat /dev/zero > \(filler)"])
            for number in 0..<60 {
                try drop.drop(2, in: "batch_\(number)_\(String(repeating: "x", count: 200))")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(await eventually { log.events.contains("ledger_failed") })
            try await Task.sleep(for: .seconds(3))
            let told = log.lines.filter { $0.hasPrefix("ledger_failed") }
            #expect(Set(told).count == told.count && told.count <= 4, "\(told)")
            unlink(filler)
            #expect(await eventually(within: 40) { scorer.batches.count == 60 })
        }
    }
}
