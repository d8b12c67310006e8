import MuScParallel

/// The results of `body` for every index in `0..<count`, in order, computed on up to `threads` threads.
///
/// - Parameters:
///   - count: The number of indices.
///   - threads: The most threads to use, the calling one included.
///   - body: Called with each index exactly once, on any of the threads.
func concurrentMap<Value: Sendable>(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    [Value](unsafeUninitializedCapacity: count) { buffer, initialised in
        // Every index is written once, by the call that owns it, before the loop returns.
        nonisolated(unsafe) let base = buffer.baseAddress
        concurrentLoop(count, threads: threads) { index in
            base?.advanced(by: index).initialize(to: body(index))
        }
        initialised = count
    }
}
