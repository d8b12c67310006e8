import Dispatch
import Synchronization

/// Runs `body` once for every index in `0..<count`, on up to `threads` threads, and returns when all are done.
///
/// The loop is for work that computes. Threads take the next index when they are free, so indices may be of
/// unequal cost; they are started in ascending order. Nothing is promised about the order in which they end,
/// so `body` must write to places that belong to its index alone.
///
/// - Parameters:
///   - count: The number of indices; zero or less runs nothing.
///   - threads: The most threads to use, the calling one included; values below 1 count as 1.
///   - body: Called with each index exactly once.
package func concurrentLoop(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 0 else { return }
    let workers = min(max(threads, 1), count)
    guard workers > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }
}
