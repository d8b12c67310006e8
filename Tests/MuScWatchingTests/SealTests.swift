import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

@Suite("A batch stays what it was", .serialized)
struct SealTests {
    @Test(
        "A folder renamed while it is scored, with a new one of the same name in its place, has its own results and the new one has its own"
    )
    func swapped() async throws {
        let drop = try DropFolder()
        let isFirst = Mutex(true)
        let scorer = TableScorer(before: { batch in
            guard
                isFirst.withLock({ first in
                    defer { first = false }
                    return first
                })
            else { return }
            try move(batch.folder, to: batch.root.appending("2026-11-30_0900"))
            try makeFolder(batch.folder)
            for number in 0..<3 { try write(image(100 + number), to: batch.folder.appending("part_\(number).ppm")) }
        })
        try await watching(drop, scorer) {
            try drop.drop(3, in: "current")
            #expect(await eventually(within: 60) { drop.scored("current") != nil && drop.scored("2026-11-30_0900") != nil })
            try await Task.sleep(for: .milliseconds(700))
        }
        for name in ["current", "2026-11-30_0900"] { #expect(try isOfItsImages(drop, name), "\(name)") }
        #expect(scorer.batches.count == 2, "nothing was published of the images of one and the name of the other")
        #expect(try told(drop).map(\.body).sorted() == ["2026-11-30_0900", "current"].map { drop.path("\($0)/_musc").string })
    }

    @Test(
        "A folder that is swapped for another while it is scored, and is back before the end, is not published from what was read in between",
        arguments: [true, false], ["a", "line/a"])
    func swappedThereAndBack(watches: Bool, name: String) async throws {
        let drop = try DropFolder()
        let tries = Mutex(0)
        let scorer = TableScorer(before: { batch in
            guard
                tries.withLock({
                    $0 += 1; return $0
                }) == 1
            else { return }
            // The folder itself, or the one above it.
            let moved = drop.path(String(name.prefix { $0 != "/" }))
            let away = drop.base.appending("away")
            try move(moved, to: away)
            try makeFolder(batch.folder)
            for number in 0..<3 { try write(image(100 + number), to: batch.folder.appending("part_\(number).ppm")) }
            run("rm", ["-rf", moved.string])
            try move(away, to: moved)
        })
        try drop.drop(3, in: name)
        if watches {
            try await watching(drop, scorer) { #expect(await eventually(within: 60) { drop.scored(name) != nil }) }
        } else {
            _ = try await sweep(drop, scorer)
        }
        #expect(try isOfItsImages(drop, name))
        #expect(tries.withLock { $0 } == 2 && scorer.batches.count == 1, "the first scoring came to nothing")
    }

    @Test("A file that is replaced in place with its size and time kept is scored again", arguments: [true, false])
    func sameSizeAndTime(watches: Bool) async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        func replace() throws {
            let path = drop.path("a/part_1.ppm")
            var status = stat()
            #expect(stat(path.string, &status) == 0)
            try write(image(77), to: path)
            #expect(utimensat(AT_FDCWD, path.string, [status.st_atim, status.st_mtim], 0) == 0)
        }
        try drop.drop(3, in: "a")
        if watches {
            try await watching(drop, scorer) {
                #expect(await eventually(within: 60) { scorer.batches.count == 1 })
                try replace()
                #expect(await eventually(within: 60) { scorer.batches.count == 2 })
            }
        } else {
            _ = try await sweep(drop, scorer)
            try replace()
            _ = try await sweep(drop, scorer)
        }
        #expect(scorer.batches.count == 2)
        #expect(try isOfItsImages(drop, "a"))
    }

    @Test("Rights, times and further names of scored images are no reason to score them again")
    func metadata() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let folder = try drop.drop(4, in: "a")
        _ = try await sweep(drop, scorer)
        chmod(folder.appending("part_0.ppm").string, 0o600)
        run("touch", [folder.appending("part_1.ppm").string])
        run("cp", ["-al", folder.string, drop.base.appending("backup").string])
        run("sh", ["-c", "cp -p part_2.ppm copy && mv copy part_2.ppm".replacing("part_2", with: folder.appending("part_2").string)])
        for _ in 0..<2 { _ = try await sweep(drop, scorer) }
        #expect(scorer.batches.count == 1)
        #expect(try status(drop, "a")?.state == .done)
        #expect(try told(drop).count == 1)
    }

    @Test("What is left of a scored batch is no new batch: renamed, with the ledger lost, or copied to another disk", arguments: 1...4)
    func subset(left: Int) async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try drop.drop(6, in: "a")
        _ = try await sweep(drop, scorer)
        #expect(try told(drop).count == 1)
        for number in left..<6 { unlink(drop.path("a/part_\(number).ppm").string) }
        // Renamed.
        try move(drop.path("a"), to: drop.path("b"))
        _ = try await sweep(drop, scorer) { $0.minImages = 8 }
        #expect(try status(drop, "b")?.state == .done)
        #expect(try status(drop, "b")?.flagged == 1)
        // Copied.
        run("cp", ["-a", drop.path("b").string, drop.path("c").string])
        _ = try await sweep(drop, scorer) { $0.minImages = 8 }
        #expect(try status(drop, "c")?.state == .done)
        #expect(try told(drop) == [], "nobody is told of the same result twice")
        // Without its ledger.
        run("rm", ["-r", drop.ledgerPath.removingLastComponent().string])
        _ = try await sweep(drop, scorer) { $0.minImages = 8 }
        for name in ["b", "c"] {
            #expect(drop.scored(name)?.count == 6)
            #expect(try status(drop, name)?.state == .done)
        }
        #expect(scorer.batches.count == 1)
        #expect(try told(drop) == [])
    }

    @Test("Results that take the place of those of more images say so")
    func replacedByFewer() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log) {
            try drop.drop(6, in: "a")
            #expect(await eventually(within: 60) { scorer.batches.count == 1 })
            for number in 1..<6 { unlink(drop.path("a/part_\(number).ppm").string) }
            try drop.drop(2, in: "a", startingAt: 6)
            #expect(await eventually(within: 60) { scorer.batches.count == 2 && log.events.filter { $0 == "batch_done" }.count == 2 })
        }
        #expect(scorer.batches.last?.replaced == 6)
        #expect(log.lines.contains { $0.contains("batch_done") && $0.contains("replaced=results of 6 images") })
    }

    @Test("A file that nobody may read keeps its batch due, and is scored with the others as soon as its rights are mended")
    func unread() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log, change: { $0.retryDelaySeconds = 600 }) {
            // What nobody may read counts as such to the table's scorer, even for root.
            let one = try drop.drop(3, in: "one").appending("part_1.ppm")
            let all = try drop.drop(2, in: "all")
            chmod(one.string, 0)
            for number in 0..<2 { chmod(all.appending("part_\(number).ppm").string, 0) }
            #expect(await eventually(within: 60) { log.events.contains("images_unread") && log.events.contains("batch_failed") })
            let status = try status(drop, "one")
            #expect(status?.state == .failed && status?.finished != nil && status?.nextAttempt != nil)
            #expect(status?.reason?.contains("one image could not be read") == true)
            #expect(drop.scored("one")?.count == 3 && drop.scored("all") == nil)
            chmod(one.string, 0o644)
            for number in 0..<2 { chmod(all.appending("part_\(number).ppm").string, 0o644) }
            #expect(await eventually(within: 60) { scorer.folders.filter { $0 == "one" }.count == 2 && drop.scored("all") != nil })
            #expect(try await eventually { try MuScWatchingTests.status(drop, "one")?.state == .done })
        }
        #expect(try told(drop).count == 3)
    }

    @Test("A root that a sweep is at, or whose lock cannot be written, is waited for while the others are watched")
    func waitsForLock() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        let (swept, locked) = (drop.base.appending("swept"), drop.base.appending("locked"))
        for root in [drop.root, swept, locked] { try WatchFixtures.drop(2, in: root.appending("a")) }
        let ledger = try drop.ledger()
        var sweep: RootLock? = try RootLock(root: swept, ledger: ledger, command: "musc sweep")
        let lock = RootLock.path(of: locked, ledger: ledger)
        try makeFolder(lock)
        try await watching(drop, scorer, log: log, change: { $0.roots = [drop.root, swept, locked] }) {
            #expect(await eventually(within: 60) { drop.scored("a") != nil })
            #expect(log.lines.count { $0.hasPrefix("root_waits") } == 2)
            #expect(!exists(swept.appending("a").appending("_musc")))
            let obstacles = try WatchStatus.read(ledger).roots.flatMap(\.obstacles)
            #expect(obstacles.contains { $0.path == locked.string && $0.reason.contains("cannot be locked") })
            withExtendedLifetime(sweep) {}
            sweep = nil
            rmdir(lock.string)
            #expect(await eventually(within: 60) { [swept, locked].allSatisfy { exists($0.appending("a").appending("_musc")) } })
            #expect(log.events.contains("root_taken"))
            #expect(try WatchStatus.read(ledger).roots.flatMap(\.obstacles) == [])
        }
    }
}

/// Whether a folder's table is of what its images hold.
func isOfItsImages(_ drop: DropFolder, _ folder: String) throws -> Bool {
    guard let table = tableContents(drop.path("\(folder)/_musc")) else { return false }
    let names = try FileManager.default.contentsOfDirectory(atPath: drop.path(folder).string).filter { $0.hasSuffix(".ppm") }
    return table.contents.cover(names.map { FileName($0) }, in: drop.path(folder)) && table.contents.digests.count == names.count
}

/// The messages that were put down since they were last asked for.
func told(_ drop: DropFolder) throws -> [Delivery] {
    let ledger = try drop.ledger()
    var deliveries: [Delivery] = []
    while let pending = try ledger.deliveries.pending(to: "table") {
        deliveries.append(pending.delivery)
        try ledger.deliveries.close(pending.delivery)
    }
    return deliveries
}
