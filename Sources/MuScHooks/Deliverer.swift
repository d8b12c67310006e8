import Foundation
import Logging
import MuScSupport
import MuScWatching
import ServiceLifecycle
import Synchronization
import SystemPackage

/// Brings the messages that wait in the ledger to their receivers, beside the scoring and without ever holding it up.
///
/// Each receiver gets its messages in the order in which they were put down, and independently of the others. A webhook
/// that cannot be reached is tried again after 5 s, 10 s, 20 s … up to 15 minutes, for as long as it takes. A message that
/// it refuses (a status of 400 to 499, but for 408, 425 and 429) is set aside after three tries, so that those behind it
/// go on. A program is run once for each message, whatever it comes to; again only where this process was killed while it
/// ran.
package final class Deliverer: Service {
    private let ledger: Ledger
    private let logger: Logger
    private let userAgent: String
    private let state: Mutex<(settings: HookSettings, generation: Int)>

    /// - Parameter userAgent: Tells receivers who sends, such as `musc/1.0`.
    package init(settings: HookSettings, ledger: Ledger, logger: Logger, userAgent: String) {
        self.ledger = ledger
        self.logger = logger
        self.userAgent = userAgent
        state = Mutex((settings, 0))
    }

    /// Takes new settings; a message on its way is still sent as it was.
    package func replace(_ settings: HookSettings) {
        state.withLock { state in
            guard state.settings != settings else { return }
            state = (settings, state.generation + 1)
        }
    }

    /// The settings in force.
    package var currentSettings: HookSettings { state.withLock { $0.settings } }

    /// Delivers until the service group shuts down or the task is cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let (settings, generation) = self.state.withLock { $0 }
                self.tellOfOthers(settings)
                await withTaskGroup { group in
                    for receiver in settings.receivers {
                        group.addTask { await self.serve(receiver, settings, generation) }
                    }
                    if settings.receivers.isEmpty {
                        group.addTask { await self.untilReplaced(generation) }
                    }
                }
            }
        }
    }

    /// One pass, for programs that end: brings each receiver what is due, and leaves one that cannot be reached to the
    /// next pass.
    package func deliverDue() async {
        let settings = currentSettings
        tellOfOthers(settings)
        await withTaskGroup { group in
            for receiver in settings.receivers {
                group.addTask {
                    guard let lock = FileLock.toDeliver(to: receiver, ledger: self.ledger) else { return }
                    await self.drain(receiver, settings)
                    withExtendedLifetime(lock) {}
                }
            }
        }
    }

    /// Says which receivers messages are kept for that nobody brings them any more.
    private func tellOfOthers(_ settings: HookSettings) {
        do {
            for other in try ledger.deliveries.dismissReceivers(but: settings.receivers.map(\.name)) {
                logger.warning(
                    "receiver_dismissed",
                    metadata: [
                        "receiver": "\(receiverText(other.receiver))", "messages": "\(other.messages)",
                        "answer": "\(ReceiverReason.dismissed.answer)",
                    ])
            }
        } catch {
            ledger.complain(error, to: logger)
        }
    }

    private func isCurrent(_ generation: Int) -> Bool { state.withLock { $0.generation == generation } }

    private func untilReplaced(_ generation: Int) async {
        while !Task.isCancelled, isCurrent(generation) { try? await Task.sleep(for: .seconds(1)) }
    }

    /// Serves one receiver until the settings change.
    private func serve(_ receiver: Receiver, _ settings: HookSettings, _ generation: Int) async {
        var lock: FileLock?
        while !Task.isCancelled, isCurrent(generation) {
            // A sweep on the same ledger may be at it; then it is our turn later.
            if lock == nil { lock = FileLock.toDeliver(to: receiver, ledger: ledger) }
            if lock != nil { await drain(receiver, settings) }
            try? await Task.sleep(for: .seconds(1))
        }
        withExtendedLifetime(lock) {}
    }

    /// Brings a receiver one message after the other, until none is due.
    private func drain(_ receiver: Receiver, _ settings: HookSettings) async {
        while !Task.isCancelled {
            do {
                guard let pending = try ledger.deliveries.pending(to: receiver.name),
                    Self.isDue(pending.nextAttempt), try await deliver(pending, to: receiver, settings)
                else { return }
            } catch is CancellationError {
                return
            } catch let error as LedgerError {
                return ledger.complain(error, to: logger)
            } catch {
                logger.warning("delivery_failed", metadata: ["receiver": "\(receiverText(receiver.name))", "reason": "\(error)"])
                return
            }
        }
    }

    /// A try that lies further ahead than the longest delay was set before the clock was set back.
    private static func isDue(_ time: Double) -> Bool {
        let now = Date.now.timeIntervalSince1970
        return time <= now || time > now + 2 * longestDelay
    }

    private static let longestDelay = 900.0

    /// - Returns: Whether the message is dealt with.
    private func deliver(_ pending: PendingDelivery, to receiver: Receiver, _ settings: HookSettings) async throws -> Bool {
        let delivery = pending.delivery
        switch receiver {
        case .command(let name, let words):
            let program = Program(words: words, timeoutSeconds: settings.timeoutSeconds)
            let ending = try await program.run(input: delivery.body).ending
            let fault = ending.fault(words.first ?? name, timeoutSeconds: settings.timeoutSeconds)
            if let fault { logger.warning("hook_failed", metadata: ["hook": "\(name)", "key": "\(delivery.key)", "reason": "\(fault)"]) }
            try ledger.deliveries.close(delivery, reason: fault)
            return true
        case .webhook(let url):
            let webhook = Webhook(
                url: url, headersFile: settings.webhookHeadersFile, timeoutSeconds: settings.webhookTimeoutSeconds,
                userAgent: userAgent)
            var metadata: Logger.Metadata = ["receiver": "\(receiverText(url))", "key": "\(delivery.key)"]
            let answer = try await webhook.send(delivery.body, key: delivery.key)
            metadata["reason"] = answer.fault.map { "\($0)" }
            let delay: Double
            switch answer {
            case .taken:
                try ledger.deliveries.close(delivery)
                logger.debug("webhook_delivered", metadata: metadata)
                return true
            case .refused(let fault) where pending.refusals + 1 >= Self.triesOfRefused:
                try ledger.deliveries.setAside(delivery, reason: fault)
                metadata["answer"] = "\(ReceiverReason.refused.answer)"
                logger.error("webhook_refused", metadata: metadata)
                return true
            case .refused(let fault):
                delay = Self.delay(failures: pending.refusals + 1)
                try ledger.deliveries.postpone(pending, until: Date.now.timeIntervalSince1970 + delay, reason: fault, isRefused: true)
            case .failed(let fault):
                delay = Self.delay(failures: pending.failures + 1)
                try ledger.deliveries.postpone(pending, until: Date.now.timeIntervalSince1970 + delay, reason: fault)
            }
            metadata["retry_seconds"] = "\(Int(delay))"
            logger.warning("webhook_failed", metadata: metadata)
            return false
        }
    }

    /// How often a message is sent that its receiver refuses, before it is set aside: a receiver that is being changed may
    /// refuse for a moment.
    private static let triesOfRefused = 3

    /// Seconds until the next try: 5 after the first failure, twice as long after each further one, at most 15 minutes.
    static func delay(failures: Int) -> Double {
        failures > 8 ? longestDelay : min(5 * Double(1 << max(failures - 1, 0)), longestDelay)
    }
}

extension Deliverer {
    /// Tells everybody at once, without a ledger: one try each, for batches that are scored by hand.
    ///
    /// - Returns: What failed, a sentence each.
    package static func tell(_ deliveries: [Delivery], settings: HookSettings, userAgent: String) async -> [String] {
        var faults: [String] = []
        for delivery in deliveries {
            for receiver in settings.receivers where receiver.name == delivery.receiver {
                let fault: String?
                switch receiver {
                case .command(let name, let words):
                    let program = Program(words: words, timeoutSeconds: settings.timeoutSeconds)
                    fault = (try? await program.run(input: delivery.body).ending)
                        .flatMap { $0.fault(words.first ?? name, timeoutSeconds: settings.timeoutSeconds) }
                        .map { "\(name): \($0)" }
                case .webhook(let url):
                    let webhook = Webhook(
                        url: url, headersFile: settings.webhookHeadersFile,
                        timeoutSeconds: settings.webhookTimeoutSeconds, userAgent: userAgent)
                    fault = (try? await webhook.send(delivery.body, key: delivery.key))?.fault
                        .map { "hooks.webhook: \(receiverText(url)): \($0)" }
                }
                if let fault { faults.append(fault) }
            }
        }
        return faults
    }
}

extension FileLock {
    /// The right to bring messages to a receiver, which one process has at a time, so that their order is kept.
    ///
    /// - Returns: nil where another process has it, or the lock's file cannot be written.
    fileprivate static func toDeliver(to receiver: Receiver, ledger: Ledger) -> FileLock? {
        let folder = ledger.path.removingLastComponent().appending("locks")
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let name = SHA256.hash(data: receiver.name.utf8).prefix(10).hexadecimal
        return try? FileLock(file: folder.appending(name + ".receiver"))
    }
}
