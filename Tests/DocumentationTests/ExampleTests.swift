import Foundation
import Testing

/// Every Swift example that a reader may copy is compiled: in `Examples.swift`, or as a program below `examples`.
@Suite struct ExampleTests {
    /// An example, and where it is shown.
    struct Shown {
        var file: String
        var code: String
    }

    /// The lines of some code without their indentation, which differs with the place.
    private static func flat(_ code: String) -> String {
        code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static let compiled = Repository.files(in: ["Tests/DocumentationTests", "examples"], endings: ["swift"])
        .map { flat((try? Repository.text($0)) ?? "") }

    private static let sources = Repository.files(in: ["Sources"], endings: ["swift"])

    private static var shown: [Shown] {
        let articles = Repository.documents.flatMap { file in
            Repository.blocks(of: "swift", in: (try? Repository.text(file)) ?? "").map { Shown(file: file, code: $0) }
        }
        let comments = sources.flatMap { file in
            Repository.blocks(of: "swift", in: (try? Repository.text(file)) ?? "", prefix: "///").map { Shown(file: file, code: $0) }
        }
        return articles + comments
    }

    @Test("Every Swift example of the articles and of the comments is compiled as it stands")
    func compiled() {
        #expect(Self.shown.count >= 4)
        for example in Self.shown {
            let code = Self.flat(example.code)
            #expect(
                Self.compiled.contains { $0.contains(code) },
                "\(example.file): this example is in no file that is compiled, such as Tests/DocumentationTests/Examples.swift:\n\(example.code)"
            )
        }
    }

    @Test("Code in a comment stands between ```swift and ```, where its example is found")
    func fenced() throws {
        let code = /(?m)^ *\/\/\/ {5,}(?:let|var|import|try|func|for \w+ in|guard|if) .*[=({].*$/
        for file in Self.sources {
            for match in try Repository.text(file).matches(of: code) { Issue.record("\(file): \(match.output)") }
        }
    }

    @Test("The code of Getting started has at most ten lines")
    func gettingStarted() throws {
        let blocks = Repository.blocks(of: "swift", in: try Repository.text("Sources/MuSc/MuSc.docc/GettingStarted.md"))
        let first = try #require(blocks.first)
        #expect(first.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }.count <= 10)
        #expect(first.contains("import MuSc"))
    }
}
