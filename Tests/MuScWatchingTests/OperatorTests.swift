import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("What operators see")
struct OperatorTests {
    @Test("Names are one line of printable text, whatever their bytes")
    func escaping() {
        #expect(escapedText("plain Ä.jpg".utf8) == "plain Ä.jpg")
        #expect(escapedText("a\nb\tc\\".utf8) == "a\\nb\\tc\\\\")
        #expect(escapedText([0x61, 0xFF, 0xC3]) == "a\\xff\\xc3")
        #expect(escapedText("\u{1B}[31m".utf8) == "\\x1b[31m")
        #expect(escapedText("\u{202E}gpj".utf8) == "\\xe2\\x80\\xaegpj")
        #expect(escapedText([0xC0, 0x80, 0xED, 0xA0, 0x80]) == "\\xc0\\x80\\xed\\xa0\\x80")
    }

    @Test("Figures for Prometheus count batches, images and failures")
    func metrics() async throws {
        let drop = try DropFolder()
        try drop.drop(3, in: "a")
        try drop.drop(2, in: "b")
        try drop.drop(1, in: "single")
        let scorer = TableScorer(before: { if $0.folder.lastComponent == "b" { throw ScoringFailure(.lasting, "no") } })
        _ = try await sweep(drop, scorer)
        let file = MetricsFile(path: drop.base.appending("musc.prom"))
        try file.write(drop.ledger())
        let lines = try String(contentsOfFile: file.path.string, encoding: .utf8).split(separator: "\n").map(String.init)
        for line in [
            "musc_batches_total 1", "musc_images_total 3", "musc_failures_total 1", "musc_batches{state=\"held\"} 1",
            "musc_batches{state=\"waiting\"} 1", "musc_batches{state=\"done\"} 1", "musc_queue 0",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("musc_last_success_timestamp_seconds 1") })
        // Each sample belongs to a family that says its type.
        for line in lines where !line.hasPrefix("#") {
            let name = line.prefix { $0 != "{" && $0 != " " }
            #expect(lines.contains { $0.hasPrefix("# TYPE \(name) ") }, "\(line)")
        }
    }

    @Test("systemd is told through its socket, also an abstract one")
    func notify() throws {
        let drop = try DropFolder()
        for path in [drop.base.appending("notify").string, "@musc-test-\(getpid())"] {
            let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var bytes = Array(path.utf8)
            if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(2 + bytes.count)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(bound == 0)
            SystemdNotify(environment: ["NOTIFY_SOCKET": path]).send("READY=1")
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "READY=1")
        }
    }

    @Test("The watchdog's interval is read for this process only")
    func watchdog() {
        #expect(SystemdNotify(environment: ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]).watchdogSeconds == 30)
        #expect(SystemdNotify(environment: ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]).watchdogSeconds == nil)
        #expect(SystemdNotify(environment: [:]).watchdogSeconds == nil)
    }

    @Test("The table of batches quotes what needs it and tells of failures")
    func table() async throws {
        let drop = try DropFolder()
        try drop.drop(2, in: "a, b")
        try drop.drop(2, in: "c")
        let scorer = TableScorer(before: { if $0.folder.lastComponent == "c" { throw ScoringFailure(.lasting, "two \"images\" only") } })
        _ = try await sweep(drop, scorer)
        let rows = try String(contentsOfFile: drop.path("batches.csv").string, encoding: .utf8).components(separatedBy: "\r\n")
        #expect(
            rows[0] == "batch,state,images,flagged,unreadable,finished,seconds,report,error,outcome,found_good,found_defective,spot_checks")
        #expect(rows.contains { $0.hasPrefix("\"a, b\",done,2,1,0,") && $0.hasSuffix(",0.01,\"a, b/_musc/report.html\",,flagged,0,0,0") })
        #expect(rows.contains("c,held,2,,,,,,\"two \"\"images\"\" only\",,0,0,0"))
    }

    @Test("No column of the table of batches has a character that steers a terminal, whatever folders and failures are called")
    func hostileTable() async throws {
        let drop = try DropFolder()
        for name in ["esc\u{1B}[31m", "line\nbreak", "rtl\u{202E}gpj", "=cmd()"] {
            try drop.drop(2, in: name)
            try drop.drop(2, in: "fails/\(name)")
        }
        let scorer = TableScorer(before: { batch in
            if batch.folder.string.contains("/fails/") { throw ScoringFailure(.lasting, "\(batch.folder.string)\u{7}: no") }
        })
        _ = try await sweep(drop, scorer)
        let table = try String(contentsOfFile: drop.path("batches.csv").string, encoding: .utf8)
        let rows = table.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        #expect(rows.count == 9)
        for scalar in rows.joined().unicodeScalars {
            #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && !(0x202A...0x202E).contains(scalar.value))
        }
        #expect(!table.contains("\r\n=") && !table.contains(",="), "no cell is a formula")
    }

    @Test("File systems are known by the table of mounts")
    func fileSystems() throws {
        let root = try #require(FileSystemKind.of("/proc"))
        #expect(root.name == "proc")
        #expect(FileSystemKind(name: "nfs4", mountPoint: "/mnt").sendsAllEvents == false)
        #expect(FileSystemKind(name: "fuse.sshfs", mountPoint: "/mnt").sendsAllEvents == false)
        #expect(FileSystemKind(name: "ext4", mountPoint: "/").sendsAllEvents)
        #expect(FileSystemKind(name: "exfat", mountPoint: "/").keepsInodes == false)
        #expect(FileSystemKind(name: "cifs", mountPoint: "/mnt/a").explanation.contains("watch.poll_seconds"))
    }

    @Test(
        "A root on a file system that tells nothing is said to be scanned",
        .enabled(if: Machine.mountsOverlays, "an overlay cannot be mounted here"))
    func silentFileSystem() async throws {
        let drop = try DropFolder()
        // An overlay cannot lie on another, as in a container; on a file system in memory it can.
        let layers = drop.base.appending("layers")
        try makeFolder(layers)
        try #require(run("mount", ["-t", "tmpfs", "tmpfs", layers.string]) == 0)
        defer { run("umount", ["-l", layers.string]) }
        for name in ["lower", "upper", "work"] { try makeFolder(layers.appending(name)) }
        try #require(
            run(
                "mount",
                [
                    "-t", "overlay", "overlay", "-o", "lowerdir=\(layers)/lower,upperdir=\(layers)/upper,workdir=\(layers)/work",
                    drop.root.string,
                ]) == 0)
        defer { run("umount", ["-l", drop.root.string]) }
        let log = EventLog()
        let scorer = TableScorer()
        try await watching(drop, scorer, log: log, change: { $0.silentPollSeconds = 0.5 }) {
            #expect(log.events.contains("poll_only"))
            try drop.drop(2, in: "a")
            #expect(await eventually { scorer.batches.count == 1 })
            #expect(try WatchStatus.read(drop.ledger()).roots.first?.fileSystem == "overlay")
        }
    }
}

@Suite("Units of systemd")
struct UnitTests {
    static let canVerify = run("systemd-analyze", ["--version"]) == 0

    @Test("The units pass systemd-analyze verify", .enabled(if: canVerify, "systemd is not installed here"))
    func verify() throws {
        let drop = try DropFolder()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("watch-config")
        let names = ["musc.service", "musc-sweep.service", "musc-sweep.timer"]
        for name in names {
            // Where musc is not installed its place is taken by a program that is.
            let unit = try String(contentsOf: source.appendingPathComponent(name), encoding: .utf8)
                .replacing("/usr/local/bin/musc", with: "/bin/true")
            try write(Array(unit.utf8), to: drop.base.appending(name))
        }
        let result = try output(of: "systemd-analyze", ["verify", "--man=no"] + names.map { drop.base.appending($0).string })
        #expect(result.status == 0)
        #expect(result.text.isEmpty, "\(result.text)")
    }

    private func output(of program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
