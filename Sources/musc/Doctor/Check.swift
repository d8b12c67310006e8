/// One thing that `musc doctor` has looked at.
struct Check: Sendable, Encodable {
    enum Level: String, Sendable, Encodable {
        case ok
        /// It works, but not as well as it could, or not for long.
        case warn
        /// Something that is needed does not work.
        case fail
    }

    /// What was looked at, such as `weights` or `folder /srv/drop`.
    var name: String
    var level: Level
    /// What was found.
    var finding: String
    /// What to do; nil where there is nothing.
    var advice: String?

    static func ok(_ name: String, _ finding: String) -> Check { Check(name: name, level: .ok, finding: finding) }

    static func warn(_ name: String, _ finding: String, _ advice: String? = nil) -> Check {
        Check(name: name, level: .warn, finding: finding, advice: advice)
    }

    static func fail(_ name: String, _ finding: String, _ advice: String) -> Check {
        Check(name: name, level: .fail, finding: finding, advice: advice)
    }

    /// For people: level, name and finding in a line, and what to do in the next.
    var text: String {
        let padding = String(repeating: " ", count: 4 - level.rawValue.count)
        return "\(level.rawValue)\(padding)  \(name): \(finding)" + (advice.map { "\n      → \($0)" } ?? "")
    }
}
