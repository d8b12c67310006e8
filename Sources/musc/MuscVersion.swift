/// The program's version, as `musc --version` prints it and results record it.
enum MuscVersion {
    static let current = "0.1.0"
    /// How receivers of webhooks know who sends.
    static let userAgent = "musc/\(current)"
}
