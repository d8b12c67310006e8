import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("Ledger and status")
struct LedgerTests {
    @Test(
        "A ledger of a newer version is refused with a word on what to do",
        .enabled(if: Machine.python, "python3, which makes such a ledger, is not there"))
    func newer() throws {
        let drop = try DropFolder()
        _ = try drop.ledger()
        let statement = "INSERT INTO grdb_migrations VALUES ('9 something of the future')"
        try #require(
            run(
                "python3",
                [
                    "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()",
                    drop.ledgerPath.string, statement,
                ]) == 0)
        let error = #expect(throws: LedgerError.self) { try drop.ledger() }
        #expect(error?.description.contains("newer version of musc") == true)
    }

    @Test("A damaged ledger is told of by name")
    func damaged() throws {
        let drop = try DropFolder()
        try makeFolder(drop.ledgerPath.removingLastComponent())
        try write([UInt8](repeating: 0x41, count: 8192), to: drop.ledgerPath)
        let error = #expect(throws: LedgerError.self) { try drop.ledger() }
        #expect(error?.description.contains("ledger.sqlite: it is damaged") == true)
    }

    @Test("The status can be read by a reader of its own while a watcher writes")
    func statusWhileWatching() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { _ in try await Task.sleep(for: .milliseconds(300)) })
        try await watching(drop, scorer) {
            try drop.drop(2, in: "a")
            let reader = try Ledger(path: drop.ledgerPath, readOnly: true)
            var seen: Set<BatchState> = []
            for _ in 0..<500 where !seen.contains(.done) {
                seen.formUnion(try states(reader))
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(seen.isSuperset(of: [.waiting, .running, .done]))
        }
    }

    private func states(_ ledger: Ledger) throws -> [BatchState] {
        try WatchStatus.read(ledger).roots.flatMap { $0.batches.map(\.state) }
    }

    @Test("The status survives a round through JSON")
    func json() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "a")
        _ = try await sweep(drop, TableScorer())
        let status = try WatchStatus.read(drop.ledger(), roots: [drop.root])
        let batch = try #require(status.roots.first?.batches.first)
        #expect(batch.state == .done)
        #expect(batch.images == 2)
        #expect(batch.report?.hasSuffix("a/_musc/report.html") == true)
        #expect(try JSONDecoder().decode(WatchStatus.self, from: JSONEncoder().encode(status)) == status)
    }

    @Test(
        "The status can be read by somebody who may not write where the ledger lies",
        .enabled(if: Machine.dropsRights, "root may write everywhere, and setpriv is not there"))
    func foreignReader() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "a")
        _ = try await sweep(drop, TableScorer())
        let folder = drop.ledgerPath.removingLastComponent()
        chmod(folder.string, 0o555)
        var wrapper: [String] = []
        if getuid() == 0 { wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] }
        let harness = try Harness("status", drop, wrapper: wrapper)
        #expect(harness.end() == 0)
        #expect(harness.text.contains("done 1"), "\(harness.text)")
    }

    @Test("The identity of files by their paths is that of their batch")
    func identity() async throws {
        let drop = try DropFolder()
        let folder = try drop.drop(3, in: "a")
        let scorer = TableScorer()
        _ = try await sweep(drop, scorer)
        let paths = (0..<3).reversed().map { folder.appending("part_\($0).ppm") }
        #expect(FileSetDigest(filesAt: paths, in: folder) == scorer.batches.first?.digest)
        #expect(FileSetDigest(filesAt: paths + [folder.appending("part_3.ppm")], in: folder) == nil)
        try write([1, 2, 3], to: folder.appending("_region.png"))
        _ = try await sweep(drop, scorer)
        #expect(scorer.batches.count == 2 && FileSetDigest(filesAt: paths, in: folder) == scorer.batches.last?.digest)
    }

    @Test("A sweep that saw a batch before does not wait for it again")
    func settledBetweenSweeps() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "a")
        let scorer = TableScorer()
        // Too few images: the batch is seen and waits.
        #expect(try await sweep(drop, scorer) { $0.minImages = 3 }.waiting == 1)
        try await Task.sleep(for: .seconds(1.2))
        let start = ContinuousClock.now
        #expect(
            try await sweep(drop, scorer) {
                $0.settleSeconds = 1
                $0.minImages = 2
            }.done == 1)
        #expect(ContinuousClock.now - start < .seconds(0.9))
    }

    @Test("A sweep gives what it sees first the settle time, and leaves what still grows to the next")
    func settledWithinSweep() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "quiet")
        let growing = try drop.drop(2, in: "growing")
        let writer = Task {
            while !Task.isCancelled {
                try write(image(1) + [UInt8](repeating: 0, count: .random(in: 1...1000)), to: growing.appending("part_0.ppm"))
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { writer.cancel() }
        let scorer = TableScorer()
        let summary = try await sweep(drop, scorer) { $0.settleSeconds = 1 }
        #expect(scorer.folders == ["quiet"])
        #expect(summary.waiting == 1)
    }

    @Test("Roots that overlap, and values out of range, are refused by key")
    func configuration() {
        var configuration = WatchConfiguration(roots: ["/drop", "/drop/line"])
        #expect(throws: ConfigurationError.self) { try configuration.validated() }
        configuration.roots = ["/drop", "/dropped"]
        #expect(throws: Never.self) { try configuration.validated() }
        configuration.minImages = 1
        let error = #expect(throws: ConfigurationError.self) { try configuration.validated() }
        #expect(error?.key == "watch.min_images")
    }
}
