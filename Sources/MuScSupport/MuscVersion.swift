/// The program's version, as `musc --version` prints it and results record it.
package enum MuscVersion {
    package static let current = "0.1.0"
    /// How receivers of webhooks know who sends.
    package static let userAgent = "musc/\(current)"
}
