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

    /// Sends a message.
    ///
    /// - Returns: Why it was not delivered; nil where the receiver answered with a status of 200 to 299.
    func send(_ body: String, key: String) async throws(CancellationError) -> String? {
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
        case .exited(0) where (200..<300).contains(status): return nil
        case .exited(0) where (300..<400).contains(status):
            return "the receiver answered \(status), a redirection, which is not followed: give the final URL"
        case .exited(0): return "the receiver answered \(status)"
        case .exited(let code):
            let message = parts.count > 1 ? String(parts[1]) : ""
            return message.isEmpty ? "curl ended with status \(code)" : "\(message) (curl \(code))"
        case .notStarted(let reason): return "curl could not be run (apt-get install curl): \(reason)"
        default: return ending.fault("curl", timeoutSeconds: program.timeoutSeconds)
        }
    }
}
