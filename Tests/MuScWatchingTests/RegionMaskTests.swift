import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

/// The mask `_region.png` in a batch's folder: the results depend on it as they do on the images.
@Suite("Masks of what counts", .serialized)
struct RegionMaskTests {
    private func mask(_ folder: FilePath) -> FilePath { folder.appending("_region.png") }

    @Test("A mask that is added, changed or taken away has its batch scored again, once each, and is no image of it")
    func changes() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            let folder = try drop.drop(3, in: "a")
            try drop.drop(3, in: "b")
            #expect(await eventually { scorer.batches.count == 2 })
            try write([1, 2, 3], to: mask(folder))
            #expect(await eventually { scorer.batches.count == 3 })
            try write([4, 5, 6, 7], to: mask(folder))
            #expect(await eventually { scorer.batches.count == 4 })
            unlink(mask(folder).string)
            #expect(await eventually { scorer.batches.count == 5 })
            try await Task.sleep(for: .seconds(1))
        }
        #expect(scorer.folders.dropFirst(2).allSatisfy { $0 == "a" } && scorer.batches.count == 5)
        #expect(scorer.batches.allSatisfy { $0.files.count == 3 })
        // Without the mask it is the set that it was before.
        let digests = scorer.batches.filter { $0.folder.lastComponent == "a" }.map(\.digest)
        #expect(digests.first == digests.last && Set(digests).count == 3)
        #expect(try await sweep(drop, scorer).done == 0)
    }

    @Test("A sweep sees what happened to masks between sweeps")
    func sweeps() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let folder = try drop.drop(3, in: "a")
        try write([1, 2, 3], to: mask(folder))
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(try await sweep(drop, scorer).done == 0)
        try write([4, 5, 6, 7], to: mask(folder))
        #expect(try await sweep(drop, scorer).done == 1)
        unlink(mask(folder).string)
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(try await sweep(drop, scorer).done == 0)
        // An image more is scored with the mask that lies there then.
        try write([8], to: mask(folder))
        try drop.drop(1, in: "a", startingAt: 3)
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(try await sweep(drop, scorer).done == 0)
        #expect(scorer.batches.count == 4 && drop.scored("a")?.count == 4)
    }

    @Test("A mask that changes while its batch is scored has it scored once more")
    func changedMeanwhile() async throws {
        let drop = try DropFolder()
        let digests = Mutex<[FileSetDigest]>([])
        let scorer = TableScorer(before: { batch in
            let isFirst = digests.withLock { digests in
                digests.append(batch.digest)
                return digests.count == 1
            }
            if isFirst { try write([9], to: batch.folder.appending("_region.png")) }
        })
        try await watching(drop, scorer, scored: "a") {
            try await Task.sleep(for: .seconds(1))
        }
        // What was scored without the mask was not published.
        let tried = digests.withLock { $0 }
        #expect(tried.count == 2 && tried.first != tried.last && scorer.batches.map(\.digest) == [tried.last])
    }

    @Test("A batch held for its mask is scored once the mask is mended, and one whose new mask is refused once that is gone")
    func refused() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer(before: { batch in
            let path = batch.folder.appending("_region.png")
            if FileManager.default.contents(atPath: path.string)?.first == 0 {
                throw ScoringFailure(.lasting, "the mask is black")
            }
        })
        let folder = try drop.drop(3, in: "a")
        try write([0], to: mask(folder))
        #expect(try await sweep(drop, scorer).failed == 1)
        #expect(try await sweep(drop, scorer).failed == 0)
        try write([1], to: mask(folder))
        #expect(try await sweep(drop, scorer).done == 1)
        try write([0, 0], to: mask(folder))
        #expect(try await sweep(drop, scorer).failed == 1)
        // The results that are there are of the mask before: without any, the batch is another.
        unlink(mask(folder).string)
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.counts["done"] == 1)
    }

    @Test(
        "New images alone, or none, are scored where the configuration says so, whatever the mask",
        arguments: [
            NewImagesPolicy.newBatch, .ignore,
        ])
    func policies(policy: NewImagesPolicy) async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let folder = try drop.drop(3, in: "a")
        _ = try await sweep(drop, scorer) { $0.onNewImages = policy }
        try write([1, 2, 3], to: mask(folder))
        _ = try await sweep(drop, scorer) { $0.onNewImages = policy }
        #expect(scorer.batches.count == 1)
        try drop.drop(2, in: "a", startingAt: 3)
        _ = try await sweep(drop, scorer) { $0.onNewImages = policy }
        #expect(scorer.batches.map(\.files.count) == (policy == .newBatch ? [3, 2] : [3]))
    }

    @Test("A link in the mask's place, and a mask in a folder without images, are nothing")
    func nothing() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let folder = try drop.drop(3, in: "a")
        #expect(try await sweep(drop, scorer).done == 1)
        _ = mask(folder).withPlatformString { symlink("part_0.ppm", $0) }
        try makeFolder(drop.path("empty"))
        try write([1], to: mask(drop.path("empty")))
        #expect(try await sweep(drop, scorer).done == 0)
        #expect(try WatchStatus.read(drop.ledger()).roots.first?.batches.count == 1)
    }
}
