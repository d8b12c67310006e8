import Foundation
import Glibc
import Logging
import MuScHooks
import MuScWatching
import ScratchFolders
import SystemPackage
import Testing

/// Messages that their receiver does not want, and what a person may do with them.
@Suite(.serialized) struct RefusedMessageTests {
    private let scratch: ScratchFolder
    let ledger: Ledger

    init() throws {
        scratch = try ScratchFolder()
        ledger = try Ledger(path: scratch.filePath.appending("ledger.sqlite"))
    }

    func deliverer(_ url: String) -> Deliverer {
        var settings = HookSettings()
        settings.webhooks = [url]
        settings.webhookTimeoutSeconds = 5
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Deliverer(settings: settings, ledger: ledger, logger: logger, userAgent: "musc/test")
    }

    func enqueue(_ bodies: [String], to url: String) throws {
        try ledger.deliveries.enqueue(bodies.map { Delivery(receiver: url, key: $0, body: "{\"id\":\"\($0)\"}") })
    }

    /// Delivers until nothing is left to do, as if each pause were over.
    func deliver(_ url: String, times: Int = 8) async throws {
        for _ in 0..<times {
            await deliverer(url).deliverDue()
            guard let pending = try ledger.deliveries.pending(to: url) else { return }
            try ledger.deliveries.postpone(pending, until: 0, reason: "")
        }
    }

    @Test("A message that is refused is set aside after three tries, and those behind it arrive, in order")
    func setAside() async throws {
        let receiver = try UnreliableReceiver()
        try receiver.behave("picky")
        try enqueue(["a", "large-1", "b", "large-2", "c"], to: receiver.url)
        try await deliver(receiver.url)
        #expect(
            receiver.requests.map(\.key) == ["a"] + Array(repeating: "large-1", count: 3) + ["b"] + Array(repeating: "large-2", count: 3)
                + ["c"])
        let kept = try ledger.deliveries.kept()
        #expect(kept.map(\.key) == ["large-1", "large-2"])
        #expect(kept.allSatisfy { $0.refusals == 3 && $0.setAside != nil && $0.reason == "the receiver answered 413" })
        #expect(kept.allSatisfy { !$0.receiver.contains("secret") && !$0.receiver.contains("results") }, "\(kept)")
        let status = try #require(try WatchStatus.read(ledger).receivers.first)
        #expect(status.waiting == 0 && status.setAside == 2)
        #expect(status.answer?.contains("musc hooks list") == true)

        // The receiver was repaired, and one message is given up.
        try receiver.behave("ok")
        #expect(try ledger.deliveries.drop(.numbers([kept[1].number])) == 1)
        #expect(try ledger.deliveries.retry(.setAside) == 1)
        await deliverer(receiver.url).deliverDue()
        #expect(receiver.requests.last?.key == "large-1")
        #expect(try ledger.deliveries.kept().isEmpty)
        #expect(try WatchStatus.read(ledger).receivers.isEmpty)
    }

    @Test(
        "Of statuses from 400 on, those that say nothing of the message keep it waiting",
        arguments: [400, 401, 404, 410, 413, 422, 408, 425, 429, 500, 503])
    func statuses(status: Int) async throws {
        let receiver = try UnreliableReceiver()
        try receiver.behave("\(status)")
        try enqueue(["a"], to: receiver.url)
        try await deliver(receiver.url, times: 4)
        let isRefused = try ledger.deliveries.pending(to: receiver.url) == nil
        #expect(isRefused == (status < 500 && ![408, 425, 429].contains(status)))
        #expect(try ledger.deliveries.kept().count == 1, "nothing is lost")
    }

    @Test("A repaired receiver is tried at once on request, whatever its pause")
    func atOnce() async throws {
        let receiver = try UnreliableReceiver()
        try receiver.behave("error")
        try enqueue(["a"], to: receiver.url)
        for _ in 0..<3 { await deliverer(receiver.url).deliverDue() }
        #expect(receiver.requests.count == 1, "it is left alone for a while")
        try receiver.behave("ok")
        #expect(try ledger.deliveries.retry(.setAside) == 0)
        await deliverer(receiver.url).deliverDue()
        #expect(receiver.requests.count == 2)
        #expect(try ledger.deliveries.pending(to: receiver.url) == nil)
    }

    @Test("Messages to a receiver that the configuration names no more are kept, told of, and given to another or up")
    func dismissed() async throws {
        let receiver = try UnreliableReceiver()
        let former = "https://user:pw@old.example/hook/T0K3N?key=secret"
        try enqueue(["a", "b", "c"], to: former)
        try enqueue(["a"], to: receiver.url)
        await deliverer(receiver.url).deliverDue()
        let status = try #require(try WatchStatus.read(ledger).receivers.first)
        #expect(status.receiver == "https://old.example" && status.waiting == 3 && status.dismissed != nil)
        #expect(status.answer?.contains("musc hooks retry --to") == true)

        // What the other was told already it is not told again.
        #expect(try ledger.deliveries.retry(.numbers([try ledger.deliveries.kept()[0].number]), to: receiver.url) == 1)
        #expect(try ledger.deliveries.retry(.dismissed, to: receiver.url) >= 2)
        await deliverer(receiver.url).deliverDue()
        #expect(receiver.requests.map(\.key).filter { $0 != "a" } == ["b", "c"])
        _ = try ledger.deliveries.drop(.dismissed)
        #expect(try ledger.deliveries.kept().isEmpty)
    }

    @Test(
        "A receiver is shown by its host",
        arguments: [
            ("https://hooks.example/services/T1/B2/secret", "https://hooks.example"),
            ("http://user:pw@10.0.0.1:81?token=x", "http://10.0.0.1:81"),
            ("http://a.example#x", "http://a.example"), ("hooks.on_batch", "hooks.on_batch"), ("https://[::1]:8/x", "https://[::1]:8"),
        ])
    func shown(name: String, text: String) { #expect(receiverText(name) == text) }

    @Test("Of what a hook writes the beginning is passed on, and a hundred megabytes more hold nobody up")
    func boundedOutput() async throws {
        let out = scratch.path("passed")
        // Standard error of a process of its own, to see what arrives there.
        var settings = HookSettings()
        settings.onBatch = ["sh", "-c", "head -c 100000000 /dev/zero | tr '\\0' x; head -c 1000 /dev/zero >&2; touch \"$0\"", out]
        settings.timeoutSeconds = 120
        try ledger.deliveries.enqueue(settings.deliveries(key: "k", batch: "{}", flagged: []))
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let former = dup(STDERR_FILENO)
        let log = scratch.path("stderr")
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        dup2(file, STDERR_FILENO)
        await Deliverer(settings: settings, ledger: ledger, logger: logger, userAgent: "musc/test").deliverDue()
        dup2(former, STDERR_FILENO)
        for descriptor in [former, file] { close(descriptor) }
        #expect(FileManager.default.fileExists(atPath: out), "the hook ran to its end")
        let text = try String(contentsOfFile: log, encoding: .utf8)
        #expect(text.contains("sh writes more than 64 KiB, and the rest is left out"))
        #expect(text.utf8.count < 200_000)
    }
}
