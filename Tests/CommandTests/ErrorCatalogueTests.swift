import Foundation
import Testing

/// Holds ``ErrorCatalogue`` against the sources and against what people need of an error.
@Suite struct ErrorCatalogueTests {
    static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized

    @Test("Every error says what happened, to what, and what to do, in one line or with further ones indented")
    func words() {
        for entry in ErrorCatalogue.all {
            let text = entry.example.description
            #expect(text.contains(entry.concerns), "\(entry.name) does not name \(entry.concerns): \(text)")
            #expect(text.contains(entry.advises), "\(entry.name) does not advise “\(entry.advises)”: \(text)")
            #expect(
                text.replacing("\n  ", with: "").unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(entry.name)")
            #expect(!text.contains("Optional(") && !text.contains("Error("), "\(entry.name) shows code: \(text)")
        }
    }

    @Test("Every kind of error in the sources is in the catalogue, and nothing else")
    func complete() throws {
        var declared: Set<String> = []
        for case let path as String in FileManager.default.enumerator(atPath: Self.sources.path) ?? FileManager.DirectoryEnumerator() {
            guard path.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: Self.sources.appending(path: path), encoding: .utf8)
            declared.formUnion(Self.errors(in: text))
        }
        #expect(declared.count > 60)
        let listed = Set(ErrorCatalogue.all.map(\.name)).union(ErrorCatalogue.inner.keys)
        #expect(declared.subtracting(listed).sorted() == [], "not in the catalogue")
        #expect(listed.subtracting(declared).sorted() == [], "in the catalogue, but not in the sources")
    }

    /// The errors that a file declares: the type's name, with that of the type around it where it is nested, and of each case.
    private static func errors(in text: String) -> Set<String> {
        var found: Set<String> = []
        var outer = ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (number, line) in lines.enumerated() {
            if let type = line.firstMatch(
                of: /^(?:public |package |private |fileprivate )?(?:indirect )?(?:struct|enum|final class|class|actor|extension) (\w+)/)
            {
                outer = String(type.1)
            }
            guard
                let error = line.firstMatch(
                    of: /^( *)(?:public |package |private |fileprivate )?(?:struct|enum) (\w+)[^{]*: [^{]*\bError\b/)
            else { continue }
            let name = error.1.isEmpty ? String(error.2) : "\(outer).\(error.2)"
            let end = lines[number...].firstIndex(of: "\(error.1)}") ?? lines.endIndex
            let isInner = ErrorCatalogue.inner[name] != nil
            let cases = isInner ? [] : Self.cases(in: lines[number..<end])
            if cases.isEmpty { found.insert(name) } else { for name in cases.map({ "\(outer).\($0)" }) { found.insert(name) } }
        }
        return found
    }

    /// The cases of an error or of the kinds that it holds; a kind with a raw value says what follows, not what happened.
    private static func cases(in lines: ArraySlice<String>) -> [String] {
        var names: [String] = []
        var isRaw = false
        for line in lines {
            if line.contains(/enum \w+: String/) { isRaw = true }
            guard !isRaw, let match = line.firstMatch(of: /^ +case (\w+(?:, \w+)*)(?:\(|$)/) else { continue }
            names += match.1.split(separator: ", ").map(String.init)
        }
        return names
    }

    @Test("Every refusal of a command is listed, and says what to do")
    func refusals() throws {
        let musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("batch", images: 2)
        for folder in ["empty", "case/n", "case/N"] { try musc.makeBatch(folder, images: 0) }
        try Data("[]".utf8).write(to: musc.scratch.appending(path: "musc.yaml.json"))
        for (source, arguments, says) in ErrorCatalogue.refusals {
            guard let arguments else { continue }
            let result = try musc.run(arguments)
            #expect(result.status == 1 || result.status == 2, "\(source): status \(result.status)")
            #expect(result.errors.contains(says), "\(arguments): \(result.errors)")
        }

        var unlisted: [String] = []
        for case let path as String in FileManager.default.enumerator(atPath: Self.sources.path + "/musc")
            ?? FileManager.DirectoryEnumerator()
        {
            guard path.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: Self.sources.appending(path: "musc/\(path)"), encoding: .utf8)
            for match in text.matches(of: /(?:UserError|ValidationError)\(\s*((?:.|\n){0,500}?)(?:,\s*exit:|\)\n)/) {
                let words = String(match.1)
                let isHandedOn =
                    words.contains(/^"(\\\(folder\): )?\\\(error\)"$/) || words == "error"
                    || words.contains(/^"shard \\\(shard\): \\\(error\)"$/)
                    || words.hasPrefix("_ ") || words.hasPrefix("description")
                if !isHandedOn, !ErrorCatalogue.refusals.contains(where: { text[match.range].contains($0.source) }) {
                    unlisted.append("\(path): \(words)")
                }
            }
        }
        #expect(unlisted == [])
    }
}
