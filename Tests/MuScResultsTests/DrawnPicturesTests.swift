import Foundation
import Glibc
import MuScBatch
import MuScResults
import MuScTensors
import Testing

/// Pictures of results: former ones that stand for new ones, and the frame around a part.
struct DrawnPicturesTests {
    private func inode(_ path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    @Test(
        "A part's frame that reaches beyond an edge of the photograph is drawn as far as it lies on it",
        arguments: [
            [-100, 10, 60, 10, 60, 90, -100, 90], [100, 10, 300, 10, 300, 90, 100, 90], [20, -90, 120, -90, 120, 60, 20, 60],
            [20, 60, 120, 60, 120, 260, 20, 260], [-300, -300, 400, -300, 400, 400, -300, 400], [300, 300, 400, 300, 400, 400, 300, 400],
        ])
    func frameBeyondEdges(corners: [Int]) throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: ["a.png", "b.png", "c.png"], folder: folder)
            let record = """
                {"isTurned": true, "follows": true, "width": 100, "height": 80, "images": [
                {"image": "b.png", "degrees": 12, "corners": \(corners), "hasMoreOutside": false, "isAstray": false}]}
                """
            batch.scores.alignment = try JSONDecoder().decode(AlignmentRecord.self, from: Data(record.utf8))
            try ResultsWriter(options: OutputOptions()).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/_musc/overlays/aligned.jpg")).count > 1000)
        }
    }

    @Test("Pictures that would look the same are taken over; what moved, changed or was tampered with is drawn anew")
    func takingOver() throws {
        try withTemporaryFolder { folder in
            var batch = try SyntheticBatch(names: (0..<6).map { "p\($0).jpg" }, folder: folder)
            func write(_ options: OutputOptions = OutputOptions(overlays: .all, colormap: .jet)) throws {
                try ResultsWriter(options: options).write(scores: batch.scores, run: batch.run, batchFolder: folder)
            }
            func inodes() -> [UInt64] { (0..<6).map { inode("\(folder)/_musc/overlays/p\($0).png") } }
            try write()
            let first = inodes()
            #expect(!first.contains(0))
            // The range of the batch's colours stays where its ends are not touched.
            let count = batch.scores.grid.count
            let range = (batch.scores.patchMaps.min() ?? 0, batch.scores.patchMaps.max() ?? 1)
            let step = 0.004 * (range.1 - range.0)
            func move(_ image: Int, by step: Float) {
                for patch in image * count..<(image + 1) * count
                where batch.scores.patchMaps[patch] > range.0 && batch.scores.patchMaps[patch] < range.1 {
                    batch.scores.patchMaps[patch] = min(max(batch.scores.patchMaps[patch] + step, range.0), range.1)
                }
            }
            move(0, by: step)
            move(1, by: 100 * step)
            try FileManager.default.removeItem(atPath: "\(folder)/_musc/overlays/p4.png")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/_musc/overlays/p4.png", withDestinationPath: "/etc/hostname")
            try Data("x".utf8 + [0]).write(to: URL(fileURLWithPath: "\(folder)/p5.jpg"))
            try write()
            let second = inodes()
            #expect(second[0] == first[0] && second[2] == first[2] && second[3] == first[3])
            #expect(second[1] != first[1] && second[5] != first[5])
            var status = stat()
            #expect(lstat("\(folder)/_musc/overlays/p4.png", &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
            // Small steps do not add up unseen: in the end the picture is too far from what was drawn.
            move(0, by: step)
            try write()
            #expect(inodes()[0] == first[0])
            for _ in 0..<100 where inodes()[0] == first[0] {
                move(0, by: step)
                try write()
            }
            #expect(inodes()[0] != first[0])
            // Another threshold: what has a contour is drawn anew, what lies far below stays.
            let third = inodes()
            batch.scores.threshold.value += 0.02 * (range.1 - range.0)
            try write()
            #expect(inodes()[3] != third[3] && inodes()[2] == third[2])
            // Another style: all are drawn anew.
            let fourth = inodes()
            try write(OutputOptions(overlays: .all, colormap: .viridis))
            #expect(Set(inodes()).isDisjoint(with: fourth))
        }
    }

    @Test("Forged former results neither lead to a file elsewhere nor through a link")
    func forged() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: (0..<6).map { "p\($0).jpg" }, folder: folder)
            func write() throws {
                try ResultsWriter(options: OutputOptions(overlays: .all)).write(
                    scores: batch.scores, run: batch.run, batchFolder: folder)
            }
            try write()
            let secret = "\(folder)/secret.txt"
            try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
            try FileManager.default.createDirectory(atPath: "\(folder)/elsewhere", withIntermediateDirectories: true)
            #expect(link(secret, "\(folder)/elsewhere/p2.png") == 0)
            let known = "\(folder)/_musc/overlays/drawn.safetensors"
            for (name, forged) in [
                ("overlays/p0.png", "../secret.txt"), ("overlays/p1.png", secret), ("overlays/p2.png", "linked/p2.png"),
            ] {
                let archive = try TensorArchive(path: known)
                var metadata = archive.metadata
                metadata["entries"] = metadata["entries"]?.replacing(
                    name.replacing("/", with: "\\/"), with: forged.replacing("/", with: "\\/")
                ).replacing(name, with: forged)
                #expect(metadata["entries"] != archive.metadata["entries"])
                var file = SafetensorsWriter(metadata: metadata)
                for name in archive.names { file.add(name, try archive.tensor(name)) }
                try file.write(to: known)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/_musc/linked", withDestinationPath: "../elsewhere")
            try write()
            var status = stat()
            #expect(stat(secret, &status) == 0 && status.st_nlink == 2)
            for index in 0..<6 {
                let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/_musc/overlays/p\(index).png"))
                #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
            }
        }
    }
}
