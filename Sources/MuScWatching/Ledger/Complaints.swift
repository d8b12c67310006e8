import Logging
import Synchronization

/// What goes wrong again and again, told once a minute: a full disk must not fill the log too.
package final class Complaints: Sendable {
    private struct Told {
        var last: Moment
        var leftOut = 0
    }

    private let told = Mutex<[String: Told]>([:])

    package init() {}

    /// Logs a fault, unless the same one was logged within the last minute.
    ///
    /// - Parameter isSame: What makes it the same, beside the event; the reason unless given.
    package func log(
        _ level: Logger.Level, _ event: String, _ metadata: Logger.Metadata, isSame: String? = nil, now: Moment = .now(), to logger: Logger
    ) {
        let key = "\(event) \(isSame ?? metadata["reason"].map { "\($0)" } ?? "")"
        let leftOut: Int? = told.withLock { told in
            if let last = told[key]?.last, now - last < Self.interval {
                told[key]?.leftOut += 1
                return nil
            }
            let leftOut = told[key]?.leftOut ?? 0
            // What has not been said for long is not said any more.
            told = told.filter { now - $0.value.last < 10 * Self.interval }
            told[key] = Told(last: now)
            return leftOut
        }
        guard let leftOut else { return }
        var metadata = metadata
        if leftOut > 0 { metadata["left_out"] = "\(leftOut)" }
        logger.log(level: level, "\(event)", metadata: metadata)
    }

    private static let interval = 60.0
}
