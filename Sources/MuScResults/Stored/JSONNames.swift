import Foundation

/// How keys are written in JSON: in small letters with underscores, as in ``BatchResult``.
enum JSONNames {
    /// `weightsSHA256` as `weights_sha256`: an underscore before each run of capitals.
    static func underscored(_ name: String) -> String {
        var text = ""
        for character in name {
            if character.isUppercase, let last = text.last, !last.isUppercase { text.append("_") }
            text.append(character)
        }
        return text.lowercased()
    }

    /// The property that is written as `name`: ``underscored(_:)`` undone.
    static func property(_ name: String) -> String {
        let words = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        return words[0] + words.dropFirst().map { abbreviations.contains($0) ? $0.uppercased() : $0.capitalized }.joined()
    }

    /// Words that properties have in capitals.
    private static let abbreviations: Set<String> = ["url", "sha256", "msm"]

    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
