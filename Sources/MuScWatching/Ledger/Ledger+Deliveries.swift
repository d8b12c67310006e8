import Foundation
import GRDB

/// A message that is kept in the ledger until its receiver has taken it.
package struct Delivery: Sendable, Equatable {
    /// Who is to get it: a URL, or the name of a key of the configuration.
    package var receiver: String
    /// The same whenever the same message is sent again, and no other message's.
    package var key: String
    /// The message.
    package var body: String

    package init(receiver: String, key: String, body: String) {
        self.receiver = receiver
        self.key = key
        self.body = body
    }
}

/// The oldest message that waits for a receiver.
package struct PendingDelivery: Sendable, Equatable {
    package var delivery: Delivery
    /// How often in a row the receiver could not be reached.
    package var failures: Int
    /// When the next try is due, in seconds of the wall clock since 1970; 0 for at once.
    package var nextAttempt: Double
}

/// Messages to receivers outside: put down with the batch that they tell of, in one transaction, and taken away once
/// they are delivered. So none is lost however the program ends; one may be delivered twice, with the same key.
extension Ledger {
    /// Puts messages down; those that were put down before under the same key are not again.
    static func enqueue(_ deliveries: [Delivery], _ db: Database) throws {
        for delivery in deliveries {
            try db.run(
                "INSERT INTO told (receiver, key, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [delivery.receiver, delivery.key, wallClock()])
            guard db.changesCount > 0 else { continue }
            try db.run(
                "INSERT INTO delivery (receiver, key, body, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [delivery.receiver, delivery.key, delivery.body, wallClock()])
        }
    }

    /// Puts messages down.
    ///
    /// - Throws: ``LedgerError``.
    package func enqueue(_ deliveries: [Delivery]) throws(LedgerError) {
        try write { try Self.enqueue(deliveries, $0) }
    }

    /// The message that a receiver is to get next: they leave in the order in which they came.
    ///
    /// - Returns: nil where nothing waits for it.
    /// - Throws: ``LedgerError``.
    package func pendingDelivery(to receiver: String) throws(LedgerError) -> PendingDelivery? {
        try read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(
                        sql: """
                            SELECT key, body, coalesce(failures, 0), coalesce(next_attempt, 0) FROM delivery
                            LEFT JOIN receiver ON receiver.name = delivery.receiver
                            WHERE receiver = ? ORDER BY id LIMIT 1
                            """), arguments: [receiver])
            else { return nil }
            return PendingDelivery(
                delivery: Delivery(receiver: receiver, key: row[0], body: row[1]), failures: row[2], nextAttempt: row[3])
        }
    }

    /// Writes down that a message was delivered, or was tried and is not to be tried again.
    ///
    /// - Parameter reason: Why it could not be delivered, if it could not.
    /// - Throws: ``LedgerError``.
    package func close(_ delivery: Delivery, reason: String? = nil) throws(LedgerError) {
        try write { db in
            try db.run("DELETE FROM delivery WHERE receiver = ? AND key = ?", [delivery.receiver, delivery.key])
            try Self.note(delivery.receiver, failures: 0, nextAttempt: 0, reason: reason, db)
        }
    }

    /// Writes down that a message could not be delivered, and that it is to be tried again at a time.
    ///
    /// - Throws: ``LedgerError``.
    package func postpone(_ pending: PendingDelivery, until time: Double, reason: String) throws(LedgerError) {
        try write { db in
            try Self.note(
                pending.delivery.receiver, failures: pending.failures + 1, nextAttempt: time, reason: reason, db)
        }
    }

    private static func note(
        _ receiver: String, failures: Int, nextAttempt: Double, reason: String?, _ db: Database
    ) throws {
        try db.run(
            """
            INSERT INTO receiver (name, failures, next_attempt, reason) VALUES (?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, next_attempt = excluded.next_attempt,
                reason = excluded.reason
            """, [receiver, failures, nextAttempt, reason])
    }
}

extension WatchStatus {
    /// What waits for one receiver, or went wrong with it last.
    package struct Receiver: Sendable, Codable, Equatable {
        /// A URL without its query and password, or the name of a key of the configuration.
        package var receiver: String
        /// Messages that wait.
        package var waiting: Int
        /// How often in a row it could not be reached.
        package var failures: Int
        /// When the oldest message came; ISO 8601.
        package var oldest: String?
        /// When the next try is due; ISO 8601.
        package var nextAttempt: String?
        /// Why the last try failed; nil where it did not.
        package var reason: String?
    }

    /// The receivers for which something waits, or with which the last try failed.
    static func receivers(_ ledger: Ledger) throws(LedgerError) -> [Receiver] {
        try ledger.read { db in
            // A ledger that an older version wrote, and that is only read now, has no such table yet.
            guard try db.tableExists("delivery") else { return [] }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT names.name, coalesce(waiting, 0), coalesce(failures, 0), oldest, next_attempt, reason
                    FROM (SELECT name FROM receiver UNION SELECT receiver FROM delivery) AS names
                    LEFT JOIN receiver ON receiver.name = names.name
                    LEFT JOIN (SELECT receiver, count(*) AS waiting, min(created) AS oldest FROM delivery GROUP BY receiver)
                        AS queue ON queue.receiver = names.name
                    WHERE waiting > 0 OR reason IS NOT NULL ORDER BY names.name
                    """
            ).map { row in
                func time(_ value: Double?) -> String? {
                    value.flatMap { $0 > 0 ? Date(timeIntervalSince1970: $0).formatted(.iso8601) : nil }
                }
                let waiting: Int = row[1]
                return Receiver(
                    receiver: shown(row[0]), waiting: waiting, failures: row[2], oldest: time(row[3]),
                    nextAttempt: waiting > 0 ? time(row[4]) : nil, reason: row[5])
            }
        }
    }

    /// A URL without what may be a secret in it.
    private static func shown(_ receiver: String) -> String {
        guard let scheme = receiver.range(of: "://") else { return receiver }
        var rest = receiver[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if let at = authority.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        return String(receiver[..<scheme.upperBound]) + rest.prefix { $0 != "?" && $0 != "#" }
    }
}
