import Foundation

/// Times for people: in the time zone of this machine, with its distance from UTC.
package enum LocalTime {
    /// As `2026-11-24 09:00:12 +01:00`; `Z` stands for UTC.
    package static func text(_ time: Date, in zone: TimeZone = .current) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: time)
        func padded(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        let minutes = zone.secondsFromGMT(for: time) / 60
        let offset =
            minutes == 0
            ? "Z" : "\(minutes < 0 ? "-" : "+")\(padded(abs(minutes) / 60)):\(padded(abs(minutes) % 60))"
        return "\(padded(parts.year))-\(padded(parts.month))-\(padded(parts.day)) "
            + "\(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second)) \(offset)"
    }

    /// The same of an ISO 8601 time in UTC; one with another zone keeps it, and what is no time stays as it is.
    package static func text(_ iso8601: String, in zone: TimeZone = .current) -> String {
        if iso8601.hasSuffix("Z"), let time = try? Date(iso8601, strategy: .iso8601) { return text(time, in: zone) }
        let parts = iso8601.split(separator: "T", maxSplits: 1)
        guard parts.count == 2, let zone = parts[1].firstIndex(where: { "+-Z".contains($0) }) else { return iso8601 }
        return "\(parts[0]) \(parts[1][..<zone]) \(parts[1][zone...])"
    }
}
