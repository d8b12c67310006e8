/// A value as it stands in a layer of the configuration, before its key has read it.
package indirect enum ConfigurationValue: Sendable, Hashable {
    /// A scalar as text; a flag's or a variable's value is one too, and a list in it is separated by commas.
    case text(String)
    case list([ConfigurationValue])
    case mapping([String: ConfigurationValue])
    /// Nothing: the key is there and holds no value, or `null` or `~`.
    case empty
    /// The bare word `none`, by which earlier versions meant nothing, the preset's value, or never.
    case bareNone

    /// A value that cannot be used, and what would be right.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package var found: String
        package var expected: String

        package var description: String { "must be \(expected), not “\(found)”" }
    }

    /// A scalar as it stands in a variable, a flag, or unquoted in a file.
    package init(scalar text: String) {
        self =
            switch text {
            case "", "null", "~": .empty
            case "none": .bareNone
            default: .text(text)
            }
    }

    /// The value as people would write it.
    package var shown: String {
        switch self {
        case .text(let text): text
        case .list(let values): "[" + values.map(\.shown).joined(separator: ", ") + "]"
        case .mapping(let values): "{" + values.keys.sorted().map { "\($0): …" }.joined(separator: ", ") + "}"
        case .empty: ""
        case .bareNone: "none"
        }
    }

    /// The value in one word, as flags, variables and `run.json` have it.
    package var flat: String {
        switch self {
        case .list(let values): values.map(\.flat).joined(separator: ",")
        case .mapping: yaml
        case .text, .empty, .bareNone: shown
        }
    }

    /// The value as a file has it, a list between brackets.
    package var yaml: String {
        switch self {
        case .text(let text):
            let isPlain = text.wholeMatch(of: /[A-Za-z0-9\/_][A-Za-z0-9_.,\/%-]*/) != nil && ConfigurationValue(scalar: text) == self
            return isPlain ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        case .list(let values): return "[" + values.map(\.yaml).joined(separator: ", ") + "]"
        case .mapping(let values):
            return "{" + values.keys.sorted().map { "\($0): \((values[$0] ?? .empty).yaml)" }.joined(separator: ", ") + "}"
        case .empty: return ""
        case .bareNone: return "none"
        }
    }

    /// The text; nil where the value is no text.
    package var text: String? {
        guard case .text(let text) = self, !text.isEmpty else { return nil }
        return text
    }

    /// The entries of a list; a text is split at commas. nil where the value is neither.
    package var entries: [ConfigurationValue]? {
        switch self {
        case .list(let values): values
        case .text(let text): text.split(separator: ",").map { .text(String($0.drop { $0 == " " })) }
        case .empty: []
        case .mapping, .bareNone: nil
        }
    }
}
