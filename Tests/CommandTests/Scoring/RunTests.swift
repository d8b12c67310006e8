import Foundation
import Glibc
import Testing

@Suite struct RunTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func run(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.score(arguments)
    }

    @Test("A folder of images gets its results, and one line on standard output")
    func results() throws {
        let batch = try musc.makeBatch("batch", images: 6)
        let result = try run("batch")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1)
        #expect(result.output.hasPrefix("batch  6 images  "))
        #expect(result.output.contains("batch/_musc/report.html"))
        let results = batch.appending(path: "_musc")
        for file in ["report.html", "scores.csv", "scores.safetensors", "run.json"] {
            #expect(results.appending(path: file).exists, "\(file)")
        }
        #expect(results.appending(path: "overlays").names.contains { $0.hasPrefix("part_") && $0.hasSuffix(".png") })
        let table = try String(contentsOf: results.appending(path: "scores.csv"), encoding: .utf8)
            .split(whereSeparator: \.isNewline)
        #expect(
            table.first == "rank,image,score,score_msm,p_value,flagged,peak_x,peak_y,width,height,overlay,error,level")
        #expect(table.count == 7)
    }

    @Test("Scoring twice replaces the results and leaves nothing else behind")
    func twice() throws {
        let batch = try musc.makeBatch("batch", images: 4)
        #expect(try run("batch").status == 0)
        let before = batch.names
        let first = try Data(contentsOf: batch.appending(path: "_musc/scores.csv"))
        #expect(try run("batch").status == 0)
        #expect(batch.names == before)
        #expect(try Data(contentsOf: batch.appending(path: "_musc/scores.csv")) == first)
    }

    @Test("Standard error says each note of the report once, and why images were not read; --quiet the latter alone")
    func notes() throws {
        let batch = try musc.makeBatch("batch", images: 12)
        let files = FileManager.default
        try files.copyItem(at: batch.appending(path: "part_3.png"), to: batch.appending(path: "copy.png"))
        try musc.writeImage(batch.appending(path: "black.png")) { _, _ in 0 }
        try musc.writeImage(batch.appending(path: "wide.png"), side: 70) { x, y in UInt8(truncatingIfNeeded: x &* y) }
        for index in 0..<7 { try Data("no image".utf8).write(to: batch.appending(path: "broken_\(index).jpg")) }
        let result = try run("batch", "--interval", "0,0.05", "--recurring-marks", "count")
        #expect(result.status == 0, "\(result.errors)")
        let record = try JSONSerialization.jsonObject(with: Data(contentsOf: batch.appending(path: "_musc/run.json")))
        let notes = try #require((record as? [String: Any])?["notes"] as? [String])
        #expect(notes.contains { $0.contains("copy.png") } && notes.contains { $0.contains("black.png") })
        let lines = result.errors.split(separator: "\n").map(String.init)
        // Marks of which no image is flagged are for the report.
        for note in notes where !note.contains("look alike at one spot") {
            #expect(lines.count { $0 == "musc: batch: \(note)" } == 1, "\(note)\n\(result.errors)")
        }
        #expect(lines.count { $0.contains("broken_") && $0.contains("is not an image that can be read") } == 5)
        #expect(lines.contains { $0.contains("2 more could not be read") })
        let quiet = try run("batch", "--quiet").errors.split(separator: "\n")
        #expect(quiet.count == 6 && quiet.allSatisfy { $0.contains("read") }, "\(quiet)")
    }

    @Test("--json prints one JSON object a batch")
    func json() throws {
        try musc.makeBatch("batch", images: 3)
        let result = try run("batch", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(object?["images"] as? Int == 3)
        #expect((object?["report"] as? String)?.hasSuffix("report.html") == true)
    }

    @Test("Folders that cannot be scored say why, in one line, with status 1; nothing is written into them")
    func refusals() throws {
        let empty = try musc.makeBatch("empty", images: 0)
        let single = try musc.makeBatch("single", images: 1)
        let texts = try musc.makeBatch("texts", images: 0)
        try Data("hello".utf8).write(to: texts.appending(path: "notes.txt"))
        let cases = [
            ("empty", "holds no images"), ("single", "at least 2 are needed"), ("texts", "holds no images"),
            ("missing", "there is no such folder"), ("tiny.json", "is not a folder"),
        ]
        for (folder, reason) in cases {
            let result = try run(folder)
            #expect(result.status == 1)
            #expect(result.output.isEmpty)
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(result.errors.hasPrefix("musc: \(folder)") && result.errors.contains(reason), "\(result.errors)")
        }
        #expect(empty.names.isEmpty && single.names == ["part_0.png"] && texts.names == ["notes.txt"])
    }

    @Test("One bad folder does not keep the others from being scored")
    func others() throws {
        let batch = try musc.makeBatch("good", images: 4)
        let result = try run("missing", "good")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("good  4 images"))
        #expect(batch.appending(path: "_musc/report.html").exists)
    }

    @Test("A damaged photograph is listed with its error, and the batch goes on")
    func damaged() throws {
        let batch = try musc.makeBatch("batch", images: 5)
        let whole = try Data(contentsOf: batch.appending(path: "part_2.png"))
        try whole.prefix(100).write(to: batch.appending(path: "part_2.png"))
        // A header of 60,000 × 60,000 pixels in a file of a few bytes.
        try Data("P6 60000 60000 255\n".utf8).write(to: batch.appending(path: "absurd.ppm"))
        try Data().write(to: batch.appending(path: "nothing.jpg"))
        let result = try run("batch")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("7 images") && result.output.contains("3 unreadable"))
        let table = try String(contentsOf: batch.appending(path: "_musc/scores.csv"), encoding: .utf8)
        #expect(table.split(whereSeparator: \.isNewline).first?.hasSuffix(",overlay,error,level") == true)
        for name in ["part_2.png", "absurd.ppm", "nothing.jpg"] {
            let row = table.split(whereSeparator: \.isNewline).first { $0.contains(name) }
            #expect(row?.hasPrefix(",\(name),,,,") == true || row?.contains(",\(name),,") == true, "\(row ?? "none")")
            // The error is the last cell but the level, which an image without a score has none of.
            #expect(row?.hasSuffix(",") == true && row?.hasSuffix(",,") == false, "\(row ?? "none")")
        }
    }

    @Test("Weights that are missing are named with the line to type, with status 2")
    func missingWeights() throws {
        try musc.makeBatch("batch", images: 3)
        let result = try musc.run("run", "batch", "--backbone", "dinov2_vitb14")
        #expect(result.status == 2)
        #expect(result.errors.contains("musc weights fetch dinov2_vitb14"))
    }

    @Test("Wrong values are refused with what would be right, with status 2")
    func wrongValues() throws {
        try musc.makeBatch("batch", images: 3)
        let cases: [([String], String)] = [
            (["--image-size", "100"], "98 and 112"), (["--feature-layers", "2,99"], "0 to 3"),
            (["--r-list", "2"], "odd"), (["--interval", "0.5,0.2"], "0,0.3"), (["--preset", "fast"], "tuned or paper"),
            (["--threads", "none at all"], "whole number"), (["--memory", "lots"], "4G"),
            (["--backbone", "dinov2_vits41"], "dinov2_vits14"),
        ]
        for (arguments, hint) in cases {
            let tiny = arguments.contains("--backbone") ? [] : ["--backbone", "tiny.json"]
            let result = try musc.run(["run", "batch"] + tiny + arguments)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.errors.contains(hint), "\(result.errors)")
        }
        #expect(try musc.run("run", "batch", "--colour").status == 2)
        #expect(try musc.run("fly").status == 2)
    }

    @Test("A folder that cannot be written gets a clear message and status 1", .enabled(if: getuid() == 0, "mounting needs root"))
    func readOnly() throws {
        let batch = try musc.makeBatch("batch", images: 4)
        let mount = try Mount(batch, options: "ro,bind")
        defer { mount.remove() }
        let result = try run("batch")
        #expect(result.status == 1)
        #expect(result.errors.contains("Read-only") || result.errors.contains("read-only"), "\(result.errors)")
        #expect(result.errors.contains("--out"))
        // The same photographs with their results elsewhere.
        #expect(try run("batch", "--out", "elsewhere").status == 0)
        #expect(musc.scratch.appending(path: "elsewhere/batch/_musc/report.html").exists)
    }

    @Test("A full disk costs the results, says so, and leaves nothing half-written", .enabled(if: getuid() == 0, "mounting needs root"))
    func fullDisk() throws {
        let disk = musc.scratch.appending(path: "disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        let mount = try Mount(disk, options: "size=200k", type: "tmpfs")
        defer { mount.remove() }
        let batch = try musc.makeBatch("disk/batch", images: 4)
        try Data(count: 60_000).write(to: disk.appending(path: "ballast"))
        let before = batch.names
        let result = try run("disk/batch")
        #expect(result.status == 1, "\(result.output)")
        #expect(result.errors.contains("No space left"), "\(result.errors)")
        #expect(batch.names == before)
        // With room again, the same command succeeds.
        let larger = try Mount(disk, options: "remount,size=20m", type: "tmpfs")
        _ = larger
        #expect(try run("disk/batch").status == 0)
    }
}

/// A mount for the time of a test.
struct Mount {
    let path: String

    init(_ folder: URL, options: String, type: String? = nil) throws {
        path = folder.path(percentEncoded: false)
        let arguments: [[String]]
        if options == "ro,bind" {
            arguments = [["--bind", path, path], ["-o", "remount,ro,bind", path]]
        } else {
            arguments = [["-t", type ?? "tmpfs", "-o", options, "musc-test", path]]
        }
        for arguments in arguments {
            let process = try Process.run(URL(filePath: "/bin/mount"), arguments: arguments)
            process.waitUntilExit()
            try #require(process.terminationStatus == 0, "mount \(arguments.joined(separator: " "))")
        }
    }

    func remove() {
        let process = try? Process.run(URL(filePath: "/bin/umount"), arguments: ["-l", path])
        process?.waitUntilExit()
    }
}
