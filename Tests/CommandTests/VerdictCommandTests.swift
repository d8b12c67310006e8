import Foundation
import Glibc
import MuScResults
import MuScVerdicts
import ScratchFolders
import SystemPackage
import Testing

/// `musc verdict`: what is said is written whole, and what fits no image is told of.
@Suite struct VerdictCommandTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand()
        try musc.makeBatch("batch", images: 4)
    }

    private var batch: URL { musc.scratch.appending(path: "batch") }

    private func images() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: batch.path).filter { $0.hasSuffix(".png") }.sorted()
    }

    @Test("Verdicts are given by name or by path, listed, and changed; a typo changes nothing")
    func flags() throws {
        let names = try images()
        let first = try musc.run(
            "verdict", "batch", "--good", names[0], "batch/\(names[1])", "--defect", names[2], "--by", "Ann", "--note", "a, b")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.split(separator: "\n").count == 3)
        let typo = try musc.run("verdict", "batch", "--good", names[3], "typo.png")
        #expect(typo.status == 2 && typo.errors.contains("there is no image typo.png"))
        #expect(try musc.run("verdict", "batch", "--unsure", names[0], "--by", "Bob").status == 0)
        let list = try musc.run("verdict", "batch")
        #expect(list.output.contains("\(names[0])  unsure  hand"))
        #expect(list.output.contains("\(names[1])  good  hand") && list.output.contains("Ann  a, b"))
        #expect(list.errors.contains("1 good, 1 defect, 1 unsure"))
        let json = try JSONDecoder().decode([PartVerdict].self, from: Data(try musc.run("verdict", "batch", "--json").output.utf8))
        #expect(json.map(\.answer) == [.unsure, .good, .defect] && json.allSatisfy { $0.content?.count == 64 })
    }

    @Test("A file of verdicts is handed in: what fits counts once, what does not is listed")
    func importing() throws {
        let names = try images()
        let file = musc.scratch.appending(path: "verdicts (2).csv")
        try Data(
            "\u{FEFF}image;verdict;origin;by\r\n\(names[0]);good;spot check;Ann\r\ngone.png;defect;;\r\n\(names[1]);rubbish;;\r\n".utf8
        )
        .write(to: file)
        let result = try musc.run("verdict", "batch", "--import", "verdicts (2).csv")
        #expect(result.status == 0 && result.output.contains("\(names[0])  good  spot check"))
        #expect(result.errors.contains("there is no image gone.png in batch") && result.errors.contains("“rubbish”"))
        #expect(try musc.run("verdict", "batch", "--import", "verdicts (2).csv").errors.contains("1 of the verdicts stood already"))
        try Data("image,verdict\nother.png,good\n".utf8).write(to: file)
        let wrong = try musc.run("verdict", "batch", "--import", "verdicts (2).csv")
        #expect(wrong.status == 1 && wrong.errors.contains("name the folder they are of"))
    }

    @Test("Images that were sorted into folders by hand are known in the batch by their content")
    func sorted() throws {
        let names = try images()
        for folder in ["good", "defect"] {
            try FileManager.default.createDirectory(at: batch.appending(path: folder), withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(at: batch.appending(path: names[0]), to: batch.appending(path: "good/fine.png"))
        try FileManager.default.moveItem(at: batch.appending(path: names[1]), to: batch.appending(path: "defect/\(names[1])"))
        let result = try musc.run("verdict", "batch", "--from-folders")
        #expect(result.status == 0, "\(result.errors)")
        let list = try musc.run("verdict", "batch").output
        #expect(list.contains("\(names[0])  good  hand") && list.contains("defect/\(names[1])  defect  hand"))
    }

    @Test("A file that holds something else is left as it is")
    func foreign() throws {
        let file = batch.appending(path: "verdicts.csv")
        try Data("my notes".utf8).write(to: file)
        let result = try musc.run("verdict", "batch", "--good", try images()[0])
        #expect(result.status == 1 && result.errors.contains("mend or move it"))
        #expect(try String(contentsOf: file, encoding: .utf8) == "my notes")
    }

    @Test("Hooks are told of verdicts; the line's page, the index, batches.csv and musc line show tell what people found")
    func line() throws {
        try musc.installTinyWeights()
        try musc.makeBatch("drop/line/a", images: 9)
        let path = musc.scratch.path(percentEncoded: false)
        try Data(
            "watch: {settle_seconds: 0}\nhooks:\n  on_verdict: [sh, -c, 'cat >> \"$0\"; echo >> \"$0\"', \(path)/told]\n".utf8
        ).write(to: musc.scratch.appending(path: "musc.yaml"))
        func sweep() throws {
            let result = try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny)
            #expect(result.status == 0, "\(result.errors)")
        }
        func text(_ name: String) throws -> String { try String(contentsOf: musc.scratch.appending(path: name), encoding: .utf8) }
        try sweep()
        #expect(!FileManager.default.fileExists(atPath: musc.scratch.appending(path: "drop/line/line.html").path))
        let names = try FileManager.default.contentsOfDirectory(atPath: musc.scratch.appending(path: "drop/line/a").path)
            .filter { $0.hasSuffix(".png") }.sorted()
        // Which images are drawn for spot checks depends on the folder's path: a verdict on one of them counts as such.
        let record = try #require(try JSONSerialization.jsonObject(with: Data(text("drop/line/a/_musc/run.json").utf8)) as? [String: Any])
        let drawn = try #require(record["spot_checks"] as? [String])
        let defective = try #require(names.first { !drawn.contains($0) })
        let good = try #require(names.first { $0 != defective })
        #expect(
            try musc.run("verdict", "drop/line/a", "--defect", defective, "--by", "Ann", "--config", "musc.yaml").status == 0)
        let dropped = musc.scratch.appending(path: "drop/line/a/verdicts-1.csv")
        try Data("image,verdict,origin\n\(good),good,spot check\n".utf8).write(to: dropped)
        try FileManager.default.setAttributes([.modificationDate: Date.now - 60], ofItemAtPath: dropped.path)
        try musc.makeBatch("drop/line/b", images: 9, first: 20)
        try sweep()

        let told = try text("told").split(separator: "\n").map { try JSONDecoder().decode(VerdictResult.self, from: Data($0.utf8)) }
        #expect(told.map(\.event) == ["verdict", "verdict"] && Set(told.map(\.id)).count == 2)
        #expect(told.map(\.verdict.answer) == [.defect, .good] && told.map(\.verdict.origin.rawValue).last == "spot check")
        #expect(told.allSatisfy { $0.folder.hasSuffix("/drop/line/a") && $0.path == "\($0.folder)/\($0.verdict.image)" })
        let page = try text("drop/line/line.html")
        #expect(page.contains("2 parts of 18 that were scored were checked: 1 good, 1 defective.") && page.contains("a/\(defective)"))
        #expect(try text("drop/index.html").contains("<a href=\"line/line.html\">line</a>"))
        let rows = try text("drop/batches.csv").components(separatedBy: "\r\n")
        #expect(rows.contains { $0.hasPrefix("line/a,done,") && $0.hasSuffix(",1,1,1") }, "\(rows)")
        #expect(rows.contains { $0.hasPrefix("line/b,done,") && $0.hasSuffix(",0,0,0") })
        let shown = try musc.run("line", "show", "drop/line", "--json")
        let lines = try #require(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [[String: Any]])
        let verdicts = try #require(lines.first?["verdicts"] as? [String: Any])
        #expect(verdicts["scored"] as? Int == 18 && verdicts["spot_checks"] as? Int == 1 && (verdicts["batches"] as? [Any])?.count == 2)
    }

    @Test("A line that has verdicts and remembers nothing yet is shown with these, as JSON too")
    func unremembered() throws {
        let names = try images()
        #expect(try musc.run("verdict", "batch", "--good", names[0], "--defect", names[1]).status == 0)
        let line = musc.scratch.path
        let shown = try musc.run("line", "show", line, "--json")
        let lines = try #require(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [[String: Any]])
        #expect(lines.count == 1 && (lines.first?["images"] as? [Any])?.isEmpty == true)
        #expect((lines.first?["verdicts"] as? [String: Any])?["good"] as? Int == 1)
        #expect(try musc.run("line", "show", line).output.contains("1 good, 1 defective"))
    }

    @Test("Whichever call fails, and wherever the program is killed, no verdict is lost and none is half written")
    func faults() throws {
        let folder = try ScratchFolder()
        let shim = try FaultTests.buildShim(in: folder)
        let names = try images()
        let file = batch.appending(path: "verdicts.csv")
        #expect(try musc.run("verdict", "batch", "--good", names[0], "--by", "Ann").status == 0)
        let former = try Data(contentsOf: file)
        let log = folder.path("log")
        func attempt(_ at: Int, killed: Bool) throws -> MuscCommand.Result {
            try Data().write(to: URL(filePath: log))
            var environment = [
                "LD_PRELOAD": shim, "MUSC_FAULT_BELOW": batch.path, "MUSC_FAULT_AT": "\(at)", "MUSC_FAULT_ERRNO": "\(ENOSPC)",
                "MUSC_FAULT_LOG": log,
            ]
            if killed { environment["MUSC_FAULT_KILL"] = "1" }
            return try musc.run(["verdict", "batch", "--defect", names[1], names[2]], environment: environment)
        }
        _ = try attempt(0, killed: false)
        let calls = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
        #expect(calls >= 3)
        for killed in [false, true] {
            for call in 1...calls {
                try former.write(to: file)
                let result = try attempt(call, killed: killed)
                let rows = try VerdictsFile(in: FilePath(batch.path)).read().rows
                #expect(rows.count == 1 || rows.count == 3, "call \(call): \(rows.count) rows")
                if !killed, rows.count == 1 { #expect(result.status == 1 && result.errors.contains("the verdicts that were there stand")) }
                #expect(try musc.run("verdict", "batch", "--defect", names[1], names[2]).status == 0)
                #expect(try musc.run("verdict", "batch").errors.contains("1 good, 2 defect"))
            }
        }
        #expect(!FileManager.default.fileExists(atPath: batch.appending(path: ".verdicts.csv.tmp").path))
    }
}
