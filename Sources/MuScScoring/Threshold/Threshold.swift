/// The score at and above which an image is flagged, with the rule that set it.
public struct Threshold: Sendable, Hashable, Codable {
    /// How a threshold came about.
    public enum Rule: String, Sendable, Hashable, Codable {
        /// A number that the user fixed.
        case fixed
        /// From the scores of the batch itself.
        case batch
        /// From known good images or the line's past, by conformal p-values.
        case conformal
        /// From a few known good images, by the prediction limit of a log-normal distribution.
        case logNormal = "log-normal"
    }

    /// Images whose score is at or above this are flagged; infinite where none can be.
    public var value: Float
    public var rule: Rule
    /// One sentence for the person who reads the report: what was done and what it promises.
    public var explanation: String
    /// Why there is none; nil where there is one, and in results of earlier versions. ``whyMissing`` knows both.
    public internal(set) var absence: NoThreshold?

    public init(value: Float, rule: Rule, explanation: String) {
        self.value = value
        self.rule = rule
        self.explanation = explanation
    }
}
