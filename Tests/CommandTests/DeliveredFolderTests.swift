import Foundation
import MuScImages
import Testing

/// Folders as cameras and people deliver them: deep samples, stacks, formats that are not read, sidecars.
@Suite("Folders as they are delivered")
struct DeliveredFolderTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand.withTinyWeights() }

    func run(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.score(arguments)
    }

    func folder(_ name: String) throws -> URL {
        let folder = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    func object(_ data: Data) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func record(_ batch: URL) throws -> [String: Any] {
        try object(Data(contentsOf: batch.appending(path: "_musc/run.json")))
    }

    /// Grey values of a small part; each index another.
    static func values(_ index: Int) -> [Int] {
        (0..<4096).map { (($0 % 64) * 5 + index) ^ (($0 / 64) * 3 + index * 7) }.map { $0 & 255 }
    }

    static func pgm(_ values: [Int], largest: Int = 65535) -> Data {
        Data(Array("P5\n64 64\n\(largest)\n".utf8) + values.flatMap { largest > 255 ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0)] })
    }

    func write(_ batch: String, _ count: Int = 6, _ content: ([Int]) -> Data) throws -> URL {
        let folder = try folder(batch)
        for index in 0..<count { try content(Self.values(index)).write(to: folder.appending(path: "part_\(index).pgm")) }
        return folder
    }

    func scores(_ batch: URL) throws -> String {
        try String(contentsOf: batch.appending(path: "_musc/scores.csv"), encoding: .utf8)
    }

    @Test("Samples of 12 bits in files of 16 give the scores of the 8-bit files, with noise below them too; said in run.json and notes")
    func twelveBits() throws {
        let eight = try write("eight") { Self.pgm($0, largest: 255) }
        let twelve = try write("twelve") { Self.pgm($0.map { $0 << 4 }) }
        let noisy = try write("noisy") { Self.pgm($0.enumerated().map { $1 << 4 | $0 % 16 }) }
        let result = try run("eight", "twelve", "noisy")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try scores(twelve) == scores(eight))
        #expect(try scores(noisy) == scores(eight))
        #expect(try (record(eight)["settings"] as? [String: String])?["images.range"] == "full")
        #expect(try (record(twelve)["settings"] as? [String: String])?["images.range"] == "0,4095")
        let notes = try record(twelve)["notes"] as? [String] ?? []
        #expect(notes.contains { $0.contains("0 to 4095, 12 significant bits") })
        #expect(try !(record(eight)["notes"] as? [String] ?? []).contains { $0.contains("images.range") })
        // The report shows what the network saw, also when it is made again.
        let photograph = twelve.appending(path: "_musc/overlays/photographs/part_0.pgm.jpg")
        let pictures = twelve.appending(path: "_musc/overlays/photographs").names
        #expect(!pictures.isEmpty, "\(photograph)")
        let picture = twelve.appending(path: "_musc/overlays/photographs/\(pictures.first ?? "")")
        let before = try Data(contentsOf: picture)
        #expect(try RGBImage(decoding: Array(before), name: "a").pixels.max() ?? 0 > 200)
        #expect(try musc.run(["report", "twelve"]).status == 0)
        #expect(try Data(contentsOf: picture) == before)
    }

    @Test("images.range is taken as it is written, and a wrong one is refused with what would be right")
    func rangeKey() throws {
        let batch = try write("batch") { Self.pgm($0.map { $0 << 4 }) }
        let fixed = try musc.run(["run", "batch"] + MuscCommand.tiny, environment: ["MUSC_RANGE": "0,8191"])
        #expect(fixed.status == 0, "\(fixed.errors)")
        #expect(try (record(batch)["settings"] as? [String: String])?["images.range"] == "0,8191")
        let wrong = try musc.run(["run", "batch"] + MuscCommand.tiny, environment: ["MUSC_RANGE": "9,1"])
        #expect(wrong.status == 2 && wrong.errors.contains("such as [0, 4095]"), "\(wrong.errors)")
    }

    @Test("A drop folder's own range goes before that of the others; where all files have 8 bits, a range is said to have no effect")
    func rangeOfDropFolder() throws {
        let deep = try write("drop/deep", 9) { Self.pgm($0.map { $0 << 4 }) }
        let shallow = try write("shallow") { Self.pgm($0, largest: 255) }
        let text = "watch: {settle_seconds: 0, roots: [{folder: drop, range: [0, 8191]}]}\nimages: {range: full}\n"
        try Data(text.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0, "\(sweep.errors)")
        #expect(try (record(deep)["settings"] as? [String: String])?["images.range"] == "0,8191")
        let fixed = try run("shallow", "--range", "0,8191")
        #expect(fixed.errors.contains("images.range has no effect: all images have samples of 8 bits"), "\(fixed.errors)")
        let plain = try scores(shallow)
        #expect(try !run("shallow", "--range", "full").errors.contains("images.range has no effect"))
        #expect(try scores(shallow) == plain)
    }

    @Test("Known good images share the batch's range, and a batch of two depths says so")
    func knownGood() throws {
        let dark = try write("dark") { Self.pgm($0.map { $0 << 1 }) }
        _ = try write("good", 8) { Self.pgm($0.map { $0 << 4 }) }
        let result = try run("dark", "--known-good", "good")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try (record(dark)["settings"] as? [String: String])?["images.range"] == "0,4095")
        try Self.pgm(Self.values(9), largest: 255).write(to: dark.appending(path: "shallow.pgm"))
        let mixed = try run("dark")
        #expect(mixed.status == 0 && mixed.errors.contains("Depths are mixed: 6 of 7 images"), "\(mixed.errors)")
    }

    @Test("A folder of nothing but pictures that are not read is a batch that failed with the reason, wherever one looks")
    func nothingReadable() throws {
        let drop = try folder("drop")
        let batch = try folder("drop/phone")
        for index in 0..<9 { try Data("\0\0\0\u{18}ftypheic".utf8).write(to: batch.appending(path: "IMG_\(index).HEIC")) }
        let byHand = try run("drop/phone")
        #expect(byHand.status == 1 && byHand.errors.contains("Settings › Camera › Formats › Most Compatible"), "\(byHand.errors)")
        try Data("watch: {settle_seconds: 0}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 1)
        let status = try musc.run(["status", "drop", "--json"])
        for text in [
            status.output, try String(contentsOf: drop.appending(path: "batches.csv"), encoding: .utf8),
            try String(contentsOf: drop.appending(path: "index.html"), encoding: .utf8),
        ] {
            #expect(text.contains("phone") && text.contains("Most Compatible"))
        }
    }

    /// A TIFF of several grey pages without compression.
    static func stack(_ pages: [[Int]]) -> Data {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var file: [UInt8] = Array("II*\0".utf8) + little(0, 4)
        var link = 4
        for page in pages {
            let start = file.count
            file += page.map { UInt8($0) }
            let directory = file.count
            let fields = [(256, 64), (257, 64), (258, 8), (259, 1), (262, 1), (273, start), (277, 1), (278, 64), (279, 4096)]
            file += little(fields.count, 2) + fields.flatMap { little($0, 2) + little(4, 2) + little(1, 4) + little($1, 4) } + little(0, 4)
            file.replaceSubrange(link..<link + 4, with: little(directory, 4))
            link = file.count - 4
        }
        return Data(file)
    }

    @Test("A single stack in a drop folder is a batch of its pages")
    func stackInDropFolder() throws {
        let batch = try folder("drop/0900")
        try Self.stack((0..<9).map(Self.values)).write(to: batch.appending(path: "stack.tif"))
        try Data("watch: {settle_seconds: 0}\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0 && sweep.output.contains("9 images"), "\(sweep.output)\(sweep.errors)")
    }

    @Test("Each page of a stack is an image, named after it, in every result; images.pages: first takes one")
    func stacks() throws {
        let batch = try folder("stacks")
        for file in 0..<3 {
            try Self.stack((0..<3).map { Self.values(3 * file + $0) }).write(to: batch.appending(path: "stack_\(file).tif"))
        }
        let result = try run("stacks")
        #expect(result.status == 0 && result.output.contains("9 images"), "\(result.output)\(result.errors)")
        #expect(result.errors.contains("stack_0.tif (3 pages)"))
        let table = try scores(batch)
        for page in 1...3 { #expect(table.contains("stack_1.tif#\(page),")) }
        let distinct = Set(table.split(whereSeparator: \.isNewline).dropFirst().map { $0.split(separator: ",")[2] })
        #expect(distinct.count == 9, "\(table)")
        #expect(try run("stacks").status == 0)
        #expect(try scores(batch) == table)
        let again = try musc.run(["report", "stacks"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try scores(batch) == table)
        try Data("images: {pages: first}\n".utf8).write(to: musc.scratch.appending(path: "first.yaml"))
        let first = try musc.run(["run", "stacks", "--config", "first.yaml"] + MuscCommand.tiny)
        #expect(first.output.contains("3 images") && first.errors.contains("images.pages: first"), "\(first.output)\(first.errors)")
    }
}
