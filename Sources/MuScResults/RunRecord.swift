import MuSc
import MuScScoring

/// What was run: the content of `run.json`.
public struct RunRecord: Sendable, Codable {
    /// The version of this file's format; readers refuse a higher one.
    public var format: Int = 1
    /// The program's version.
    public var version: String
    /// The batch's folder as the user named it.
    public var batch: String
    /// When the run began, ISO 8601 with zone.
    public var started: String
    /// Wall-clock seconds from start to publishing.
    public var seconds: Double
    /// The settings in force, under their names in the configuration (`model.backbone`, `scoring.r_list` …), as text.
    public var settings: [String: String]
    /// SHA-256 of the weights' file, lower-case hexadecimal.
    public var weightsSHA256: String
    public var images: Int
    public var flagged: Int
    public var unreadable: Int
    public var threshold: Threshold
    public var rscin: RsCINDecision
    public var timings: [StageTiming]
    /// What a reader of the results should know, one sentence each.
    public var notes: [String]
}
