import Foundation
import MuScSupport
import MuScVerdicts
import ScratchFolders
import SystemPackage
import Testing

/// Verdicts find their images again, and a file of them survives what happens to it.
@Suite struct StandingVerdictsTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Writes photographs, which are their own names unless said otherwise.
    private func photographs(_ contents: [String: String]) throws -> [String: FilePath] {
        var files: [String: FilePath] = [:]
        for (name, content) in contents { files[name] = FilePath(try scratch.write(name, Array(content.utf8))) }
        return files
    }

    private func digest(_ content: String) -> String { SHA256.hash(data: Array(content.utf8)).hexadecimal }

    private func standing(_ verdicts: [PartVerdict], _ files: [String: FilePath]) throws -> StandingVerdicts {
        StandingVerdicts(try VerdictTable(VerdictTable().adding(verdicts)), files: files)
    }

    @Test("The last verdict of an image stands, by name and by content, also for a page of a file")
    func last() throws {
        let files = try photographs(["a.png": "A", "b.png": "B", "stack.tif": "S", "=odd.png": "O", "n#2": "N"])
        let stand = try standing(
            [
                PartVerdict(image: "a.png", answer: .good), PartVerdict(image: "b.png", content: digest("B"), answer: .good),
                PartVerdict(image: "a.png", content: digest("A"), answer: .defect), PartVerdict(image: "stack.tif#2", answer: .defect),
                PartVerdict(image: "=odd.png", answer: .good), PartVerdict(image: "n#2", answer: .good),
            ], files)
        #expect(
            stand.verdicts.mapValues(\.answer)
                == ["a.png": .defect, "b.png": .good, "stack.tif#2": .defect, "=odd.png": .good, "n#2": .good])
        #expect(stand.unmatched.isEmpty)
        #expect(stand.verdicts["a.png"]?.content == digest("A"))
    }

    @Test("An image is found under another name; what was replaced, deleted or never there is listed")
    func renamed() throws {
        let files = try photographs(["new.png": "A", "b.png": "another", "copy.png": "C", "c.png": "C"])
        let stand = try standing(
            [
                PartVerdict(image: "old.png", content: digest("A"), answer: .good),
                PartVerdict(image: "b.png", content: digest("B"), answer: .defect),
                PartVerdict(image: "gone.png", content: digest("G"), answer: .defect), PartVerdict(image: "typo.png", answer: .good),
                PartVerdict(image: "copy.png", content: digest("C"), answer: .defect),
            ], files)
        #expect(stand.verdicts.mapValues(\.answer) == ["new.png": .good, "copy.png": .defect])
        #expect(stand.unmatched.map(\.row.verdict.image) == ["b.png", "gone.png", "typo.png"])
        #expect(stand.unmatched.map(\.isChanged) == [true, false, false])
    }

    @Test("Rows that several threads add at once all stand")
    func together() async throws {
        let file = VerdictsFile(in: scratch.filePath)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for person in 0..<4 {
                group.addTask {
                    for part in 0..<20 {
                        try file.append([PartVerdict(image: "\(person)-\(part).png", answer: .good, by: "\(person)")])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(Set(try file.read().rows.map(\.verdict.image)).count == 80)
        #expect(try scratch.names() == ["verdicts.csv"])
    }

    @Test("What is no file of verdicts is neither read nor written over; permissions stay")
    func foreign() throws {
        let file = VerdictsFile(in: scratch.filePath)
        let verdict = PartVerdict(image: "a.png", answer: .good)
        let path = try scratch.write("verdicts.csv", Array("Dear diary".utf8))
        #expect(throws: VerdictFileError(path: file.path, reason: .noVerdicts)) { try file.append([verdict]) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "Dear diary")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch.path("elsewhere"))
        #expect(throws: VerdictFileError(path: file.path, reason: .noFile)) { try file.append([verdict]) }
        try FileManager.default.removeItem(atPath: path)
        try file.append([verdict])
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        try file.append([verdict])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o666)
        #expect(throws: VerdictFileError(path: scratch.filePath.appending("none.csv"), reason: .unreadable(.noSuchFileOrDirectory))) {
            try VerdictsFile.table(at: scratch.filePath.appending("none.csv"))
        }
    }
}
