import Synchronization

/// Computes one value for every index in `0..<count`, on up to `threads` threads.
///
/// - Parameters: As for ``concurrentLoop(_:threads:_:)``.
/// - Returns: The values in the order of their indices.
package func concurrentMap<Value: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> Value
) -> [Value] {
    let values = Mutex([Value?](repeating: nil, count: max(count, 0)))
    concurrentLoop(count, threads: threads) { index in
        let value = body(index)
        values.withLock { $0[index] = value }
    }
    return values.withLock { $0.compactMap { $0 } }
}
