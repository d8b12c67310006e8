/// Whether RsCIN's re-scoring became the score, and why.
public struct RsCINDecision: Sendable, Hashable, Codable {
    /// True where `score` is RsCIN's; false where it stays MSM's.
    public var applied: Bool
    /// Spearman's correlation of an image's score with the mean of its two nearest neighbours' scores, −1 to 1; nil where it was not asked.
    public var neighbourAgreement: Double?
    /// One sentence for the reader.
    public var reason: String

    public init(applied: Bool, neighbourAgreement: Double?, reason: String) {
        self.applied = applied
        self.neighbourAgreement = neighbourAgreement
        self.reason = reason
    }
}
