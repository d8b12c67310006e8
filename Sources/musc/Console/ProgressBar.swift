import MuScBatch
import Synchronization

/// Shows how far a batch is: images, stage and time left, in one line that is rewritten at most ten times a second.
final class ProgressBar: Sendable {
    private struct State {
        var stage: Progress.Stage?
        var stageStart = ContinuousClock.now
        var lastShown: ContinuousClock.Instant?
    }

    private let label: String
    private let isShown: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - label: What is worked on.
    ///   - isShown: False for a bar that stays silent.
    init(label: String, isShown: Bool) {
        self.label = label
        self.isShown = isShown
    }

    func update(_ progress: Progress) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let line: String? = state.withLock { state in
            if state.stage != progress.stage {
                state.stage = progress.stage
                state.stageStart = now
            }
            let isLast = progress.completed == progress.total
            if let last = state.lastShown, now - last < .milliseconds(100), !isLast { return nil }
            state.lastShown = now
            return text(progress, elapsed: (now - state.stageStart) / .seconds(1))
        }
        if let line { Terminal.replaceLine(line) }
    }

    /// Removes the line.
    func finish() {
        if isShown { Terminal.replaceLine("") }
    }

    private func text(_ progress: Progress, elapsed: Double) -> String {
        let share = Double(progress.completed) / Double(max(progress.total, 1))
        let width = 24
        let filled = Int(share * Double(width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        let unit = progress.stage == .features ? "images" : "steps"
        let left =
            progress.completed > 0 && progress.completed < progress.total
            ? ", \(Int((elapsed / share * (1 - share)).rounded(.up))) s left" : ""
        return "\(label)  \(bar)  \(progress.stage.rawValue)  \(progress.completed)/\(progress.total) \(unit)\(left)"
    }
}
