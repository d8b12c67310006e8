import Foundation
import Logging
import MuScHooks
import MuScWatching
import ScratchFolders
import SystemPackage
import Testing

@Suite(.serialized) struct WebhookTests {
    private let scratch: ScratchFolder
    let ledger: Ledger
    let folder: FilePath

    init() throws {
        scratch = try ScratchFolder()
        folder = scratch.filePath
        ledger = try Ledger(path: folder.appending("ledger.sqlite"))
    }

    func deliverer(_ url: String, timeout: Double = 2, headers: FilePath? = nil) -> Deliverer {
        var settings = HookSettings()
        settings.webhooks = [url]
        settings.webhookTimeoutSeconds = timeout
        settings.webhookHeadersFile = headers
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Deliverer(settings: settings, ledger: ledger, logger: logger, userAgent: "musc/test")
    }

    func enqueue(_ keys: [String], to url: String) throws {
        try ledger.deliveries.enqueue(keys.map { Delivery(receiver: url, key: $0, body: "{\"id\":\"\($0)\"}") })
    }

    /// Makes the next try due at once, as if its delay had passed.
    func letTimePass(_ url: String) throws {
        guard let pending = try ledger.deliveries.pending(to: url) else { return }
        try ledger.deliveries.postpone(pending, until: 0, reason: "")
    }

    @Test("A message arrives by POST as JSON, with its key and the headers of the file")
    func arrives() async throws {
        let receiver = try UnreliableReceiver()
        let headers = folder.appending("headers")
        try Data("Authorization: Bearer s3cret\n".utf8).write(to: URL(filePath: headers.string))
        try enqueue(["a"], to: receiver.url)
        await deliverer(receiver.url, headers: headers).deliverDue()
        let request = try #require(receiver.requests.first)
        #expect(request.body == "{\"id\":\"a\"}" && request.key == "a")
        #expect(request.headers["authorization"] == "Bearer s3cret")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["user-agent"] == "musc/test")
        #expect(try ledger.deliveries.pending(to: receiver.url) == nil)
        #expect(try WatchStatus.read(ledger).receivers.isEmpty)
    }

    @Test(
        "A receiver that refuses, hangs, answers 500, dies before it answers, and comes back, gets every message in order, each under one key"
    )
    func unreliable() async throws {
        let keys = (0..<6).map { "batch-\($0)" }
        var receiver = try UnreliableReceiver()
        let url = receiver.url
        let deliverer = deliverer(url, timeout: 1)
        try enqueue(keys, to: url)
        for behaviour in ["error", "hang", "die"] {
            try receiver.behave(behaviour)
            try letTimePass(url)
            await deliverer.deliverDue()
            #expect(receiver.requests.last?.behaviour == behaviour)
            #expect(try ledger.deliveries.pending(to: url)?.delivery.key == keys[0])
        }
        let before = receiver.requests
        #expect(before.map(\.key) == Array(repeating: keys[0], count: 3))

        let port = receiver.port
        receiver.stop()
        try letTimePass(url)
        await deliverer.deliverDue()
        let status = try #require(try WatchStatus.read(ledger).receivers.first)
        #expect(status.waiting == 6 && status.failures >= 4 && status.nextAttempt != nil)
        #expect(status.reason?.contains("curl 7") == true, "\(status.reason ?? "")")
        #expect(!status.receiver.contains("secret"), "\(status.receiver)")

        receiver = try UnreliableReceiver(port: port)
        try letTimePass(url)
        await deliverer.deliverDue()
        #expect(receiver.requests.map(\.key) == keys)
        #expect(try ledger.deliveries.pending(to: url) == nil)
    }

    @Test("A receiver that failed is left alone until its delay is over")
    func waits() async throws {
        let receiver = try UnreliableReceiver()
        try receiver.behave("error")
        try enqueue(["a"], to: receiver.url)
        let deliverer = deliverer(receiver.url)
        await deliverer.deliverDue()
        try receiver.behave("ok")
        await deliverer.deliverDue()
        #expect(receiver.requests.count == 1)
        let pending = try #require(try ledger.deliveries.pending(to: receiver.url))
        #expect(pending.failures == 1)
        #expect((3...6).contains(pending.nextAttempt - Date.now.timeIntervalSince1970))
    }

    @Test("A receiver that hangs holds up neither another receiver nor who puts messages down")
    func independent() async throws {
        let (slow, quick) = (try UnreliableReceiver(), try UnreliableReceiver())
        try slow.behave("hang")
        var settings = HookSettings()
        settings.webhooks = [slow.url, quick.url]
        settings.webhookTimeoutSeconds = 20
        let deliverer = Deliverer(settings: settings, ledger: ledger, logger: Logger(label: "test"), userAgent: "musc/test")
        try enqueue(["a"], to: slow.url)
        let service = Task { try await deliverer.run() }
        defer { service.cancel() }
        try await Task.sleep(for: .seconds(2))
        let start = ContinuousClock.now
        try enqueue(["b"], to: quick.url)
        #expect(ContinuousClock.now - start < .seconds(1))
        for _ in 0..<100 where quick.requests.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        #expect(quick.requests.map(\.key) == ["b"])
    }

    @Test("Messages outlast the program: another process with the same ledger delivers them")
    func outlast() async throws {
        let receiver = try UnreliableReceiver()
        try enqueue(["a", "b", "a"], to: receiver.url)
        let again = try Ledger(path: folder.appending("ledger.sqlite"))
        var settings = HookSettings()
        settings.webhooks = [receiver.url]
        await Deliverer(settings: settings, ledger: again, logger: Logger(label: "test"), userAgent: "musc/test").deliverDue()
        #expect(receiver.requests.map(\.key) == ["a", "b"])
    }

    @Test("New settings are taken while it runs")
    func replaced() async throws {
        let receiver = try UnreliableReceiver()
        try enqueue(["a"], to: receiver.url)
        let deliverer = Deliverer(settings: HookSettings(), ledger: ledger, logger: Logger(label: "test"), userAgent: "musc/test")
        let service = Task { try await deliverer.run() }
        defer { service.cancel() }
        try await Task.sleep(for: .milliseconds(300))
        var settings = HookSettings()
        settings.webhooks = [receiver.url]
        deliverer.replace(settings)
        for _ in 0..<100 where receiver.requests.isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        #expect(receiver.requests.map(\.key) == ["a"])
    }
}
