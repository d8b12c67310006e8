import Foundation
import Synchronization

/// Trials that wait for other processes, some of them at once.
enum ConcurrentTrials {
    /// What went wrong in trials 0 up to `count`: what they say and what they throw, in no order.
    ///
    /// - Parameters:
    ///   - states: One a thread, which its trials have for themselves.
    ///   - trial: Returns nil where nothing is wrong.
    static func problems<State: Sendable>(
        of count: Int, states: [State], trial: @escaping @Sendable (State, _ index: Int) throws -> String?
    ) -> [String] {
        let problems = Mutex<[String]>([])
        let next = Atomic<Int>(0)
        let threads = states.map { state in
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < count {
                    do {
                        guard let problem = try trial(state, index) else { continue }
                        problems.withLock { $0.append(problem) }
                    } catch {
                        problems.withLock { $0.append("trial \(index): \(error)") }
                    }
                }
                done.signal()
            }
            return done
        }
        for done in threads { done.wait() }
        return problems.withLock { $0 }
    }
}
