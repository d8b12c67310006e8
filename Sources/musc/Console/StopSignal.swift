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

    /// Does work that can be asked to end, and asks it to on SIGINT or SIGTERM.
    ///
    /// The one who hears the signal is the one who asks, so that work that ended for a signal is always told as such.
    ///
    /// - Parameter stop: Asks the work to end.
    /// - Throws: What the work throws; after a signal, ``Stopped`` with the signal's exit status.
    static func asking(
        _ stop: @escaping @Sendable () async -> Void, toEnd work: () async throws -> Void
    ) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let listener = Task { () -> UnixSignal? in
            for await signal in signals {
                await stop()
                return signal
            }
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
