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
    /// How often the receiver refused this very message.
    package var refusals: Int
}

/// Messages to receivers outside: put down with the batch that they tell of, in one transaction, and taken away once
/// they are delivered. So none is lost however the program ends; one may be delivered twice, with the same key.
package struct Deliveries: Sendable {
    let ledger: Ledger

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
        try ledger.write { try Self.enqueue(deliveries, $0) }
    }

    /// The message that a receiver is to get next: they leave in the order in which they came.
    ///
    /// - Returns: nil where nothing waits for it; what is set aside does not.
    /// - Throws: ``LedgerError``.
    package func pending(to receiver: String) throws(LedgerError) -> PendingDelivery? {
        try ledger.read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(
                        sql: """
                            SELECT key, body, coalesce(failures, 0), coalesce(next_attempt, 0), refusals FROM delivery
                            LEFT JOIN receiver ON receiver.name = delivery.receiver
                            WHERE receiver = ? AND set_aside IS NULL ORDER BY id LIMIT 1
                            """), arguments: [receiver])
            else { return nil }
            return PendingDelivery(
                delivery: Delivery(receiver: receiver, key: row[0], body: row[1]), failures: row[2], nextAttempt: row[3], refusals: row[4])
        }
    }

    /// Writes down that a message was delivered, or was tried and is not to be tried again.
    ///
    /// - Parameter reason: Why it could not be delivered, if it could not.
    /// - Throws: ``LedgerError``.
    package func close(_ delivery: Delivery, reason: String? = nil) throws(LedgerError) {
        try ledger.write { db in
            try db.run("DELETE FROM delivery WHERE receiver = ? AND key = ?", [delivery.receiver, delivery.key])
            try Self.note(delivery.receiver, failures: 0, nextAttempt: 0, reason: reason, db)
        }
    }

    /// Writes down that a message could not be delivered, and that it is to be tried again at a time.
    ///
    /// - Parameter isRefused: Whether the receiver is there and does not want this message.
    /// - Throws: ``LedgerError``.
    package func postpone(
        _ pending: PendingDelivery, until time: Double, reason: String, isRefused: Bool = false
    ) throws(LedgerError) {
        try ledger.write { db in
            if isRefused { try Self.noteRefusal(of: pending.delivery, reason, db) }
            try Self.note(
                pending.delivery.receiver, failures: pending.failures + 1, nextAttempt: time, reason: reason, db)
        }
    }

    /// Writes down that a receiver does not take a message, so that those behind it go on.
    ///
    /// - Throws: ``LedgerError``.
    package func setAside(_ delivery: Delivery, reason: String) throws(LedgerError) {
        try ledger.write { db in
            try Self.noteRefusal(of: delivery, reason, db)
            try db.run(
                "UPDATE delivery SET set_aside = ? WHERE receiver = ? AND key = ?", [wallClock(), delivery.receiver, delivery.key])
            try Self.note(delivery.receiver, failures: 0, nextAttempt: 0, reason: nil, db)
        }
    }

    private static func noteRefusal(of delivery: Delivery, _ reason: String, _ db: Database) throws {
        try db.run(
            "UPDATE delivery SET refusals = refusals + 1, reason = ? WHERE receiver = ? AND key = ?",
            [reason, delivery.receiver, delivery.key])
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
