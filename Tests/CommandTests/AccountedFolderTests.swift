import Foundation
import Testing

/// A batch's folder with a file of every kind: whoever tells of it counts as the others do, and as `ls` does.
@Suite("Every file is accounted for")
struct AccountedFolderTests {
    let musc: MuscCommand
    let batch: URL

    /// Files by name with what they hold: pictures of formats that are not read, and damaged ones of those that are.
    static let unreadable = [
        "a.webp": "RIFF\u{10}\0\0\0WEBPVP8 ", "b.avif": "\0\0\0\u{18}ftypavif", "c.HEIC": "\0\0\0\u{18}ftypheic", "d.gif": "GIF89a",
        "e.jp2": "", "f.jxl": "", "g.exr": "v/1\u{1}", "h.pfm": "Pf\n1 1\n", "i.DNG": "II*\0", "j.cr3": "", "k.pdf": "%PDF-1",
        "l.svg": "<svg", "m.psd": "8BPS", "n.mp4": "", "o.jpg": "", "p.tif": "cut", "q.Nef": "II*\0", "r.arw": "II*\0",
        "s.cr2": "II*\0\u{10}\0\0\0CR", "t.raf": "FUJIFILMCCD-RAW", "u.hdr": "#?RADIANCE\n", "v.dcm": "x", "w.fits": "SIMPLE  =",
        "aa.jls": "", "ab.pcx": "", "ac.sgi": "", "ad.dds": "DDS |\0\0\0", "ae.qoi": "", "af.tga": "", "ag.ico": "", "ah.cur": "",
        "ai.xcf": "gimp xcf v011", "aj.mng": "", "ak.ras": "",
        // By content, under the name of another format or none.
        "x_heic.jpg": "\0\0\0\u{18}ftypheic", "y_webp": "RIFF\u{10}\0\0\0WEBPVP8 ", "z_gif.png": "GIF89a", "z_jpeg.PNG": "cut",
    ]
    /// Files that are no images of the batch, with the rule by which they are not.
    static let ignored = [
        "part_0.xml": "sidecar", "part_0.json": "sidecar", "notes.TXT": "sidecar", "table.csv": "sidecar", "part_0.xmp": "sidecar",
        "part_0.THM": "sidecar", "x.part": "watch.ignore", ".hidden": "hidden", ".part_0.png": "hidden", "part_0.nef": "raw beside image",
        "PART_1.ARW": "raw beside image", "tool.exe": "no image", "without": "no image", "index.html": "results", "nowhere.png": "link",
    ]
    static let grey = 6, pages = 3

    init() throws {
        musc = try MuscCommand()
        try musc.installTinyWeights()
        batch = musc.scratch.appending(path: "drop/0900")
        try FileManager.default.createDirectory(at: batch.appending(path: "below"), withIntermediateDirectories: true)
        for index in 0..<Self.grey {
            let pixels = DeliveredFolderTests.values(index)
            var file = DeliveredFolderTests.pgm(pixels, largest: 255)
            // The last holds a second picture behind its first.
            if index == Self.grey - 1 { file += file }
            try file.write(to: batch.appending(path: "part_\(index).pgm"))
        }
        try DeliveredFolderTests.stack((0..<Self.pages).map { DeliveredFolderTests.values(20 + $0) })
            .write(to: batch.appending(path: "stack.tif"))
        for (name, text) in Self.unreadable { try Data(text.utf8).write(to: batch.appending(path: name)) }
        for name in Self.ignored.keys where name != "nowhere.png" {
            // The preview of a camera and a hidden photograph are images by what they hold.
            let isPicture = name.hasSuffix("THM") || name.hasSuffix("png")
            let picture = DeliveredFolderTests.pgm(DeliveredFolderTests.values(9), largest: 255)
            try (isPicture ? picture : Data("x".utf8)).write(to: batch.appending(path: name))
        }
        try FileManager.default.createSymbolicLink(atPath: batch.path + "/nowhere.png", withDestinationPath: "gone")
        try Data("watch: {settle_seconds: 0}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
    }

    static var images: Int { grey + pages + unreadable.count }
    static var counts: [String: Int] { Dictionary(ignored.values.map { ($0, 1) }, uniquingKeysWith: +) }

    private func object(_ data: Data) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

    /// Holds the results' files against the folder's.
    private func checkResults() throws {
        let place = batch.appending(path: "_musc")
        let record = try object(Data(contentsOf: place.appending(path: "run.json")))
        #expect(record["images"] as? Int == Self.images && record["unreadable"] as? Int == Self.unreadable.count)
        #expect(record["ignored"] as? [String: Int] == Self.counts)
        let leftOut = record["left_out"] as? [[String: String]] ?? []
        #expect(Set(leftOut.compactMap { $0["image"] }) == Set(Self.unreadable.keys))
        #expect(leftOut.allSatisfy { $0["reason"]?.contains(".") == true })
        #expect(try text(place.appending(path: "scores.csv")).split(whereSeparator: \.isNewline).count - 1 == Self.images)
        // A stack of pages is one file, and below are other batches.
        let files = batch.names.count { $0 != "_musc" && $0 != "below" }
        #expect(files == Self.grey + 1 + Self.unreadable.count + Self.ignored.count)

        let page = try text(place.appending(path: "report.html"))
        #expect(page.contains("<li>\(Self.images) images</li>"))
        #expect(page.contains(">\(Self.unreadable.count) unreadable</a>"))
        #expect(page.contains(">\(Self.ignored.count) ignored</a>"))
        let several = "the first alone was taken: part_5.pgm (2 pictures)"
        #expect(page.contains(several))
        #expect((record["notes"] as? [String])?.contains { $0.contains(several) } == true)
        for name in Self.unreadable.keys { #expect(page.contains("<strong>\(name)</strong>"), "\(name)") }
        #expect(page.contains("\(Self.ignored.count) other files of the folder are no images of the batch: 6 text, table or settings"))
    }

    private func checkLine(_ output: String) {
        let parts = ["\(Self.images) images", "\(Self.unreadable.count) unreadable", "\(Self.ignored.count) ignored"]
        for part in parts { #expect(output.contains(part), "\(part): \(output)") }
    }

    @Test("By hand: terminal, --json, run.json, scores.csv and report agree with the folder")
    func run() throws {
        let plain = try musc.run(["run", "drop/0900"] + MuscCommand.tiny)
        #expect(plain.status == 0, "\(plain.errors)")
        checkLine(plain.output)
        try checkResults()
        #expect((plain.output + plain.errors).contains("part_5.pgm (2 pictures)"))
        let json = try musc.run(["run", "drop/0900", "--json"] + MuscCommand.tiny)
        let told = try object(Data(json.output.utf8))
        #expect(told["images"] as? Int == Self.images && told["unreadable"] as? Int == Self.unreadable.count)
        #expect(told["ignored"] as? [String: Int] == Self.counts)
        // What was not scored is shown again from the results.
        #expect(try musc.run(["report", "drop/0900"]).status == 0)
        try checkResults()
    }

    @Test("In a drop folder: the log, batches.csv and musc status agree with these too", arguments: ["sweep", "watch"])
    func dropFolder(command: String) throws {
        let arguments = [command, "drop", "--config", "musc.yaml"] + MuscCommand.tiny
        let through = command == "watch" ? ["/usr/bin/timeout", "--preserve-status", "--signal=TERM", "--kill-after=60", "9"] : []
        let result = try musc.run(arguments, through: through)
        checkLine(result.output)
        try checkResults()
        let line = try #require(result.errors.split(separator: "\n").first { $0.contains("batch_done") }, "\(result.errors)")
        let parts = ["images=\(Self.images)", "unreadable=\(Self.unreadable.count)", "ignored=\(Self.ignored.count)"]
        for part in parts { #expect(line.contains(part), "\(part): \(line)") }
        let table = try text(musc.scratch.appending(path: "drop/batches.csv"))
        // batch, state, images, flagged, unreadable: here too, images counts the unreadable ones.
        let row = try #require(table.split(whereSeparator: \.isNewline).first { $0.hasPrefix("0900,") })
        let cells = row.split(separator: ",", omittingEmptySubsequences: false)
        #expect(cells[1] == "done" && cells[2] == "\(Self.images)" && cells[4] == "\(Self.unreadable.count)", "\(table)")
        #expect(try musc.run("status", "--all").output.contains("drop/0900  \(Self.images) images"))
    }
}
