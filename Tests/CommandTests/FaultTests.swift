import Foundation
import Glibc
import ScratchFolders
import Synchronization
import Testing

/// Every call by which a batch's life changes files is made to fail, one after the other.
///
/// `MUSC_FAULTS` says how thoroughly: `all` takes every call with every error, once and lasting; without it every call
/// is taken once, with one error or the other.
@Suite("Writes that fail", .serialized) struct FaultTests {
    /// What a sweep is about to do.
    enum Scenario: String, CaseIterable {
        /// Score a batch for the first time, with a ledger that is not there yet.
        case first
        /// Score it again, because an image has come.
        case again
    }

    static let errors: [(name: String, code: Int32)] = [("ENOSPC", ENOSPC), ("EIO", EIO), ("EDQUOT", EDQUOT), ("EROFS", EROFS)]
    static let isThorough = ProcessInfo.processInfo.environment["MUSC_FAULTS"] == "all"

    /// Builds the library that makes calls fail.
    static func buildShim(in folder: ScratchFolder) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/failing_writes.c")
        let library = folder.path("failing_writes.so")
        let compiler = try Process.run(
            URL(filePath: "/usr/bin/env"), arguments: ["cc", "-O1", "-shared", "-fPIC", "-o", library, source.path])
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        return library
    }

    @Test("After any failed write results are whole, the ledger is right, and the next sweep succeeds", arguments: Scenario.allCases)
    func everyCall(scenario: Scenario) throws {
        let scratch = try ScratchFolder()
        let shim = try Self.buildShim(in: scratch)
        // With nothing failing, to learn how many calls there are.
        let calls = try Round(scenario, at: 0, error: 0, isLasting: false, shim: shim).run()
        #expect(calls.count > 100)
        var faults: [(at: Int, error: Int32, isLasting: Bool)] = []
        for call in 1...calls.count {
            if Self.isThorough {
                for error in Self.errors { for isLasting in [false, true] { faults.append((call, error.code, isLasting)) } }
            } else {
                // What is made under another name and renamed can only be taken away again once the disk recovers.
                let isLasting = call % 16 == 0 || calls[call - 1].contains("latest")
                faults.append((call, Self.errors[call % Self.errors.count].code, isLasting))
            }
        }
        let injections = faults
        let injected = Mutex(0)
        let problems = ConcurrentTrials.problems(of: injections.count, states: Array(repeating: (), count: 4)) { _, index in
            let fault = injections[index]
            let reached = try Round(scenario, at: fault.at, error: fault.error, isLasting: fault.isLasting, shim: shim).run()
            if reached.count >= fault.at { injected.withLock { $0 += 1 } }
            return nil
        }
        print("\(scenario.rawValue): \(calls.count) calls, \(injected.withLock { $0 }) faults injected, \(problems.count) not survived")
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }
}

/// One sweep with one fault, and the sweep after it.
private struct Round {
    let scenario: FaultTests.Scenario
    let at: Int
    let error: Int32
    let isLasting: Bool
    let shim: String
    let musc: MuscCommand

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    init(_ scenario: FaultTests.Scenario, at: Int, error: Int32, isLasting: Bool, shim: String) throws {
        (self.scenario, self.at, self.error, self.isLasting, self.shim) = (scenario, at, error, isLasting, shim)
        musc = try MuscCommand()
    }

    private var work: URL { musc.scratch.appending(path: "work") }
    private var batch: URL { work.appending(path: "drop/line/batch") }
    private var results: URL { batch.appending(path: "_musc") }
    private var images: Int { scenario == .first ? 3 : 4 }

    private func sweep(environment: [String: String] = [:], seconds: Int = 60) throws -> MuscCommand.Result {
        let folders = ["MUSC_STATE": work.appending(path: "state").path, "XDG_CACHE_HOME": work.appending(path: "cache").path]
        return try musc.run(
            ["sweep", "work/drop", "--config", "musc.yaml", "--threads", "1"] + MuscCommand.tiny,
            environment: folders.merging(environment) { $1 },
            through: ["/usr/bin/timeout", "--preserve-status", "--kill-after=30", "\(seconds)"])
    }

    /// - Returns: The calls that there were, in order: number, name and path.
    func run() throws -> [String] {
        try Data("watch: {settle_seconds: 0, min_images: 2, retry_seconds: 0}\n".utf8)
            .write(to: musc.scratch.appending(path: "musc.yaml"))
        try musc.installTinyWeights()
        try musc.makeBatch("work/drop/line/batch", images: 3)
        if scenario == .again {
            try expect(sweep().status == 0, "the sweep before")
            try musc.makeBatch("work/drop/line/batch", images: 4)
        }

        let log = musc.scratch.appending(path: "calls")
        let broken = try sweep(
            environment: [
                "LD_PRELOAD": shim, "MUSC_FAULT_BELOW": work.path, "MUSC_FAULT_AT": "\(at)",
                "MUSC_FAULT_ERRNO": "\(error)", "MUSC_FAULT_LASTING": isLasting ? "1" : "", "MUSC_FAULT_LOG": log.path,
            ], seconds: isLasting ? 3 : 60)
        let calls = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self).split(separator: "\n").map(String.init)
        // A disk that stays full is waited for, until the signal.
        try expect([0, 1, 2].contains(broken.status) || isLasting && broken.status == 143, "status \(broken.status): \(broken.errors)")
        try expect(broken.status == 0 || !broken.errors.isEmpty, "no word of what failed")
        let whole = try checkWhole(after: broken)
        if state() == "done", scenario == .first { try expect(whole == images, "done without results") }
        if broken.status == 0 { try expect(whole == images, "success without results: \(broken.errors)") }

        let mended = try sweep()
        try expect(mended.status == 0, "afterwards status \(mended.status): \(mended.errors)")
        try expect(checkWhole(after: mended) == images, "afterwards no results: \(mended.errors)")
        try expect(state() == "done", "afterwards the ledger says \(state() ?? "nothing")")
        if isLasting, !hiddenFiles().isEmpty {
            // What could not be removed while the fault lasted goes at the next publication.
            try musc.makeBatch("work/drop/line/batch", images: images + 1)
            try expect(sweep().status == 0, "the sweep of one image more")
        }
        try expect(hiddenFiles().isEmpty, "afterwards there is still \(hiddenFiles())")
        return calls
    }

    /// What is left of temporary files.
    private func hiddenFiles() -> [String] {
        let rest = FileManager.default.enumerator(atPath: work.appending(path: "drop").path)?.compactMap { $0 as? String } ?? []
        return rest.filter { $0.split(separator: "/").contains { $0.hasPrefix(".") } }
    }

    /// How many rows the results have, 0 where there are none; throws where they are not whole.
    private func checkWhole(after run: MuscCommand.Result) throws -> Int {
        guard results.exists else { return 0 }
        for name in ["report.html", "scores.csv", "run.json", "scores.safetensors"] {
            try expect(results.appending(path: name).exists, "\(name) is missing: \(run.errors)")
        }
        let record = try? JSONSerialization.jsonObject(with: Data(contentsOf: results.appending(path: "run.json"))) as? [String: Any]
        let table = try String(contentsOf: results.appending(path: "scores.csv"), encoding: .utf8)
        let rows = table.split(separator: "\r\n").dropFirst()
        try expect(
            record?["images"] as? Int == rows.count
                && rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count >= 12 }, "cut tables")
        let page = try String(contentsOf: results.appending(path: "report.html"), encoding: .utf8)
        try expect(page.hasSuffix("</html>\n"), "the page is cut")
        for row in rows {
            guard let overlay = row.split(separator: ",").first(where: { $0.hasPrefix("overlays/") }) else { continue }
            let picture = try Data(contentsOf: results.appending(path: String(overlay)))
            try expect(picture.suffix(8).starts(with: Data("IEND".utf8)), "\(overlay) is cut")
        }
        return rows.count
    }

    /// What the ledger says of the batch; nil where it knows none.
    private func state() -> String? {
        let status = try? musc.run(
            ["status", "work/drop", "--json"], environment: ["MUSC_STATE": work.appending(path: "state").path])
        let object = status.flatMap { try? JSONSerialization.jsonObject(with: Data($0.output.utf8)) as? [String: Any] }
        let root = (object?["roots"] as? [[String: Any]])?.first
        return (root?["batches"] as? [[String: Any]])?.first?["state"] as? String
    }

    private func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition {
            let lasting = isLasting ? ", lasting" : ""
            throw Problem(description: "\(scenario.rawValue), call \(at), error \(error)\(lasting): \(what())")
        }
    }
}
