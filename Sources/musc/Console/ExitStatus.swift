import ArgumentParser

/// What the command's exit status says.
extension ExitCode {
    /// At least one batch failed; the others are done.
    static let batchFailed = ExitCode(1)
    /// Wrong usage or configuration.
    static let usage = ExitCode(2)
}
