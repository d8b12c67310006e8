import Foundation
import Glibc
import Testing

/// What goes wrong with known good images and with a line's memory costs a message, never a batch.
@Suite struct JudgesCommandTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        let drop = musc.scratch.appending(path: "drop").path(percentEncoded: false)
        let yaml = "watch: {settle_seconds: 0, min_images: 2, retry_seconds: 0, retry_limit: 100, roots: [\(drop)]}"
        try Data(yaml.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
    }

    private func run(_ arguments: String...) throws -> MuscCommand.Result {
        try musc.run(["run", "batch", "--no-progress"] + MuscCommand.tiny + arguments)
    }

    private func sweep() throws -> MuscCommand.Result { try musc.run(Self.sweepArguments + MuscCommand.tiny) }

    private static let sweepArguments = ["sweep", "--config", "musc.yaml", "--no-progress"]

    /// The notes in a batch's `run.json`, as one text.
    private func notes(_ batch: String) throws -> String {
        let data = try Data(contentsOf: musc.scratch.appending(path: "\(batch)/_musc/run.json"))
        let run = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return (run?["notes"] as? [String] ?? []).joined(separator: " ")
    }

    private struct Line: Decodable {
        struct Image: Decodable { var batch, name: String }
        var images: [Image]
        var place: String
    }

    private func lines() throws -> [Line] {
        try JSONDecoder().decode([Line].self, from: Data(try musc.run("line", "list", "--json").output.utf8))
    }

    @Test("A known good folder that is missing, empty or holds text is named in the results, and the batch is scored")
    func unusableKnownGood() throws {
        try musc.makeBatch("batch", images: 5)
        #expect(try run("--known-good", "nowhere").status == 0)
        #expect(try notes("batch").contains("nowhere: there is no such folder"))
        let good = try musc.makeBatch("good", images: 0)
        #expect(try run("--known-good", "good").status == 0)
        #expect(try notes("batch").contains("no known good images in good"))
        try Data("no image".utf8).write(to: good.appending(path: "list.txt"))
        try Data("no image".utf8).write(to: good.appending(path: "part.png"))
        let result = try run("--known-good", "good")
        #expect(result.status == 0)
        #expect(try notes("batch").contains("part.png could not be read"))
        #expect(result.output.contains("5 images"))
    }

    @Test("Known good images of other sizes judge, text files among them are named, and the page shows them on request")
    func otherSizes() throws {
        try musc.makeBatch("batch", images: 5)
        let good = try musc.makeBatch("good", images: 12)
        for index in 0..<10 {
            try musc.writeImage(good.appending(path: "large_\(index).png"), side: 100 + index) { x, y in
                UInt8(truncatingIfNeeded: (x &* 5 + index) ^ (y &* 3))
            }
        }
        try Data("no image".utf8).write(to: good.appending(path: "broken.jpg"))
        try Data("no image".utf8).write(to: good.appending(path: "readme.txt"))
        #expect(try run("--known-good", "good").status == 0)
        #expect(try notes("batch").contains("broken.jpg could not be read"))
        #expect(try !notes("batch").contains("readme.txt"))
        let page = try String(contentsOf: musc.scratch.appending(path: "batch/_musc/report.html"), encoding: .utf8)
        // Of the 22 known good images five are the batch's own, which may not vouch for themselves.
        #expect(page.contains("Compared with 17 known good images"))
        #expect(try notes("batch").contains("5 are in this batch as well"))
        #expect(page.contains("src=\"../../good/large_3.png\""))
        let table = try String(contentsOf: musc.scratch.appending(path: "batch/_musc/scores.csv"), encoding: .utf8)
        #expect(table.split(whereSeparator: \.isNewline).count == 6, "known good images are not listed")
    }

    @Test("A known good folder that vanishes between two batches is told of in the second")
    func vanishing() throws {
        try musc.makeBatch("drop/line/a", images: 4)
        let good = try musc.makeBatch("good", images: 22)
        let arguments = Self.sweepArguments + MuscCommand.tiny + ["--known-good", good.path(percentEncoded: false)]
        #expect(try musc.run(arguments).status == 0)
        #expect(try !notes("drop/line/a").contains("could not judge"))
        try FileManager.default.removeItem(at: good)
        try musc.makeBatch("drop/line/b", images: 4)
        #expect(try musc.run(arguments).status == 0)
        #expect(try notes("drop/line/b").contains("there is no such folder"))
    }

    @Test("Truncated and foreign memory files are named in the next batch's results, which is scored", arguments: [true, false])
    func damagedMemory(truncates: Bool) throws {
        try musc.makeBatch("drop/line/a", images: 6)
        #expect(try sweep().status == 0)
        let line = try #require(try lines().first)
        #expect(!line.images.isEmpty)
        let place = URL(filePath: line.place)
        let victim = place.appending(path: try #require(place.names.first { $0.hasSuffix(".safetensors") }))
        if truncates {
            #expect(truncate(victim.path(percentEncoded: false), 500) == 0)
        } else {
            try Data("a letter to somebody else".utf8).write(to: victim)
        }
        try musc.makeBatch("drop/line/b", images: 3)
        let result = try sweep()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try notes("drop/line/b").contains("set aside"))
        // The index too.
        try Data("{".utf8).write(to: place.appending(path: "line.json"))
        try musc.makeBatch("drop/line/c", images: 3)
        #expect(try sweep().status == 0)
        #expect(try notes("drop/line/c").contains("memory begins anew"))
        #expect(try lines().first?.images.contains { $0.batch.hasSuffix("/c") } == true)
    }

    @Test(
        "Where the disk is full nothing is remembered, and the batch's results are whole",
        .enabled(if: getuid() == 0, "mounting needs root"))
    func fullDisk() throws {
        let place = musc.scratch.appending(path: "state/lines")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let mount = try Mount(place, options: "size=16k", type: "tmpfs")
        defer { mount.remove() }
        try musc.makeBatch("drop/line/a", images: 12)
        let result = try sweep()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("nothing was remembered of the line"), "\(result.errors)")
        #expect(result.errors.contains("No space left"), "\(result.errors)")
        #expect(musc.scratch.appending(path: "drop/line/a/_musc/report.html").exists)
        #expect(try lines().isEmpty)
        // With room again, the next batch is remembered.
        _ = try Mount(place, options: "remount,size=20m", type: "tmpfs")
        try musc.makeBatch("drop/line/b", images: 4)
        #expect(try sweep().status == 0)
        #expect(try lines().first?.images.isEmpty == false)
    }

    @Test("Killed at any moment while it remembers, a sweep leaves a memory that is whole")
    func killed() throws {
        var kills = 0
        var unfinished = 0
        for round in 0..<25 {
            try musc.makeBatch("drop/line/batch-\(round)", images: 20)
            let process = Process()
            process.executableURL = URL(filePath: MuscCommand.path)
            process.arguments = Self.sweepArguments + MuscCommand.tiny
            process.currentDirectoryURL = musc.scratch
            process.environment = [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": musc.scratch.path(percentEncoded: false),
                "MUSC_WEIGHTS": musc.scratch.appending(path: "weights").path(percentEncoded: false),
                "MUSC_STATE": musc.scratch.appending(path: "state").path(percentEncoded: false),
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            // Most kills wait for the memory's first file of this round, some for nothing.
            let place = musc.scratch.appending(path: "state/lines")
            func temporary() -> Bool { place.names.contains { place.appending(path: $0).names.contains { $0.hasSuffix(".tmp") } } }
            let deadline = Date.now + (round % 4 == 0 ? .random(in: 0.05...0.5) : 20)
            while process.isRunning, Date.now < deadline {
                if round % 4 != 0, temporary() { break }
                usleep(300)
            }
            if temporary() { unfinished += 1 }
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                kills += 1
            }
            process.waitUntilExit()
            // What is listed is there.
            for line in try lines() {
                #expect(line.images.count <= 48)
                #expect(URL(filePath: line.place).names.count { $0.hasSuffix(".safetensors") } >= line.images.count)
            }
        }
        try musc.makeBatch("drop/line/last", images: 3)
        for _ in 0..<3 { _ = try sweep() }
        for round in 0..<25 {
            #expect(musc.scratch.appending(path: "drop/line/batch-\(round)/_musc/report.html").exists)
        }
        #expect(try !notes("drop/line/last").contains("set aside"))
        let line = try #require(try lines().first)
        #expect(!line.images.isEmpty && line.images.count <= 48)
        let names = URL(filePath: line.place).names
        #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".damaged") })
        #expect(names.count { $0.hasSuffix(".safetensors") } == line.images.count)
        #expect(unfinished > 0, "some kills met a memory that was being written")
        print("\(kills) kills, \(unfinished) of them while the memory was written")
    }
}
