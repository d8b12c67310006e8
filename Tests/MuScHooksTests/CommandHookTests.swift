import Foundation
import Logging
import MuScHooks
import MuScWatching
import ScratchFolders
import SystemPackage
import Testing

@Suite struct CommandHookTests {
    private let scratch: ScratchFolder
    let ledger: Ledger
    let folder: URL

    init() throws {
        scratch = try ScratchFolder()
        folder = scratch.folder
        ledger = try Ledger(path: scratch.filePath.appending("ledger.sqlite"))
    }

    func run(onBatch: [String]? = nil, onFlagged: [String]? = nil, body: String = "{}", flagged: [String] = []) async throws {
        var settings = HookSettings()
        settings.onBatch = onBatch
        settings.onFlagged = onFlagged
        settings.timeoutSeconds = 1
        try ledger.deliveries.enqueue(settings.deliveries(key: "k", batch: body, flagged: flagged))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        await Deliverer(settings: settings, ledger: ledger, logger: logger, userAgent: "musc/test").deliverDue()
    }

    func content(_ name: String) -> String { (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? "" }

    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    @Test("A hook gets the result on standard input and its arguments as they stand, without a shell")
    func input() async throws {
        try await run(
            onBatch: ["sh", "-c", "cat > \"$0\"; printf %s \"$1\" > \"$0.args\"", path("out"), "$HOME; * `x`"], body: "{\"id\":\"ü\"}")
        #expect(content("out") == "{\"id\":\"ü\"}")
        #expect(content("out.args") == "$HOME; * `x`")
        #expect(try WatchStatus.read(ledger).receivers.isEmpty)
    }

    @Test("The hook for flagged images runs once for each, in their order")
    func flagged() async throws {
        try await run(onFlagged: ["sh", "-c", "cat >> \"$0\"", path("out")], flagged: ["1", "2", "3"])
        #expect(content("out") == "123")
    }

    @Test("A verdict goes to its own hook and to webhooks, and to no other hook")
    func verdicts() {
        var settings = HookSettings()
        settings.onBatch = ["batch"]
        settings.webhooks = ["http://127.0.0.1:1/a"]
        let url = Delivery(receiver: "http://127.0.0.1:1/a", key: "k", body: "{}")
        #expect(settings.deliveries(key: "k", verdict: "{}") == [url])
        settings.onVerdict = ["verdict"]
        #expect(settings.deliveries(key: "k", verdict: "{}") == [Delivery(receiver: "hooks.on_verdict", key: "k", body: "{}"), url])
        #expect(settings.receivers.map(\.name) == ["hooks.on_batch", "hooks.on_verdict", "http://127.0.0.1:1/a"])
    }

    @Test("A hook that does not read its input, however long, waits for nobody")
    func unread() async throws {
        let start = ContinuousClock.now
        try await run(onBatch: ["true"], body: String(repeating: "x", count: 4 << 20))
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(try WatchStatus.read(ledger).receivers.isEmpty)
    }

    @Test(
        "A hook that fails, hangs or is missing is told of, and not run again",
        arguments: [
            (["false"], "false ended with status 1"), (["sh", "-c", "kill -9 $$"], "sh was ended by signal 9"),
            (["sh", "-c", "sleep 60 & sleep 60"], "sh did not end within 1 s and was ended"),
            (["/no/such/program"], "/no/such/program could not be run"),
        ])
    func faults(words: [String], reason: String) async throws {
        let start = ContinuousClock.now
        try await run(onBatch: words)
        #expect(ContinuousClock.now - start < .seconds(50))
        let status = try #require(try WatchStatus.read(ledger).receivers.first)
        #expect(status.receiver == "hooks.on_batch" && status.waiting == 0)
        #expect(status.reason?.hasPrefix(reason) == true, "\(status.reason ?? "")")
        #expect(try ledger.deliveries.pending(to: "hooks.on_batch") == nil)
    }

    @Test("A one-off telling says what failed and keeps nothing")
    func oneOff() async throws {
        var settings = HookSettings()
        settings.onBatch = ["false"]
        settings.webhooks = ["http://127.0.0.1:9/"]
        let faults = await Deliverer.tell(
            settings.deliveries(key: "k", batch: "{}", flagged: []), settings: settings, userAgent: "musc/test")
        #expect(faults.count == 2)
        #expect(faults.first == "hooks.on_batch: false ended with status 1")
    }
}
