import Foundation

/// The files of this checkout, as text.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let articles = root.appending(path: "Sources/MuSc/MuSc.docc")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path(percentEncoded: false))
    }

    /// The files below some folders with one of these endings, relative to the root, sorted.
    static func files(in folders: [String], endings: Set<String>) -> [String] {
        let start = root.path(percentEncoded: false)
        return folders.flatMap { folder -> [String] in
            let below = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
            return (below?.allObjects ?? []).compactMap { $0 as? URL }.filter { endings.contains($0.pathExtension) }
                .map { String($0.path(percentEncoded: false).dropFirst(start.count)) }
        }.sorted()
    }

    /// The README and the articles.
    static let documents = ["README.md"] + files(in: ["Sources/MuSc/MuSc.docc"], endings: ["md"])

    /// The blocks between ``` lines of a language, without the indentation that all their lines share.
    ///
    /// - Parameter prefix: What every line of the text begins with, such as `///`; other lines end a block.
    static func blocks(of language: String, in text: String, prefix: String = "") -> [String] {
        var blocks: [String] = []
        var open: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = line.drop { $0 == " " }
            let content = prefix.isEmpty ? line : trimmed.hasPrefix(prefix) ? trimmed.dropFirst(prefix.count) : "```"
            let isFence = content.drop { $0 == " " }.hasPrefix("```")
            if let block = open {
                open = isFence ? nil : block + [content]
                if isFence { blocks.append(unindented(block)) }
            } else if isFence, content.drop(while: { $0 == " " }) == "```\(language)" {
                open = []
            }
        }
        return blocks
    }

    /// The lines without the spaces that all of them begin with, and without empty lines at the ends.
    static func unindented(_ lines: [Substring]) -> String {
        let margin = lines.filter { !$0.allSatisfy { $0 == " " } }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(margin)) }.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }
}
