import Foundation
import Glibc
import MuScImages
import Testing

/// What whoever may write to a drop folder cannot do with it.
@Suite("A hostile drop folder") struct SecurityTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try Data("watch: {settle_seconds: 0, min_images: 2}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
    }

    private func sweep(_ more: [String] = [], through: [String] = []) throws -> MuscCommand.Result {
        try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny + more, through: through)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: musc.scratch.appending(path: path)), as: UTF8.self)
    }

    /// Writes a small image under a name of any bytes.
    private func put(_ name: [UInt8], in folder: [UInt8], index: Int) throws {
        let image = musc.scratch.appending(path: "image.png")
        try musc.writeImage(image) { x, y in UInt8(truncatingIfNeeded: (x &* 5 + index) ^ (y &* 3 + index &* 7)) }
        let path = Array(musc.scratch.path.utf8) + folder + [0x2F] + name + [0]
        let status = path.withUnsafeBytes { raw in
            image.path.withCString { link($0, raw.baseAddress?.assumingMemoryBound(to: CChar.self) ?? $0) }
        }
        try FileManager.default.removeItem(at: image)
        #expect(status == 0)
    }

    /// The cells of a table (RFC 4180).
    private func cells(_ table: String) -> [[String]] {
        var rows: [[String]] = [[""]]
        var isQuoted = false
        var scalars = Array(table.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            let row = rows.count - 1, cell = rows[row].count - 1
            switch scalar {
            case "\"" where isQuoted && scalars.first == "\"":
                rows[row][cell].unicodeScalars.append("\"")
                scalars = scalars.dropFirst()
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: rows[row].append("")
            case "\r" where !isQuoted && scalars.first == "\n":
                scalars = scalars.dropFirst()
                rows.append([""])
            default: rows[row][cell].unicodeScalars.append(scalar)
            }
        }
        return rows.filter { $0 != [""] }
    }

    static let names: [[UInt8]] =
        [
            "=HYPERLINK(\"http:evil\").png", "+1.png", "-1+1.png", "@SUM(A1).png", "\t=1.png", "a;=1+1.png",
            "\"><script>alert(1)<script>.png", "'onload='alert(1).png", "two\nlines.png", "2026-11-25T00:00:00Z info forged.png",
            "\u{1B}[31mred\u{7}.png", "\u{2028}separated\u{202E}gnp.png", "a\"\u{301},=1.png", "plain.png",
        ].map { Array($0.utf8) } + [Array("caf".utf8) + [0xE9] + Array(".png".utf8)]

    @Test("No name of a file or folder forges a line, a cell, a tag or JSON")
    func names() throws {
        let folder = "=batch\n2026-11-25T00:00:00Z info batch_done folder=forged"
        try FileManager.default.createDirectory(
            at: musc.scratch.appending(path: "drop/\(folder)"), withIntermediateDirectories: true)
        for (index, name) in Self.names.enumerated() { try put(name, in: Array("/drop/\(folder)".utf8), index: index) }

        let result = try sweep()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
        for line in result.errors.split(separator: "\n") {
            #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (debug|info|notice|warning|error) [a-z_]+ .*/) != nil, "\(line)")
            #expect(!line.hasPrefix("2026-11-25T00:00:00Z"))
        }
        #expect(!result.errors.contains("\u{1B}") && !result.output.contains("\u{1B}"))
        // What the report notes is an event of the log.
        let record = try JSONSerialization.jsonObject(with: Data(contentsOf: musc.scratch.appending(path: "drop/\(folder)/_musc/run.json")))
        let notes = try #require((record as? [String: Any])?["notes"] as? [String])
        #expect(!notes.isEmpty && notes.count == result.errors.split(separator: "\n").count { $0.contains(" info batch_note ") })

        let results = "drop/\(folder)/_musc"
        for table in ["\(results)/scores.csv", "drop/batches.csv"] {
            let rows = cells(try text(table))
            #expect(rows.count == (table.hasSuffix("scores.csv") ? Self.names.count + 1 : 2))
            for row in rows {
                #expect(row.count == rows[0].count, "\(row)")
                for cell in row {
                    let isNumber = Double(cell) != nil
                    #expect(isNumber || !["=", "+", "-", "@", "\t", "\r"].contains(cell.first ?? "a"), "\(cell.debugDescription)")
                    #expect(!cell.contains(";="))
                }
            }
        }
        for page in ["\(results)/report.html", "drop/index.html"] {
            let html = try text(page)
            #expect(!html.contains("<script>alert"), "\(page)")
            // A separator of lines ends a line of a script; in text it is a character as any other.
            let scripts = html.split(separator: "<script").dropFirst().map { $0.split(separator: "</script>").first ?? "" }
            #expect(!scripts.contains { $0.contains("\u{2028}") }, "\(page)")
        }
        let run = try Data(contentsOf: musc.scratch.appending(path: "\(results)/run.json"))
        #expect((try JSONSerialization.jsonObject(with: run) as? [String: Any])?["images"] as? Int == Self.names.count)

        for arguments in [["run", "drop/\(folder)", "--json"] + MuscCommand.tiny, ["status", "drop", "--json"]] {
            let output = try musc.run(arguments).output
            #expect((try? JSONSerialization.jsonObject(with: Data(output.utf8))) != nil, "\(output)")
        }
        let logged = try musc.run(
            ["sweep", "drop", "--log-format", "json", "--log-level", "debug", "--config", "musc.yaml"] + MuscCommand.tiny)
        for line in logged.errors.split(separator: "\n") {
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
        }
    }

    @Test("A batch in a folder whose name is not UTF-8 is scored")
    func foreignFolder() throws {
        let folder = Array("/drop/Stra".utf8) + [0xDF] + Array("e".utf8)
        try FileManager.default.createDirectory(at: musc.scratch.appending(path: "drop"), withIntermediateDirectories: true)
        let made = (Array(musc.scratch.path.utf8) + folder + [0]).withUnsafeBytes { raw in
            raw.baseAddress.map { mkdir($0.assumingMemoryBound(to: CChar.self), 0o755) } ?? -1
        }
        #expect(made == 0)
        for index in 0..<3 { try put(Array("part_\(index).png".utf8), in: folder, index: index) }
        let result = try sweep()
        #expect(result.status == 0, "\(result.errors)")
        let table = (Array(musc.scratch.path.utf8) + folder + Array("/_musc/scores.csv".utf8) + [0]).withUnsafeBytes { raw in
            raw.baseAddress.map { access($0.assumingMemoryBound(to: CChar.self), F_OK) } ?? -1
        }
        #expect(table == 0)
    }

    @Test("Links out of the root are not followed: not to images, not to folders, not in place of what is written")
    func links() throws {
        let outside = try musc.makeBatch("outside", images: 3)
        try musc.makeBatch("drop/batch", images: 3)
        let manager = FileManager.default
        let victim = musc.scratch.appending(path: "victim")
        try Data("precious".utf8).write(to: victim)
        func link(_ name: String, to target: URL) throws {
            try manager.createSymbolicLink(at: musc.scratch.appending(path: "drop/\(name)"), withDestinationURL: target)
        }
        try link("batch/linked.png", to: outside.appending(path: "part_0.png"))
        try link("folder", to: outside)
        for name in [".batches.csv.tmp", ".index.html.tmp", "batches.csv", "index.html", "batch/_musc"] { try link(name, to: victim) }

        var result = try sweep()
        #expect(result.status == 1 && result.errors.contains("symbolic link"), "\(result.errors)")
        try manager.removeItem(at: musc.scratch.appending(path: "drop/batch/_musc"))
        _ = try musc.run(["retry"])
        result = try sweep()
        // The folder that is a link is an obstacle for as long as it is there, and the table that somebody put there stays.
        #expect(result.status == 1 && result.errors.contains("batches.csv cannot be written"), "\(result.errors)")
        #expect(try text("victim") == "precious")
        #expect(outside.names == ["part_0.png", "part_1.png", "part_2.png"])
        #expect(!(try text("drop/batch/_musc/scores.csv")).contains("linked"))
        #expect(try musc.run(["status"]).output.contains("1 done"))
        #expect(try manager.destinationOfSymbolicLink(atPath: musc.scratch.appending(path: "drop/batches.csv").path) == victim.path)
    }

    @Test("Nothing that is written may be changed by everybody, whatever the mask")
    func modes() throws {
        try musc.makeBatch("drop/line/batch", images: 3)
        let result = try sweep(through: ["/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"])
        #expect(result.status == 0, "\(result.errors)")
        var checked = 0
        for folder in ["drop", "state", ".cache"] {
            let base = musc.scratch.appending(path: folder)
            for case let name as String in FileManager.default.enumerator(atPath: base.path) ?? FileManager.DirectoryEnumerator() {
                var status = stat()
                guard lstat(base.appending(path: name).path, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { continue }
                checked += 1
                #expect(status.st_mode & 0o002 == 0, "\(folder)/\(name)")
            }
        }
        #expect(checked > 15)
    }

    @Test("A pipe, or a file without end, in the place of a record or an image does not hold the sweep up")
    func pipes() throws {
        try musc.makeBatch("drop/batch", images: 3)
        try FileManager.default.createDirectory(
            at: musc.scratch.appending(path: "drop/batch/_musc"), withIntermediateDirectories: true)
        #expect(mkfifo(musc.scratch.appending(path: "drop/batch/_musc/run.json").path, 0o644) == 0)
        #expect(mkfifo(musc.scratch.appending(path: "drop/batch/pipe.png").path, 0o644) == 0)
        let limit = ["/usr/bin/timeout", "--preserve-status", "60"]
        // What lies in the results' place is nobody's results, and is left alone.
        let occupied = try sweep(through: limit)
        #expect(occupied.status == 1 && occupied.errors.contains("left alone"), "\(occupied.errors)")

        try FileManager.default.removeItem(at: musc.scratch.appending(path: "drop/batch/_musc/run.json"))
        let record = musc.scratch.appending(path: "drop/batch/_musc/run.json").path
        let file = open(record, O_WRONLY | O_CREAT, 0o644)
        #expect(file >= 0 && ftruncate(file, 1 << 40) == 0)
        close(file)
        _ = try musc.run(["retry"])
        let result = try sweep(through: limit)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try text("drop/batch/_musc/scores.csv").split(separator: "\r\n").count == 4)
    }
}
