import FoundationEssentials
import Glibc
import Synchronization

/// Writes whole lines: results to standard output, all else to standard error.
enum Terminal {
    /// Whether the line of the cursor is one that will be replaced, such as a progress bar.
    private static let hasLooseLine = Mutex(false)
    /// What is said at all, and how.
    private static let manner = Mutex<(level: LogLevel, format: LogFormat)>((.info, .text))

    /// Whether people watch standard error.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    static func printResult(_ line: String) { write(oneLine(line) + "\n", to: STDOUT_FILENO) }

    /// From now on nothing is said below this level, and what is said is text or JSON.
    static func speak(_ level: LogLevel, _ format: LogFormat) { manner.withLock { $0 = (level, format) } }

    /// What is said now, and how.
    static var current: (level: LogLevel, format: LogFormat) { manner.withLock { $0 } }

    /// - Parameter message: One line, and further ones that are indented.
    static func printError(_ message: String) { note(message, .error) }

    /// Says something to people on standard error, after the program's name; with `--log-format json` as an object.
    ///
    /// - Parameter message: One line, and further ones that are indented.
    static func note(_ message: String, _ level: LogLevel = .info) {
        let (least, format) = manner.withLock { $0 }
        guard level >= least else { return }
        switch format {
        case .text: printNote("musc: " + message)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let object = ["time": Date.now.ISO8601Format(), "level": level.rawValue, "event": message]
            guard let line = try? encoder.encode(object) else { return }
            printNote(String(decoding: line, as: UTF8.self))
        }
    }

    /// - Parameter note: One line, and further ones that are indented.
    static func printNote(_ note: String) {
        write(
            note.split(separator: "\n  ", omittingEmptySubsequences: false).map { oneLine($0) }.joined(separator: "\n  ") + "\n",
            to: STDERR_FILENO)
    }

    /// Results of several lines that this program has put together, such as a table or JSON.
    static func printResultText(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Help and usage.
    static func printHelp(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// The text with all that would end its line or steer a terminal written as escapes: names of files are whatever
    /// their sender chose, and a line of a log must not be forged by one.
    static func oneLine(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: steers) else { return String(text) }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where steers(scalar): line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// C0, C1 and DEL, the separators of lines and paragraphs, and what reorders text from right to left.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Asks, with the cursor left behind the question.
    static func printPrompt(_ question: String) { write(question, to: STDERR_FILENO) }

    /// Replaces the line of the cursor. What is written next takes its place.
    static func replaceLine(_ text: String) {
        hasLooseLine.withLock {
            writeAll(clearLine + text, to: STDERR_FILENO)
            $0 = !text.isEmpty
        }
    }

    private static let clearLine = "\r\u{1B}[K"

    private static func write(_ text: String, to descriptor: Int32) {
        hasLooseLine.withLock {
            if $0 { writeAll(clearLine, to: STDERR_FILENO) }
            $0 = false
            writeAll(text, to: descriptor)
        }
    }

    private static func writeAll(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
