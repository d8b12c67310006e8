import Foundation
import Glibc
import MuScResults
import SystemPackage
import Testing

struct ResultsFolderTests {
    private func write(_ text: String, to path: String) throws(ResultsError) {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            throw ResultsError(kind: .system, path: path, detail: "cannot be written")
        }
    }

    private func fill(_ folder: String, _ text: String) throws(ResultsError) {
        try write(text, to: "\(folder)/run.json")
        try write(text, to: "\(folder)/report.html")
    }

    private func content(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func entries(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("Results appear, and nothing else remains beside them")
    func publishes() throws {
        try withTemporaryFolder { folder in
            try ResultsFolder(path: "\(folder)/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
            #expect(try entries(folder) == ["_musc"])
            #expect(content("\(folder)/_musc/report.html") == "1")
        }
    }

    @Test("New results take the place of old ones, files that the new ones lack included")
    func replaces() throws {
        try withTemporaryFolder { folder in
            let results = ResultsFolder(path: "\(folder)/_musc/")
            try results.publish { path throws(ResultsError) in
                try fill(path, "1")
                try write("old", to: "\(path)/old.txt")
            }
            try results.publish { path throws(ResultsError) in try fill(path, "2") }
            #expect(try entries(folder) == ["_musc"])
            #expect(try entries("\(folder)/_musc") == ["report.html", "run.json"])
            #expect(content("\(folder)/_musc/report.html") == "2")
        }
    }

    @Test("A link in the place of the batch leads nowhere: nothing is written outside of the root")
    func linkedBatch() throws {
        try withTemporaryFolder { folder in
            let manager = FileManager.default
            for name in ["root/batch", "outside"] {
                try manager.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            try manager.createSymbolicLink(atPath: "\(folder)/root/linked", withDestinationPath: "../outside")
            let root = try #require(realpath("\(folder)/root", nil))
            defer { free(root) }
            let confinement = FilePath(platformString: root)
            #expect(throws: ResultsError.self) {
                try ResultsFolder(at: FilePath("\(folder)/root/linked/_musc"), in: confinement)
                    .publish { path throws(ResultsError) in try fill(path, "1") }
            }
            #expect(try entries("\(folder)/outside") == [])

            // The batch becomes a link while its results are being written.
            try ResultsFolder(at: FilePath("\(folder)/root/batch/_musc"), in: confinement).publish { path throws(ResultsError) in
                try? manager.moveItem(atPath: "\(folder)/root/batch", toPath: "\(folder)/root/moved")
                try? manager.createSymbolicLink(atPath: "\(folder)/root/batch", withDestinationPath: "../outside")
                try fill(path, "2")
            }
            #expect(try entries("\(folder)/outside") == [])
            #expect(content("\(folder)/root/moved/_musc/report.html") == "2")
        }
    }

    @Test("What nests deeper than results under a temporary name is left, and costs no files")
    func deepLeftovers() throws {
        try withTemporaryFolder { folder in
            let deep = "\(folder)/.musc-0123456789abcdef.tmp" + String(repeating: "/d", count: 200)
            try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
            try ResultsFolder(path: "\(folder)/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
            #expect(content("\(folder)/_musc/report.html") == "1")
            #expect(FileManager.default.fileExists(atPath: deep))
        }
    }

    @Test("While new results are written the old ones can be read")
    func oldOnesStay() throws {
        try withTemporaryFolder { folder in
            let results = ResultsFolder(path: "\(folder)/_musc")
            try results.publish { path throws(ResultsError) in try fill(path, "1") }
            try results.publish { path throws(ResultsError) in
                try fill(path, "2")
                #expect(content("\(folder)/_musc/report.html") == "1")
            }
        }
    }

    @Test("After a failure the old results stand, and nothing half-written remains")
    func failure() throws {
        try withTemporaryFolder { folder in
            let results = ResultsFolder(path: "\(folder)/_musc")
            try results.publish { path throws(ResultsError) in try fill(path, "1") }
            let full = ResultsError(kind: .noSpace, path: "\(folder)/_musc/scores.csv", detail: "the disk is full")
            #expect(throws: full) {
                try results.publish { path throws(ResultsError) in
                    try fill(path, "2")
                    throw ResultsError(kind: .noSpace, path: "\(path)/scores.csv", detail: "the disk is full")
                }
            }
            #expect(try entries(folder) == ["_musc"])
            #expect(content("\(folder)/_musc/report.html") == "1")
        }
    }

    @Test("What a killed run left is removed; what a living run writes is not")
    func leftovers() throws {
        try withTemporaryFolder { folder in
            let dead = "\(folder)/.musc-0123456789abcdef.tmp"
            let living = "\(folder)/.musc-fedcba9876543210.tmp"
            for path in [dead, living] {
                try FileManager.default.createDirectory(atPath: "\(path)/overlays", withIntermediateDirectories: true)
                try write("x", to: "\(path)/overlays/a.png")
            }
            try write("mine", to: "\(folder)/.musc-notes.tmp")
            let descriptor = open(living, O_RDONLY | O_DIRECTORY)
            defer { close(descriptor) }
            #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            try ResultsFolder(path: "\(folder)/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
            #expect(try entries(folder) == [".musc-fedcba9876543210.tmp", ".musc-notes.tmp", "_musc"])
            #expect(content("\(living)/overlays/a.png") == "x")
        }
    }

    @Test("A folder that holds somebody's files is left alone")
    func occupied() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/_musc", withIntermediateDirectories: true)
            try write("precious", to: "\(folder)/_musc/photo.jpg")
            let error = #expect(throws: ResultsError.self) {
                try ResultsFolder(path: "\(folder)/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
            }
            #expect(error?.kind == .occupied)
            #expect(error?.description.hasSuffix("choose another name with output.folder_name.") == true)
            #expect(content("\(folder)/_musc/photo.jpg") == "precious")
            #expect(try entries(folder) == ["_musc"])
        }
    }

    @Test("A symbolic link in the results' place is neither followed nor replaced")
    func symbolicLink() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/elsewhere", withIntermediateDirectories: true)
            try write("{}", to: "\(folder)/elsewhere/run.json")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/_musc", withDestinationPath: "\(folder)/elsewhere")
            let error = #expect(throws: ResultsError.self) {
                try ResultsFolder(path: "\(folder)/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
            }
            #expect(error?.kind == .occupied)
            #expect(content("\(folder)/elsewhere/run.json") == "{}")
        }
    }

    @Test("Links inside old results are removed, and what they point at stays")
    func linksInside() throws {
        try withTemporaryFolder { folder in
            try write("keep", to: "\(folder)/part.jpg")
            let results = ResultsFolder(path: "\(folder)/_musc")
            try results.publish { path throws(ResultsError) in
                try fill(path, "1")
                symlink("\(folder)", "\(path)/loop")
            }
            try results.publish { path throws(ResultsError) in try fill(path, "2") }
            #expect(content("\(folder)/part.jpg") == "keep")
            #expect(try entries(folder) == ["_musc", "part.jpg"])
        }
    }

    @Test("A place that cannot be written is named, with what to do")
    func notWritable() {
        let error = #expect(throws: ResultsError.self) {
            try ResultsFolder(path: "/sys/musc-test/_musc").publish { path throws(ResultsError) in try fill(path, "1") }
        }
        #expect(error?.path.hasPrefix("/sys/musc-test") == true)
        #expect(error?.description.contains("cannot be") == true)
    }

    @Test("Nothing is writable by others")
    func permissions() throws {
        try withTemporaryFolder { folder in
            let batch = try SyntheticBatch(names: ["a.png", "b.png"], folder: folder)
            try ResultsWriter(options: OutputOptions()).write(
                scores: batch.scores, run: batch.run, batchFolder: folder)
            let enumerator = FileManager.default.enumerator(atPath: "\(folder)/_musc")
            while let name = enumerator?.nextObject() as? String {
                var information = stat()
                #expect(lstat("\(folder)/_musc/\(name)", &information) == 0)
                #expect(information.st_mode & 0o022 == 0, "\(name)")
            }
        }
    }
}
