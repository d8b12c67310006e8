import Foundation
import MuScResults
import MuScVerdicts
import ScratchFolders
import SystemPackage
import Testing

/// Files of verdicts that people drop go to the batches they are of, once.
@Suite struct VerdictIntakeTests {
    private let scratch: ScratchFolder
    private var root: FilePath { scratch.filePath.canonicalForTests }

    init() throws {
        scratch = try ScratchFolder()
        for (batch, images) in [("line/a", ["1.png", "2.png"]), ("line/b", ["1.png"])] {
            let folder = scratch.folder.appending(path: batch)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for image in images { try Data("\(batch) \(image)".utf8).write(to: folder.appending(path: image)) }
        }
    }

    /// Drops a file that is no longer being written.
    private func drop(_ name: String, _ text: String) throws {
        let path = scratch.folder.appending(path: name).path
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.modificationDate: Date.now - 60], ofItemAtPath: path)
    }

    private func takeIn() -> [String] {
        VerdictIntake(batch: root.appending("line/b"), root: root) { _ in nil }.run().notes
    }

    private func answers(_ batch: String) throws -> [String: PartVerdict.Answer] {
        try BatchVerdicts(of: root.appending(batch), results: nil).standing().verdicts.mapValues(\.answer)
    }

    @Test("A file in the drop folder names its batches, one in a batch's folder is of that, and each is taken in once")
    func places() throws {
        try drop("verdicts-a (1).csv", "image,verdict,batch\n1.png,good,\(root.string)/line/a\n1.png,defect,/elsewhere/b\n")
        try drop("line/a/Verdicts.CSV.csv", "image;verdict\n2.png;defect\ngone.png;good\n")
        let notes = takeIn()
        #expect(try answers("line/a") == ["1.png": .good, "2.png": .defect])
        #expect(try answers("line/b") == ["1.png": .defect])
        #expect(notes.contains { $0.contains("2 verdicts were taken in") } && notes.contains { $0.contains("such as gone.png") })
        #expect(takeIn().isEmpty)
        #expect(try scratch.names().contains("verdicts-a (1).csv.taken"))
    }

    @Test("What is of no batch here, no file of verdicts, or still being written stays as it is and is told of")
    func foreign() throws {
        try drop("verdicts.new.csv", "image,verdict\n1.png,good\n")
        try drop("line/a/verdicts of tuesday.csv", "my notes\n")
        _ = try scratch.write("line/b/verdicts-2.csv", Array("image,verdict\n1.png,good\n".utf8))
        try FileManager.default.createSymbolicLink(atPath: scratch.path("line/b/verdicts-link.csv"), withDestinationPath: "/etc/passwd")
        let notes = takeIn()
        #expect(notes.count == 2 && notes.contains { $0.contains("put the file into the batch's folder") })
        #expect(notes.contains { $0.contains("is no file of verdicts") })
        #expect(try answers("line/a").isEmpty && answers("line/b").isEmpty)
        #expect(try scratch.names().contains("verdicts.new.csv"))
    }

    @Test("No batch outside the drop folder is written to, whatever a file names")
    func outside() throws {
        let other = try ScratchFolder()
        _ = try other.write("1.png", Array("other".utf8))
        try FileManager.default.createSymbolicLink(atPath: scratch.path("line/out"), withDestinationPath: other.folder.path)
        try drop(
            "verdicts-x.csv",
            "image,verdict,batch\n1.png,good,\(other.folder.path)\n1.png,good,\(root.string)/line/../../\(other.folder.lastPathComponent)\n"
                + "1.png,good,\(root.string)/line/out\n../b/1.png,good,\(root.string)/line/a\n")
        _ = takeIn()
        #expect(try other.names() == ["1.png"])
        #expect(try answers("line/b").isEmpty)
    }
}

extension FilePath {
    /// Without links: scratch folders may lie behind one.
    fileprivate var canonicalForTests: FilePath {
        FilePath(URL(filePath: string).resolvingSymlinksInPath().path)
    }
}
