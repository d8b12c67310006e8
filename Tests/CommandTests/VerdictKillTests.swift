import Foundation
import Glibc
import MuScBatch
import MuScVerdicts
import ScratchFolders
import Synchronization
import SystemPackage
import Testing

/// kill -9 at every call that changes a file: no verdict that somebody was told of is lost, and none is there twice.
@Suite(.serialized) struct VerdictKillTests {
    private let shimFolder: ScratchFolder
    private let shim: String

    init() throws {
        shimFolder = try ScratchFolder()
        shim = try FaultTests.buildShim(in: shimFolder)
    }

    private func environment(at call: Int, below: URL, log: URL) -> [String: String] {
        [
            "LD_PRELOAD": shim, "MUSC_FAULT_BELOW": below.path, "MUSC_FAULT_AT": "\(call)", "MUSC_FAULT_KILL": "1",
            "MUSC_FAULT_LOG": log.path,
        ]
    }

    private static func lines(_ log: URL) -> [String] {
        ((try? String(contentsOf: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    // MARK: musc serve

    /// What clients say, in this order.
    private static let said = [("part_0.png", "good", "Ann"), ("part_1.png", "defect", "Bob"), ("part_0.png", "unsure", "Cleo")]

    @Test("A verdict that musc serve confirmed is in the file, wherever the server is killed, and the next server keeps all")
    func serve() throws {
        let musc = try MuscCommand()
        let batch = try musc.makeBatch("drop/line/a", images: 3)
        let results = batch.appending(path: "_musc")
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: results.appending(path: "run.json"))
        try Data("<!doctype html><html><head><meta charset=\"utf-8\">".utf8).write(to: results.appending(path: "report.html"))
        let file = batch.appending(path: "verdicts.csv")
        let log = shimFolder.folder.appending(path: "calls")

        /// Serves until all is said or the server is gone; how much of it was confirmed.
        func round(at call: Int) throws -> Int {
            try Data().write(to: log)
            let server = try Server(musc, environment: environment(at: call, below: batch, log: log))
            defer { server.end() }
            let secret = try #require(server.ask("GET", "/0/line/a/_musc/report.html")?.firstMatch(of: /content="([0-9a-f]{32})"/)?.1)
            for (count, (image, word, by)) in Self.said.enumerated() {
                let answer = server.ask(
                    "POST", "/0/line/a/_musc/verdict", ["X-Musc-Token: \(secret)", "Content-Type: application/json"],
                    body: "{\"image\": \"\(image)\", \"verdict\": \"\(word)\", \"by\": \"\(by)\", \"note\": \"=1+1\"}")
                guard answer?.hasPrefix("HTTP/1.1 200 ") == true else { return count }
            }
            return Self.said.count
        }
        func rows() throws -> [String] {
            try VerdictsFile(in: FilePath(batch.path)).read().rows.map { "\($0.verdict.image) \($0.verdict.answer) \($0.verdict.by)" }
        }
        let all = Self.said.map { "\($0.0) \($0.1) \($0.2)" }
        #expect(try round(at: 0) == all.count && rows() == all)
        let calls = Self.lines(log)
        // Of each the file beside it, its content, its flush, the change of names and the folder's flush.
        #expect(calls.count >= 5 * all.count && calls.allSatisfy { $0.contains("verdicts.csv") || $0.contains("fsync") }, "\(calls)")
        var kills = 0
        for call in 1...calls.count {
            try FileManager.default.removeItem(at: file)
            let confirmed = try round(at: call)
            if confirmed < all.count { kills += 1 }
            let kept = try rows()
            #expect(kept.starts(with: all[..<confirmed]), "call \(call): \(confirmed) were confirmed, and there are \(kept)")
            #expect(all.starts(with: kept), "call \(call): \(kept)")
            #expect(try round(at: 0) == all.count)
            // What is said again within the same second stands already.
            let standing = try StandingVerdicts(in: FilePath(batch.path)).verdicts.mapValues { "\($0.answer) \($0.by)" }
            #expect(standing == ["part_0.png": "unsure Cleo", "part_1.png": "defect Bob"], "call \(call), served again")
            #expect(try rows().starts(with: kept), "call \(call), served again")
            #expect(batch.names.filter { $0.hasPrefix(".") }.isEmpty, "call \(call): \(batch.names)")
        }
        print("musc serve: killed at \(kills) of \(calls.count) calls")
        #expect(kills >= 4 * all.count)
    }

    // MARK: Dropped files

    /// A drop folder with a batch that is scored, one that is not, and files of verdicts on both.
    private struct Dropped {
        let musc: MuscCommand
        var work: URL { musc.scratch.appending(path: "work") }
        var batch: URL { work.appending(path: "drop/line/a") }
        private var template: URL { musc.scratch.appending(path: "template") }
        var files: [URL] { ["drop/line/a/verdicts-1.csv", "drop/verdicts (2).csv"].map { work.appending(path: $0) } }

        init() throws {
            musc = try MuscCommand.withTinyWeights()
            try Data("watch: {settle_seconds: 0, min_images: 2, retry_seconds: 0}\n".utf8)
                .write(to: musc.scratch.appending(path: "musc.yaml"))
            try musc.makeBatch("work/drop/line/a", images: 4)
            let result = try sweep()
            #expect(result.status == 0, "\(result.errors)")
            try musc.makeBatch("work/drop/line/b", images: 3, first: 20)
            // A note of two lines, and one that a spreadsheet would run, are written otherwise than they were read.
            let contents = [
                "image,verdict,note,at\r\npart_0.png,good,\"two\nlines\",2026-11-24T09:00:00Z\r\npart_1.png,defect,=1+1,\r\n",
                "batch;image;verdict;by\n\(batch.path);part_2.png;good;Ann\n\(work.path)/drop/line/b;part_0.png;unsure;Bob\n",
            ]
            for (file, content) in zip(files, contents) {
                try Data(content.utf8).write(to: file)
                try FileManager.default.setAttributes([.modificationDate: Date.now - 60], ofItemAtPath: file.path)
            }
            try FileManager.default.moveItem(at: work, to: template)
        }

        /// Puts everything as it was before the files were taken in.
        func reset() throws {
            try? FileManager.default.removeItem(at: work)
            let copy = try Process.run(URL(filePath: "/bin/cp"), arguments: ["-a", template.path, work.path])
            copy.waitUntilExit()
            try #require(copy.terminationStatus == 0)
        }

        var environment: [String: String] {
            ["MUSC_STATE": work.appending(path: "state").path, "XDG_CACHE_HOME": work.appending(path: "cache").path]
        }

        func sweep(_ more: [String: String] = [:]) throws -> MuscCommand.Result {
            try musc.run(
                ["sweep", "work/drop", "--config", "musc.yaml", "--threads", "1"] + MuscCommand.tiny,
                environment: environment.merging(more) { $1 })
        }

        /// The rows of both batches.
        func rows() throws -> [String] {
            try ["a", "b"].flatMap { name in
                try VerdictsFile(in: FilePath(work.appending(path: "drop/line/\(name)").path)).read().rows.map {
                    "\(name) \($0.verdict.image) \($0.verdict.answer)"
                }
            }
        }

        static let all: Set = ["a part_0.png good", "a part_1.png defect", "a part_2.png good", "b part_0.png unsure"]

        /// What is wrong after a kill: nothing twice, and what is not in the files is in what was dropped.
        func faultsAfterKill() throws -> [String] {
            let rows = try rows()
            var faults = rows.count == Set(rows).count ? [] : ["twice: \(rows)"]
            for (file, own) in zip(files, [["a part_0.png good", "a part_1.png defect"], ["a part_2.png good", "b part_0.png unsure"]])
            where !file.exists && !Set(own).isSubset(of: rows) {
                faults.append("\(file.lastPathComponent) is gone, and there are \(rows)")
            }
            return faults
        }

        /// What is wrong once all is done: each is there once, and the files are taken.
        func faultsAtTheEnd() throws -> [String] {
            let rows = try rows()
            var faults = rows.count == Self.all.count && Set(rows) == Self.all ? [] : ["at the end: \(rows)"]
            for file in files where file.exists || !URL(filePath: file.path + ".taken").exists {
                faults.append("\(file.lastPathComponent) is not taken")
            }
            let shown = try musc.run(["line", "show", "work/drop/line"], environment: environment)
            if !shown.output.contains("2 good, 1 defective") { faults.append("line show: \(shown.output) \(shown.errors)") }
            return faults
        }
    }

    @Test("Wherever a sweep is killed, each verdict of a dropped file is there once after the next, and the file is taken")
    func sweep() throws {
        let first = try Dropped()
        let log = first.musc.scratch.appending(path: "calls")
        try first.reset()
        #expect(try first.sweep(environment(at: 0, below: first.work, log: log)).status == 0)
        #expect(try first.faultsAtTheEnd() == [])
        let calls = Self.lines(log)
        // What is read and written of verdicts comes first; what follows is the scoring, of which FaultTests take every call.
        let last = try #require(calls.lastIndex { $0.contains("verdicts") }) + 1
        let chosen = (1...calls.count).filter { FaultTests.isThorough || $0 <= last || $0 % 16 == 0 }
        #expect(calls[..<last].contains { $0.contains(".taken") } && last > 20)
        let killed = Atomic<Int>(0)
        let problems = ConcurrentTrials.problems(of: chosen.count, states: [first, try Dropped()]) { dropped, index in
            try dropped.reset()
            let log = dropped.musc.scratch.appending(path: "calls")
            let result = try dropped.sweep(environment(at: chosen[index], below: dropped.work, log: log))
            if result.status == SIGKILL { killed.wrappingAdd(1, ordering: .relaxed) }
            var faults = try dropped.faultsAfterKill()
            let again = try dropped.sweep()
            if again.status != 0 { faults.append(again.errors) }
            faults += try dropped.faultsAtTheEnd()
            return faults.isEmpty ? nil : "call \(chosen[index]): \(faults)"
        }
        print("sweep: killed at \(killed.load(ordering: .relaxed)) of \(calls.count) calls, \(problems.count) not survived")
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
        #expect(killed.load(ordering: .relaxed) >= last)
    }

    @Test("Wherever a watcher is killed while it takes in files, the next one has each verdict once")
    func watch() throws {
        let dropped = try Dropped()
        let log = dropped.musc.scratch.appending(path: "calls")
        func watch(_ more: [String: String], until isDone: () -> Bool) throws {
            let process = Process()
            process.executableURL = URL(filePath: MuscCommand.path)
            process.arguments = ["watch", "work/drop", "--config", "musc.yaml", "--threads", "1"] + MuscCommand.tiny
            process.currentDirectoryURL = dropped.musc.scratch
            process.environment = [
                "PATH": "/usr/bin:/bin", "HOME": dropped.musc.scratch.path(percentEncoded: false),
                "MUSC_WEIGHTS": dropped.musc.scratch.appending(path: "weights").path(percentEncoded: false),
            ].merging(dropped.environment) { $1 }.merging(more) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let deadline = Date.now + 60
            while process.isRunning, !isDone(), Date.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
            if process.isRunning { kill(process.processIdentifier, more.isEmpty ? SIGTERM : SIGKILL) }
            process.waitUntilExit()
        }
        func isDone() -> Bool {
            let report = dropped.work.appending(path: "drop/line/b/_musc/report.html")
            return report.exists && dropped.files.allSatisfy { URL(filePath: $0.path + ".taken").exists }
        }
        try dropped.reset()
        try watch(environment(at: 0, below: dropped.batch, log: log), until: isDone)
        let calls = Self.lines(log)
        #expect(calls.count >= 11 && calls.contains { $0.contains(".taken") }, "\(calls)")
        for call in 1...calls.count {
            try dropped.reset()
            // Nothing is ever done: it ends by being killed.
            try watch(environment(at: call, below: dropped.batch, log: log)) { false }
            #expect(try dropped.faultsAfterKill() == [], "call \(call)")
            try watch([:], until: isDone)
            #expect(try dropped.faultsAtTheEnd() == [], "call \(call)")
        }
        print("watch: killed at \(calls.count) calls")
    }
}

/// `musc serve` on a free port, and a client of it.
private final class Server {
    private let process = Process()
    private let port: UInt16

    init(_ musc: MuscCommand, environment: [String: String]) throws {
        process.executableURL = URL(filePath: MuscCommand.path)
        process.arguments = ["serve", "drop", "--config", "", "--listen", "127.0.0.1:0"]
        process.currentDirectoryURL = musc.scratch
        process.environment = [
            "PATH": "/usr/bin:/bin", "HOME": musc.scratch.path(percentEncoded: false),
            "MUSC_STATE": musc.scratch.appending(path: "state").path(percentEncoded: false),
        ].merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(line.firstMatch(of: /:(\d+)\//).flatMap { UInt16($0.1) })
    }

    func end() {
        if process.isRunning { kill(process.processIdentifier, SIGTERM) }
        process.waitUntilExit()
    }

    /// The whole answer to a request; nil or cut off where the server goes away.
    func ask(_ method: String, _ path: String, _ fields: [String] = [], body: String = "") -> String? {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) == 0 }
        }
        guard isConnected else { return nil }
        let head = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "Content-Length: \(body.utf8.count)"] + fields
        let request = Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
        guard send(client, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = recv(client, &piece, piece.count, 0), count > 0 { answer += piece[..<count] }
        return String(decoding: answer, as: UTF8.self)
    }
}
