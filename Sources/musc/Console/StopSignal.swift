import UnixSignals

/// Ends work that can be cancelled when the user or the system asks for it.
enum StopSignal {
    /// Waits for a task, and cancels it on SIGINT or SIGTERM.
    ///
    /// - Returns: What the task returns.
    /// - Throws: What the task throws; after a signal, ``Stopped`` with the signal's exit status.
    static func cancelling<Value: Sendable>(_ task: Task<Value, any Error>) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watcher = Task { () -> UnixSignal? in
            for await signal in signals {
                task.cancel()
                return signal
            }
            return nil
        }
        let result = await task.result
        watcher.cancel()
        if let signal = await watcher.value { throw Stopped(exitStatus: signal == .sigint ? 130 : 143) }
        return try result.get()
    }

    /// Does work that ends by itself on SIGINT or SIGTERM, and tells of the signal afterwards.
    ///
    /// - Throws: What the work throws; after a signal, ``Stopped`` with the signal's exit status.
    static func reporting(_ work: () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let listener = Task { () -> UnixSignal? in
            for await signal in signals { return signal }
            return nil
        }
        defer { listener.cancel() }
        try await work()
        listener.cancel()
        if let signal = await listener.value { throw Stopped(exitStatus: signal == .sigint ? 130 : 143) }
    }

    /// The work was ended by a signal, with nothing half-written.
    struct Stopped: Error {
        /// 130 for SIGINT, 143 for SIGTERM.
        var exitStatus: Int32
    }
}
