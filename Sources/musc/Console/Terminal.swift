import Glibc
import Synchronization

/// Writes whole lines: results to standard output, all else to standard error.
enum Terminal {
    private static let lock = Mutex(())

    /// Whether people watch standard error.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    static func printResult(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

    static func printError(_ message: String) { write("musc: " + message + "\n", to: STDERR_FILENO) }

    static func printNote(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// Asks, with the cursor left behind the question.
    static func printPrompt(_ question: String) { write(question, to: STDERR_FILENO) }

    /// Replaces the line of the cursor.
    static func replaceLine(_ text: String) { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        lock.withLock { _ in
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return }
                bytes = bytes.dropFirst(written)
            }
        }
    }
}
