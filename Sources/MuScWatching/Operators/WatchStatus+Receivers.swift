import GRDB

extension WatchStatus {
    /// What waits for one receiver, is kept aside, or went wrong with it last.
    package struct Receiver: Sendable, Codable, Equatable {
        /// The host of a URL, or the name of a key of the configuration.
        package var receiver: String
        /// Messages that wait.
        package var waiting: Int
        /// Messages that the receiver refused.
        package var setAside: Int
        /// How often in a row it could not be reached.
        package var failures: Int
        /// When the oldest message that waits came; ISO 8601.
        package var oldest: String?
        /// When the next try is due; ISO 8601.
        package var nextAttempt: String?
        /// Why the last try failed; nil where it did not.
        package var reason: String?
        /// Since when it is in no configuration, ISO 8601; nil where it is in one.
        package var dismissed: String?
        /// What goes on: a command, or what to mend; nil where nothing need be done.
        package var answer: String?
    }

    /// The receivers for which something waits or is kept aside, or with which the last try failed.
    static func receivers(_ ledger: Ledger) throws(LedgerError) -> [Receiver] {
        try ledger.read { db in
            guard try db.tableExists("delivery") else { return [] }
            // A ledger that an older version wrote, and that is only read now, has no such columns yet.
            let isOlder = try !Deliveries.knowsSetAside(db)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT names.name, coalesce(waiting, 0), coalesce(aside, 0), coalesce(failures, 0), oldest, next_attempt, reason,
                        \(isOlder ? "NULL" : "dismissed")
                    FROM (SELECT name FROM receiver UNION SELECT receiver FROM delivery) AS names
                    LEFT JOIN receiver ON receiver.name = names.name
                    LEFT JOIN (
                        SELECT receiver, count(*) - count(aside) AS waiting, count(aside) AS aside,
                            min(iif(aside IS NULL, created, NULL)) AS oldest
                        FROM (SELECT receiver, created, \(isOlder ? "NULL" : "set_aside") AS aside FROM delivery)
                        GROUP BY receiver) AS queue ON queue.receiver = names.name
                    WHERE waiting > 0 OR aside > 0 OR reason IS NOT NULL ORDER BY names.name
                    """
            ).map { row in
                let (waiting, aside, reason): (Int, Int, String?) = (row[1], row[2], row[6])
                let dismissed = waiting + aside > 0 ? timeText(row[7]) : nil
                let state: ReceiverReason? =
                    dismissed != nil ? .dismissed : aside > 0 ? .refused : waiting > 0 && reason != nil ? .unreachable : nil
                return Receiver(
                    receiver: receiverText(row[0]), waiting: waiting, setAside: aside, failures: row[3], oldest: timeText(row[4]),
                    nextAttempt: waiting > 0 && dismissed == nil ? timeText(row[5]) : nil, reason: reason, dismissed: dismissed,
                    answer: state?.answer)
            }
        }
    }
}

/// Why messages to a receiver are not delivered.
package enum ReceiverReason: Sendable, CaseIterable {
    /// It cannot be reached, or answers that it cannot take anything now.
    case unreachable
    /// It refused messages, which are kept aside.
    case refused
    /// It is in no configuration.
    case dismissed

    package var answer: String {
        switch self {
        case .unreachable: "it is tried again; once it is repaired, at once with musc hooks retry"
        case .refused: "see why with musc hooks list; then musc hooks retry, or musc hooks drop --refused"
        case .dismissed: "it is in no configuration any more: musc hooks retry --to RECEIVER, or musc hooks drop --unknown"
        }
    }
}
