/// Where a batch stands.
package enum BatchState: String, Sendable, Codable, CaseIterable {
    /// Its images are still arriving, or too few.
    case waiting
    /// It is to be scored next.
    case ready
    /// It is being scored.
    case running
    /// Its results are published.
    case done
    /// Scoring failed and will be tried again.
    case failed
    /// Scoring failed too often, or would fail again whatever is tried, and waits for somebody: `musc retry`.
    case held
}
