/// A pattern whose first capture in an image's name names the part that the image shows.
///
/// Such as `(.*)_[0-9]+` where `cell-17_1.png` and `cell-17_2.png` are photographs of one cell.
public struct PartPattern: Sendable, Hashable, CustomStringConvertible {
    /// The regular expression.
    public let description: String

    /// - Returns: nil for what is no regular expression, or captures nothing.
    public init?(_ text: String) {
        // How many captures there are only a match tells, and with an empty alternative there always is one.
        guard (try? Regex<AnyRegexOutput>(text)) != nil, let either = try? Regex<AnyRegexOutput>("(?:\(text))|"),
            let match = try? either.firstMatch(in: ""), match.count > 1
        else { return nil }
        description = text
    }

    /// The parts that names name; nil for a name in which the pattern is not found.
    func parts(of names: [String]) -> [String?] {
        guard let pattern = try? Regex<AnyRegexOutput>(description) else { return names.map { _ in nil } }
        return names.map { name in
            guard let match = try? pattern.firstMatch(in: name), match.count > 1 else { return nil }
            return match[1].substring.map(String.init)
        }
    }
}
