import FoundationEssentials
import Logging

/// Logs to standard error: text for people, or a JSON object a line, as ``Terminal/speak(_:_:)`` says at that moment.
enum Log {
    static var logger: Logger { Logger(label: "musc") { _ in LineLogHandler() } }
}

/// Writes each event as one line: time, level, the event's name, and its values in alphabetical order.
private struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// A level of its own; nil for that of the terminal, which a configuration that is read again may change.
    private var ownLevel: Logger.Level?

    var logLevel: Logger.Level {
        get { ownLevel ?? Logger.Level(rawValue: Terminal.current.level.rawValue) ?? .info }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        let time = Date.now.ISO8601Format()
        switch Terminal.current.format {
        case .text:
            let pairs = values.keys.sorted().map { " \($0)=\(Self.quoted("\(values[$0] ?? "")"))" }.joined()
            Terminal.printNote("\(time) \(event.level.rawValue) \(event.message)\(pairs)")
        case .json:
            var object = ["time": time, "level": event.level.rawValue, "event": "\(event.message)"]
            for (key, value) in values { object[key] = "\(value)" }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let line = try? encoder.encode(object) else { return }
            Terminal.printNote(String(decoding: line, as: UTF8.self))
        }
    }

    /// A value as one word: quoted where it holds spaces or quotes, and without line breaks that could forge a line.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0.value != 0x7F }
        if isPlain, !value.isEmpty { return value }
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return "\"\(text)\""
    }
}
