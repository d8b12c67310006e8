import Foundation
import GRDB

/// A message that waits for its receiver, or that is kept aside because the receiver refused it.
package struct KeptDelivery: Sendable, Codable, Equatable {
    /// By which `musc hooks` names it.
    package var number: Int64
    /// As ``receiverText(_:)`` has it.
    package var receiver: String
    package var key: String
    /// All times are ISO 8601.
    package var created: String
    /// How often the receiver refused it.
    package var refusals: Int
    /// Since when it is kept aside; nil while it waits.
    package var setAside: String?
    /// Why the receiver refused it last; nil where it did not.
    package var reason: String?
}

/// What a person may do with messages that were not delivered.
extension Deliveries {
    /// Which messages.
    package enum Choice: Sendable, Equatable {
        /// Those of these numbers.
        case numbers([Int64])
        /// Those that are kept aside.
        case setAside
        /// Those to receivers that are in no configuration.
        case dismissed

        fileprivate var condition: String {
            switch self {
            case .numbers(let numbers): "id IN (\(numbers.map(String.init).joined(separator: ", ")))"
            case .setAside: "set_aside IS NOT NULL"
            case .dismissed: "receiver IN (SELECT name FROM receiver WHERE dismissed IS NOT NULL)"
            }
        }
    }

    /// The messages that are not delivered yet, the oldest first.
    ///
    /// - Throws: ``LedgerError``.
    package func kept() throws(LedgerError) -> [KeptDelivery] {
        try ledger.read { db in
            guard try Self.knowsSetAside(db) else { return [] }
            return try Row.fetchAll(
                db, sql: "SELECT id, receiver, key, created, refusals, set_aside, reason FROM delivery ORDER BY id"
            ).map { row in
                KeptDelivery(
                    number: row[0], receiver: receiverText(row[1]), key: row[2], created: timeText(row[3]) ?? "", refusals: row[4],
                    setAside: timeText(row[5]), reason: row[6])
            }
        }
    }

    /// Whether the ledger was brought up to date since messages are set aside: one that is only read may be older.
    static func knowsSetAside(_ db: Database) throws -> Bool {
        try db.tableExists("delivery") && db.columns(in: "delivery").contains { $0.name == "set_aside" }
    }

    /// Makes messages due at once, in the order in which they came, and with them all receivers that were given a pause.
    ///
    /// - Parameter receiver: Who is to get them in the place of their own receiver, by its name; nil for that.
    /// - Returns: How many messages.
    /// - Throws: ``LedgerError``.
    package func retry(_ choice: Choice, to receiver: String? = nil) throws(LedgerError) -> Int {
        try ledger.write { db in
            let numbers = try Int64.fetchAll(db, sql: "SELECT id FROM delivery WHERE \(choice.condition)")
            let chosen = Choice.numbers(numbers).condition
            try db.execute(sql: "UPDATE delivery SET set_aside = NULL, refusals = 0, reason = NULL WHERE \(chosen)")
            if let receiver {
                // What the other was told already it is not told again.
                try db.execute(
                    sql: "DELETE FROM delivery WHERE \(chosen) AND receiver != ? AND key IN (SELECT key FROM told WHERE receiver = ?)",
                    arguments: [receiver, receiver])
                try db.execute(
                    sql: "INSERT OR IGNORE INTO told (receiver, key, time) SELECT ?, key, ? FROM delivery WHERE \(chosen)",
                    arguments: [receiver, wallClock()])
                try db.execute(sql: "UPDATE delivery SET receiver = ? WHERE \(chosen)", arguments: [receiver])
            }
            try db.execute(sql: "UPDATE receiver SET failures = 0, next_attempt = 0, reason = NULL")
            return numbers.count
        }
    }

    /// Gives messages up.
    ///
    /// - Returns: How many.
    /// - Throws: ``LedgerError``.
    package func drop(_ choice: Choice) throws(LedgerError) -> Int {
        try ledger.write { db in
            try db.execute(sql: "DELETE FROM delivery WHERE \(choice.condition)")
            let count = db.changesCount
            try db.execute(sql: "UPDATE receiver SET reason = NULL WHERE name NOT IN (SELECT receiver FROM delivery)")
            return count
        }
    }

    /// Writes down who is told of results from now on: messages to others are kept, and said to be nobody's.
    ///
    /// - Parameter names: The receivers' names.
    /// - Returns: How many messages to others are there that were not known as such before, by the others' names.
    /// - Throws: ``LedgerError``.
    package func dismissReceivers(but names: [String]) throws(LedgerError) -> [(receiver: String, messages: Int)] {
        try ledger.write { db in
            for name in names { try db.run("UPDATE receiver SET dismissed = NULL WHERE name = ?", [name]) }
            let others = try Row.fetchAll(
                db,
                sql: """
                    SELECT receiver, count(*) FROM delivery LEFT JOIN receiver ON receiver.name = delivery.receiver
                    WHERE dismissed IS NULL GROUP BY receiver
                    """
            ).map { (receiver: $0[0] as String, messages: $0[1] as Int) }.filter { !names.contains($0.receiver) }
            for other in others {
                try db.run(
                    """
                    INSERT INTO receiver (name, failures, next_attempt, reason, dismissed) VALUES (?, 0, 0, NULL, ?)
                    ON CONFLICT (name) DO UPDATE SET dismissed = excluded.dismissed
                    """, [other.receiver, wallClock()])
            }
            return others
        }
    }
}

/// A receiver for people and logs: of a URL the host only, for the rest of it may be a secret; else its key's name.
package func receiverText(_ name: String) -> String {
    guard let scheme = name.range(of: "://") else { return name }
    var host = name[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
    return escapedText((name[..<scheme.upperBound] + host).utf8)
}

/// A time of the wall clock as ISO 8601; nil for none.
func timeText(_ seconds: Double?) -> String? {
    seconds.flatMap { $0 > 0 ? Date(timeIntervalSince1970: $0).formatted(.iso8601) : nil }
}
