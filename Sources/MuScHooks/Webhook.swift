import SystemPackage

/// One POST of a message to a URL, made by curl.
///
/// curl, because it brings TLS, proxies and the system's certificates, is kept current by the distribution, and runs
/// apart from the scoring. Redirects are not followed. The headers' file and the message do not show in the list of
/// processes.
struct Webhook: Sendable {
    var url: String
    var headersFile: FilePath?
    var timeoutSeconds: Double
    /// Tells the receiver who sends.
    var userAgent: String

    /// What came of a message.
    enum Answer: Sendable, Equatable {
        /// The receiver answered with a status of 200 to 299.
        case taken
        /// It could not be reached, or cannot take anything now: why.
        case failed(String)
        /// It does not want this message, and will not however often it is sent: why.
        case refused(String)

        /// Why it was not delivered; nil where it was.
        var fault: String? {
            switch self {
            case .taken: nil
            case .failed(let fault), .refused(let fault): fault
            }
        }
    }

    /// Statuses of 400 to 499 that say nothing of the message: the receiver was too slow, is not ready, or is asked too often.
    private static let passing: Set = [408, 425, 429]

    /// Sends a message.
    func send(_ body: String, key: String) async throws(CancellationError) -> Answer {
        var words = [
            "curl", "--disable", "--silent", "--globoff", "--proto", "=http,https", "--request", "POST",
            "--connect-timeout", "10", "--max-time", timeoutSeconds.formattedBriefly,
            "--header", "Content-Type: application/json", "--header", "Idempotency-Key: \(key)", "--header", "Expect:",
            "--user-agent", userAgent, "--output", "/dev/null", "--write-out", "%{http_code} %{errormsg}",
            "--data-binary", "@-",
        ]
        if let headersFile { words += ["--header", "@\(headersFile.string)"] }
        words += ["--url", url]
        // curl ends by itself; the limit is for a curl that hangs.
        let program = Program(words: words, timeoutSeconds: timeoutSeconds + 15)
        let (ending, output) = try await program.run(input: body, limit: 1 << 16)
        let parts = output.split(separator: " ", maxSplits: 1)
        let status = parts.first.flatMap { Int($0) } ?? 0
        switch ending {
        case .exited(0) where (200..<300).contains(status): return .taken
        case .exited(0) where (300..<400).contains(status):
            return .failed("the receiver answered \(status), a redirection, which is not followed: give the final URL")
        case .exited(0) where (400..<500).contains(status) && !Self.passing.contains(status):
            return .refused("the receiver answered \(status)")
        case .exited(0): return .failed("the receiver answered \(status)")
        case .exited(let code):
            let message = parts.count > 1 ? String(parts[1]) : ""
            return .failed(message.isEmpty ? "curl ended with status \(code)" : "\(message) (curl \(code))")
        case .notStarted(let reason): return .failed("curl could not be run (apt-get install curl): \(reason)")
        default: return .failed(ending.fault("curl", timeoutSeconds: program.timeoutSeconds) ?? "curl ended")
        }
    }
}
