import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("How images arrive", .serialized)
struct ArrivalTests {
    @Test("A file written in 50 pieces over longer than the settle time is taken whole")
    func slowWriter() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 1) {
            let folder = try drop.drop(2, in: "a")
            try await Task.sleep(for: .milliseconds(200))
            let content = image(7) + [UInt8](repeating: 1, count: 5000)
            let descriptor = folder.appending("slow.ppm").withPlatformString { open($0, O_WRONLY | O_CREAT, 0o644) }
            for piece in 0..<50 {
                let part = content[(piece * content.count / 50)..<((piece + 1) * content.count / 50)]
                _ = Array(part).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                try await Task.sleep(for: .milliseconds(25))
            }
            #expect(scorer.batches.isEmpty)
            close(descriptor)
            #expect(await eventually { drop.scored("a")?.count == 3 })
            #expect(scorer.batches.count == 1)
            #expect(scorer.batches.first?.files.last?.size == Int64(content.count))
        }
    }

    @Test("A file whose writer stalls for longer than the settle time is waited for until it is closed")
    func stalledWriter() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 0.5) {
            let folder = try drop.drop(2, in: "a")
            // From here on the folder is watched, and the file is seen to be created.
            try await Task.sleep(for: .milliseconds(200))
            let descriptor = folder.appending("slow.ppm").withPlatformString { open($0, O_WRONLY | O_CREAT, 0o644) }
            _ = write(descriptor, image(1), 10)
            try await Task.sleep(for: .milliseconds(1500))
            #expect(scorer.batches.isEmpty)
            _ = write(descriptor, image(1), 10)
            close(descriptor)
            #expect(await eventually { drop.scored("a")?.count == 3 })
            #expect(scorer.batches.first?.files.last?.size == 20)
        }
    }

    @Test("A file renamed into place counts under its last name, and temporary names never do")
    func renamedIntoPlace() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            let folder = try drop.drop(2, in: "a")
            for name in [".hidden.ppm", "~draft.ppm", "b.ppm.tmp", "c.ppm.filepart"] { try write(image(1), to: folder.appending(name)) }
            try write(image(9), to: folder.appending("last.ppm.part"))
            try await Task.sleep(for: .milliseconds(100))
            try move(folder.appending("last.ppm.part"), to: folder.appending("last.ppm"))
            #expect(await eventually { drop.scored("a") == ["last.ppm", "part_0.ppm", "part_1.ppm"] })
            #expect(scorer.batches.count == 1)
        }
    }

    @Test("A folder moved in with 500 images, and folders in it, are found")
    func folderMovedIn() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let outside = drop.base.appending("outside")
        try WatchFixtures.drop(500, in: outside)
        try WatchFixtures.drop(3, in: outside.appending("inner").appending("most"))
        try await watching(drop, scorer) {
            try move(outside, to: drop.path("in"))
            #expect(await eventually { drop.scored("in")?.count == 500 && drop.scored("in/inner/most")?.count == 3 })
            // What comes later is seen in the folder that was moved, too.
            try drop.drop(2, in: "in/inner/most/late")
            #expect(await eventually { drop.scored("in/inner/most/late")?.count == 2 })
        }
    }

    @Test("Folders made and filled within a millisecond lose nothing")
    func madeAndFilled() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            for number in 0..<60 { try drop.drop(3, in: "day/line_\(number % 3)/batch_\(number)") }
            #expect(await eventually { (0..<60).allSatisfy { drop.scored("day/line_\($0 % 3)/batch_\($0)")?.count == 3 } })
            #expect(scorer.batches.count == 60)
        }
    }

    @Test("A thousand batches at once are each scored once, and what waits is in the ledger at once")
    func thousandBatches() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 0.5) {
            for number in 0..<1000 { try drop.drop(2, in: "batch_\(number)") }
            #expect(await eventually(within: 60) { scorer.batches.count == 1000 })
            #expect(Set(scorer.folders).count == 1000)
        }
        let status = try WatchStatus.read(drop.ledger())
        #expect(status.roots.first?.counts["done"] == 1000)
        let table = try String(contentsOfFile: drop.path("batches.csv").string, encoding: .utf8)
        #expect(table.split(separator: "\r\n").count == 1001)
    }

    @Test("Names with spaces, quotes, newlines, bytes that are not UTF-8, and 255 bytes are taken as they are")
    func names() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        let names: [[UInt8]] = [
            Array("with space.ppm".utf8), Array("quo\"te'.ppm".utf8), Array("new\nline.ppm".utf8), [0xFF, 0xFE] + Array(".ppm".utf8),
            Array(repeating: 0x61, count: 251) + Array(".ppm".utf8), Array("Teil_Ä.ppm".utf8),
        ]
        let folderName = FileName(bytes: [0xE4] + Array("\nbatch_done folder=forged".utf8))
        let folder = drop.root.appending(folderName)
        try await watching(drop, scorer, log: log) {
            try makeFolder(folder)
            for name in names { try write(image(1), to: folder.appending(FileName(bytes: name))) }
            #expect(await eventually { scorer.batches.count == 1 })
            #expect(await eventually { log.events.contains("batch_done") })
        }
        #expect(scorer.batches.first?.files.map(\.name.bytes) == names.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(scorer.batches.first?.folder == folder)
        #expect(exists(folder.appending("_musc").appending("scores.csv")))
        // A name cannot put a line of its own into the log.
        #expect(log.lines.allSatisfy { !$0.contains("\n") })
        #expect(log.lines.contains { $0.contains("\\xe4\\nbatch_done folder=forged") })
    }

    @Test("Links are followed inside the root only, to files only, and loops end")
    func symbolicLinks() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let outside = drop.base.appending("outside")
        try WatchFixtures.drop(5, in: outside)
        try await watching(drop, scorer) {
            let folder = try drop.drop(2, in: "a")
            func link(_ name: String, to target: String) {
                _ = folder.appending(name).withPlatformString { symlink(target, $0) }
            }
            link("inside.ppm", to: "part_0.ppm")
            link("outside.ppm", to: outside.appending("part_1.ppm").string)
            link("dangling.ppm", to: "nowhere.ppm")
            link("itself.ppm", to: "itself.ppm")
            link("loop", to: "..")
            link("folder", to: outside.string)
            #expect(await eventually { drop.scored("a") == ["inside.ppm", "part_0.ppm", "part_1.ppm"] })
            try await Task.sleep(for: .milliseconds(600))
            #expect(scorer.batches.count == 1)
        }
        #expect(!exists(outside.appending("_musc")))
    }

    @Test("A second name of a file (hard link) is an image of its own")
    func hardLinks() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            let folder = try drop.drop(2, in: "a")
            let code = folder.appending("part_0.ppm").withPlatformString { from in
                folder.appending("twin.ppm").withPlatformString { link(from, $0) }
            }
            #expect(code == 0)
            #expect(await eventually { drop.scored("a")?.count == 3 })
        }
    }

    @Test("Files are taken for images by content, or by extension where they cannot be read")
    func content() async throws {
        let drop = try DropFolder()
        let folder = try drop.drop(1, in: "a")
        try write(image(1), to: folder.appending("no_extension"))
        try write(Array("BM is how this text begins, but it is no bitmap".utf8), to: folder.appending("notes"))
        try write(Array("serial 4711".utf8), to: folder.appending("serial.txt"))
        try write([], to: folder.appending("empty.jpg"))
        try write(image(1), to: folder.appending("_region.png"))
        let scorer = TableScorer()
        _ = try await sweep(drop, scorer)
        #expect(drop.scored("a") == ["empty.jpg", "no_extension", "part_0.ppm"])
    }

    @Test("File times in the future or from 2009 change nothing")
    func clockSkew() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            let folder = try drop.drop(3, in: "a")
            for (number, time) in [4_000_000_000, 1_230_000_000].enumerated() {
                let times = [timespec(tv_sec: time, tv_nsec: 0), timespec(tv_sec: time, tv_nsec: 0)]
                _ = folder.appending("part_\(number).ppm").withPlatformString { utimensat(AT_FDCWD, $0, times, 0) }
            }
            #expect(await eventually(within: 5) { drop.scored("a")?.count == 3 })
            try await Task.sleep(for: .milliseconds(500))
            #expect(scorer.batches.count == 1)
        }
    }

    @Test("Our own results wake nothing")
    func ownResults() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log) {
            try drop.drop(2, in: "")
            try drop.drop(2, in: "a")
            #expect(await eventually { scorer.batches.count == 2 && exists(drop.path("batches.csv")) })
            try await Task.sleep(for: .milliseconds(500))
            let count = log.events.count
            for _ in 0..<20 {
                try write(Array("x".utf8), to: drop.path("a/_musc/report.html"))
                try write(Array("x".utf8), to: drop.path("index.html"))
            }
            try await Task.sleep(for: .milliseconds(800))
            #expect(log.events.count == count, "\(log.lines.suffix(5))")
            #expect(scorer.batches.count == 2)
        }
    }

    @Test("A log that is written to all the time holds its batch's images back no longer than they take")
    func busyNeighbour() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer, settle: 0.4) {
            let folder = try drop.drop(3, in: "a")
            let end = ContinuousClock.now + .seconds(3)
            var line = 0
            while ContinuousClock.now < end, scorer.batches.isEmpty {
                line += 1
                try write(Array("line \(line)".utf8), to: folder.appending("camera.log"))
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(drop.scored("a")?.count == 3)
        }
    }
}
