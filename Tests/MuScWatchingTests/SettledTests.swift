import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("When a batch has settled on real lines", .serialized)
struct SettledTests {
    @Test("A line that never rests is scored after the longest wait as it is, and again when it has settled")
    func neverRests() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, settle: 2, log: log, change: { $0.maxWaitSeconds = 5 }) {
            let folder = try drop.drop(3, in: "a")
            var number = 3
            let end = ContinuousClock.now + .seconds(60)
            while scorer.batches.isEmpty, ContinuousClock.now < end {
                try write(image(number), to: folder.appending("part_\(number).ppm"))
                number += 1
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(!scorer.batches.isEmpty)
            #expect(log.events.contains("batch_unsettled"))
            #expect(await eventually(within: 60) { drop.scored("a")?.count == number })
        }
    }

    @Test("A file beside each image that is none holds its batch up no longer than the images do")
    func sidecars() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 2) {
            let folder = drop.path("a")
            try makeFolder(folder)
            for number in 0..<4 {
                try write(image(number), to: folder.appending("part_\(number).ppm"))
                // Open for a while, so that the folder is looked at before it is closed.
                let descriptor = open(folder.appending("part_\(number).xml").string, O_WRONLY | O_CREAT, 0o644)
                try await Task.sleep(for: .milliseconds(300))
                close(descriptor)
            }
            let start = ContinuousClock.now
            #expect(await eventually(within: 60) { scorer.batches.count == 1 })
            // Files that nobody closed are waited for six times as long.
            #expect(ContinuousClock.now - start < .seconds(9))
        }
    }

    @Test("A ready file that is copied before its images counts once they are closed and have rested")
    func readyFileFirst() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(
            drop, scorer, settle: 2,
            change: {
                $0.readyFile = "done.txt"
                $0.minImages = 8
            }
        ) {
            let folder = drop.path("a")
            try makeFolder(folder)
            try write([], to: folder.appending("done.txt"))
            for number in 0..<5 {
                try await Task.sleep(for: .milliseconds(200))
                try write(image(number), to: folder.appending("part_\(number).ppm"))
            }
            let descriptor = open(folder.appending("part_5.ppm").string, O_WRONLY | O_CREAT, 0o644)
            _ = Glibc.write(descriptor, image(5), 10)
            try await Task.sleep(for: .seconds(3))
            #expect(scorer.batches.isEmpty, "one image is half-written")
            _ = Array(image(5)[10...]).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
            #expect(await eventually(within: 60) { scorer.batches.count == 1 })
        }
        #expect(drop.scored("a")?.count == 6)
    }

    @Test(
        "Folders in which appliances keep their own things are not entered, whatever the configuration ignores",
        arguments: [
            "@eaDir", "#recycle", "@Recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX", ".snapshot",
            ".Trash-1000",
        ])
    func appliances(name: String) async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try drop.drop(2, in: "line/batch")
        try drop.drop(2, in: "\(name)/part_0.jpg")
        try drop.drop(2, in: "line/\(name)")
        let summary = try await sweep(drop, scorer) { $0.ignore = [] }
        #expect(summary.done == 1 && scorer.folders == ["batch"])
        let told = try WatchStatus.read(drop.ledger()).roots.first?.obstacles.first { $0.kind == .skipped }
        #expect(name.hasPrefix(".") || told?.reason.contains(name) == true)
    }

    @Test("A user's own batches.csv is left as it is, and that is said")
    func ownTable() async throws {
        let drop = try DropFolder()
        let log = EventLog()
        let own = Array("batch;operator\n1;Anna\n".utf8)
        try write(own, to: drop.path("batches.csv"))
        try await watching(drop, TableScorer(), log: log) {
            try drop.drop(2, in: "a")
            #expect(await eventually(within: 60) { log.lines.contains { $0.contains("index_failed") && $0.contains("batches.csv") } })
        }
        #expect(FileManager.default.contents(atPath: drop.path("batches.csv").string).map(Array.init) == own)
    }

    @Test("A link that somebody put in place of batches.csv stays, even where it leads to such a table")
    func linkedTable() throws {
        let drop = try DropFolder()
        let index = try RootIndex(of: drop.root, in: drop.ledger(), configuration: drop.configuration())
        let (table, elsewhere) = (drop.path("batches.csv").string, drop.path("elsewhere.csv").string)
        try index.writeCSV()
        try FileManager.default.moveItem(atPath: table, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: table, withDestinationPath: elsewhere)
        #expect(throws: FileWriteError(path: drop.path("batches.csv"), code: EEXIST)) { try index.writeCSV() }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: table) == elsewhere)
        try FileManager.default.removeItem(atPath: table)
        try index.writeCSV()
        // Its own table is brought up to date.
        try index.writeCSV()
    }

    @Test("A link to a folder elsewhere, and a root that becomes a link, are told of once and shown by the status")
    func links() async throws {
        let drop = try DropFolder()
        let log = EventLog()
        let elsewhere = drop.base.appending("elsewhere")
        try WatchFixtures.drop(2, in: elsewhere.appending("a"))
        try drop.drop(2, in: "own")
        symlink(elsewhere.string, drop.path("linked").string)
        symlink("own", drop.path("latest").string)
        let scorer = TableScorer()
        #expect(try await sweep(drop, scorer).hasObstacles)
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.obstacles.map(\.path) == [drop.path("linked").string])
        let late = drop.base.appending("late")
        try await watching(drop, scorer, log: log, change: { $0.roots = [late] }) {
            symlink(elsewhere.string, late.string)
            #expect(await eventually(within: 60) { log.events.contains("root_link") })
            try await Task.sleep(for: .seconds(3))
        }
        #expect(log.events.count { $0 == "root_link" } == 1)
        #expect(try WatchStatus.read(drop.ledger()).roots.first { $0.root == late.string }?.obstacles.map(\.kind) == [.link])
        unlink(drop.path("linked").string)
        #expect(try await !sweep(drop, scorer).hasObstacles)
        #expect(try WatchStatus.read(drop.ledger(), roots: [drop.root]).roots.flatMap(\.obstacles) == [])
    }
}
