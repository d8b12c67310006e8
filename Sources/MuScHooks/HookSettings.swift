import MuScSupport
import MuScWatching
import SystemPackage

/// What is told of results, and to whom: the section `hooks` of the configuration.
package struct HookSettings: Sendable, Equatable {
    /// A program and its arguments, run after each batch; nil for none.
    package var onBatch: [String]?
    /// A program and its arguments, run for each flagged image; nil for none.
    package var onFlagged: [String]?
    /// A program and its arguments, run for each verdict that somebody gives; nil for none.
    package var onVerdict: [String]?
    /// Seconds after which a program that still runs is ended.
    package var timeoutSeconds: Double = 30
    /// URLs to which each batch's result, and each verdict, is sent by POST.
    package var webhooks: [String] = []
    /// A file of header lines that are sent along; nil for none.
    package var webhookHeadersFile: FilePath?
    /// Seconds that a receiver has to answer.
    package var webhookTimeoutSeconds: Double = 15

    package init() {}

    /// Whether nobody is told anything.
    package var isEmpty: Bool { receivers.isEmpty }

    /// Everybody who is told something.
    package var receivers: [Receiver] {
        [(Receiver.onBatch, onBatch), (Receiver.onFlagged, onFlagged), (Receiver.onVerdict, onVerdict)].compactMap { name, words in
            words.map { .command(name: name, $0) }
        } + webhooks.map { .webhook(url: $0) }
    }

    /// The messages that these settings make of one result.
    ///
    /// - Parameters:
    ///   - key: Of the result; the same whenever it is told of again.
    ///   - batch: The result as JSON.
    ///   - flagged: Each flagged image as JSON, the most anomalous first.
    package func deliveries(key: String, batch: String, flagged: [String]) -> [Delivery] {
        var deliveries: [Delivery] = []
        if onBatch != nil { deliveries.append(Delivery(receiver: Receiver.onBatch, key: key, body: batch)) }
        if onFlagged != nil {
            for (index, body) in flagged.enumerated() {
                deliveries.append(Delivery(receiver: Receiver.onFlagged, key: "\(key)-\(index + 1)", body: body))
            }
        }
        return deliveries + webhooks.map { Delivery(receiver: $0, key: key, body: batch) }
    }

    /// The messages that these settings make of a verdict.
    ///
    /// - Parameters:
    ///   - key: Of the verdict; the same whenever it is told of again.
    ///   - verdict: The verdict as JSON.
    package func deliveries(key: String, verdict: String) -> [Delivery] {
        ((onVerdict == nil ? [] : [Receiver.onVerdict]) + webhooks).map { Delivery(receiver: $0, key: key, body: verdict) }
    }
}

/// Somebody who is told of results.
package enum Receiver: Sendable, Hashable {
    /// A program of this machine, under the name of its key in the configuration.
    case command(name: String, [String])
    case webhook(url: String)

    package static let onBatch = "hooks.on_batch"
    package static let onFlagged = "hooks.on_flagged"
    package static let onVerdict = "hooks.on_verdict"

    /// Tells it from other receivers without saying what may be secret in it.
    package var fingerprint: String {
        let words =
            switch self {
            case .command(let name, let words): [name] + words
            case .webhook(let url): [url]
            }
        return SHA256.hash(data: words.joined(separator: "\0").utf8).prefix(8).hexadecimal
    }

    /// The name under which the ledger keeps messages for it.
    package var name: String {
        switch self {
        case .command(let name, _): name
        case .webhook(let url): url
        }
    }
}
