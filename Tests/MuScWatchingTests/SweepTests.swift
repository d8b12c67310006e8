import Foundation
import Glibc
import Logging
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

func sweep(_ drop: DropFolder, _ scorer: TableScorer, _ change: (inout WatchConfiguration) -> Void = { _ in }) async throws -> Sweep.Summary
{
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
        let opened = try OpenedFiles(in: (0..<100).map { drop.path("line_0/batch_\($0)") })
        // The quickest of three: other tests keep the machine busy.
        var elapsed = Duration.seconds(60)
        for _ in 0..<3 {
            let start = ContinuousClock.now
            let again = try await sweep(drop, scorer)
            elapsed = min(elapsed, ContinuousClock.now - start)
            #expect(again.files == 100_000)
            #expect(again.done == 0)
        }
        print("sweep over 100,000 scored files in 1,000 folders: \(elapsed)")
        #expect(elapsed < .seconds(2))
        #expect(opened.count == 0)
    }
}

/// Counts the files that are opened in some folders.
private final class OpenedFiles {
    private let descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))

    init(in folders: [FilePath]) throws {
        for folder in folders where inotify_add_watch(descriptor, folder.string, UInt32(IN_OPEN)) < 0 { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    var count: Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var files = 0
        while true {
            let length = read(descriptor, &buffer, buffer.count)
            guard length > 0 else { return files }
            buffer.withUnsafeBytes { bytes in
                var position = 0
                while position < length {
                    let mask = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
                    if mask & UInt32(IN_ISDIR) == 0 { files += 1 }
                    position += 16 + Int(bytes.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
                }
            }
        }
    }
}
