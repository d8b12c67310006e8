import Glibc
import Subprocess
import SystemPackage

/// A program that is run once, with a text on its standard input.
struct Program: Sendable {
    /// The program's path, or its name in a folder of `PATH`; then its arguments. No shell reads them.
    var words: [String]
    /// Seconds after which it is ended, its children with it.
    var timeoutSeconds: Double

    /// What came of a run.
    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        /// It could not be started, and why.
        case notStarted(String)
    }

    /// Where programs are looked for where `PATH` is not set, as under some versions of cron.
    private static let standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Runs the program to its end; what it writes to standard output is returned as far as `limit`, what it writes to
    /// standard error goes to ours.
    ///
    /// - Parameter limit: Bytes of output that are kept; 0 sends the output to our standard error, since ours is for
    ///   results, and as far as ``BoundedOutput/limit``.
    func run(input: String, limit: Int = 0) async throws(CancellationError) -> (ending: Ending, output: String) {
        guard let name = words.first else { return (.notStarted("no program is named"), "") }
        // A file instead of a pipe: a program that does not read its input keeps nobody waiting for it.
        guard let file = Self.unnamedFile(holding: input) else {
            return (.notStarted("the message cannot be handed over: \(Errno(rawValue: errno).description)"), "")
        }
        defer { try? file.close() }
        let bounded = limit == 0 ? BoundedOutput(of: name) : nil
        var environment = Environment.inherit
        if getenv("PATH") == nil { environment = environment.updating(["PATH": Self.standardPath]) }
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let executable: Executable = name.contains("/") ? .path(FilePath(name)) : .name(name)
        let arguments = Arguments(Array(words.dropFirst()))

        enum Event: Sendable {
            case ended(TerminationStatus, String)
            case failed(String)
            case timedOut
        }
        let output = bounded?.end ?? FileDescriptor(rawValue: STDERR_FILENO)
        let first: Event? = await withTaskGroup(of: Event?.self) { group in
            group.addTask { [platform, environment] in
                do {
                    if limit == 0 {
                        let result = try await Subprocess.run(
                            executable, arguments: arguments, environment: environment, platformOptions: platform,
                            input: .fileDescriptor(file, closeAfterSpawningProcess: false),
                            output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                            error: .fileDescriptor(output, closeAfterSpawningProcess: false))
                        return .ended(result.terminationStatus, "")
                    }
                    let result = try await Subprocess.run(
                        executable, arguments: arguments, environment: environment, platformOptions: platform,
                        input: .fileDescriptor(file, closeAfterSpawningProcess: false),
                        output: .string(limit: limit), error: .currentStandardError)
                    return .ended(result.terminationStatus, result.standardOutput)
                } catch is CancellationError {
                    return nil
                } catch {
                    return .failed("\(error)")
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(for: .seconds(timeoutSeconds))
                    return .timedOut
                } catch {
                    return nil
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        await bounded?.finish()
        if Task.isCancelled { throw CancellationError() }
        switch first {
        case .ended(.exited(let code), let output): return (.exited(code), output)
        case .ended(.signaled(let signal), let output): return (.signalled(signal), output)
        case .failed(let reason): return (.notStarted(reason), "")
        case .timedOut, nil: return (.timedOut, "")
        }
    }

    /// A file without a name, open at its beginning; it is gone when the last process closes it.
    private static func unnamedFile(holding text: String) -> FileDescriptor? {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/musc-message.XXXXXX".utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { mkstemp($0) } ?? -1
        }
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        template.withUnsafeBufferPointer { buffer in
            if let path = buffer.baseAddress { unlink(path) }
        }
        let file = FileDescriptor(rawValue: descriptor)
        do {
            try file.writeAll(Array(text.utf8))
            try file.seek(offset: 0, from: .start)
            return file
        } catch {
            try? file.close()
            return nil
        }
    }
}

extension Program.Ending {
    /// What went wrong, for people; nil where nothing did.
    func fault(_ name: String, timeoutSeconds: Double) -> String? {
        switch self {
        case .exited(0): nil
        case .exited(let code): "\(name) ended with status \(code)"
        case .signalled(let signal): "\(name) was ended by signal \(signal)"
        case .timedOut: "\(name) did not end within \(timeoutSeconds.formattedBriefly) s and was ended"
        case .notStarted(let reason): "\(name) could not be run: \(reason)"
        }
    }
}

extension Double {
    /// `30` rather than `30.0`.
    var formattedBriefly: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
