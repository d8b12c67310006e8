/// How far the work is.
public struct Progress: Sendable, Hashable {
    public enum Stage: String, Sendable {
        case features = "features"
        case mutualScoring = "mutual scoring"
    }

    public var stage: Stage
    public var completed, total: Int

    public init(stage: Stage, completed: Int, total: Int) {
        self.stage = stage
        self.completed = completed
        self.total = total
    }
}

/// Told of progress from any thread; answers whether the work shall go on.
public typealias ProgressHandler = @Sendable (Progress) -> Bool

/// Seconds of wall-clock time that one stage took.
public struct StageTiming: Sendable, Codable, Hashable {
    public var stage: String
    public var seconds: Double

    public init(stage: String, seconds: Double) {
        self.stage = stage
        self.seconds = seconds
    }
}

/// Measures the stages of one run, one after the other.
struct StageClock {
    private var last = ContinuousClock.now
    private(set) var timings: [StageTiming] = []

    /// Ends a stage that began when the one before ended.
    mutating func finish(_ stage: String) {
        let now = ContinuousClock.now
        timings.append(StageTiming(stage: stage, seconds: (now - last) / .seconds(1)))
        last = now
    }
}
