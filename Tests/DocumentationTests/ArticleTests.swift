import Foundation
import Testing

/// What the README and the articles name must be there.
@Suite struct ArticleTests {
    @Test("The README has at most 180 lines")
    func length() throws {
        #expect(try Repository.text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 181)
    }

    @Test("Every article is on the landing page and in the README's table")
    func listed() throws {
        let landing = try Repository.text("Sources/MuSc/MuSc.docc/MuSc.md")
        let readme = try Repository.text("README.md")
        for path in Repository.documents where path.hasSuffix(".md") && path.contains(".docc/") && !path.hasSuffix("/MuSc.md") {
            let name = path.split(separator: "/").last.map { String($0.dropLast(3)) } ?? ""
            // Names alone are told, not the whole documents.
            let (onLanding, inReadme) = (landing.contains("- <doc:\(name)>"), readme.contains("](\(path))"))
            #expect(onLanding, "\(name)")
            #expect(inReadme, "\(name)")
        }
    }

    @Test("The code of Getting started is examples/ScoreFolder, which the build compiles, in at most 15 lines")
    func gettingStarted() throws {
        let example = try Repository.text("examples/ScoreFolder/ScoreFolder.swift").trimmingCharacters(in: .newlines)
        #expect(Repository.blocks(of: "swift", in: try Repository.text("Sources/MuSc/MuSc.docc/GettingStarted.md")).contains(example))
        #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 15)
    }

    @Test("Every link of the README and every picture leads to a file")
    func links() throws {
        let readme = try Repository.text("README.md")
        let links =
            readme.matches(of: /\]\(([^)]+)\)/).map { String($0.output.1) }
            + readme.matches(of: /src(?:set)?="([^"]+)"/).map { String($0.output.1) }
        #expect(links.count > 10)
        for link in links where !link.hasPrefix("https://") { #expect(Repository.exists(link), "\(link)") }
    }

    @Test("Every path that documents, comments and scripts name is in the repository")
    func paths() throws {
        let named = /(?:Sources|Tests|examples|watch-config)\/[A-Za-z0-9_+.\/-]*[A-Za-z0-9_]/
        let files =
            Repository.documents + ["Package.swift"]
            + Repository.files(
                in: ["Sources", "Tests", "examples", "watch-config"], endings: ["swift", "c", "h", "inc", "sh", "py", "yaml"])
        var seen = 0
        for file in files {
            for match in try Repository.text(file).matches(of: named) {
                let text = match.output
                // A path that goes on with a variable, a pattern or a name to be filled in, or ends one that begins elsewhere.
                let before =
                    match.range.lowerBound == match.base.startIndex ? " " : match.base[match.base.index(before: match.range.lowerBound)]
                let after = match.range.upperBound == match.base.endIndex ? " " : match.base[match.range.upperBound]
                if "$*\\{<(…".contains(after) || before.isLetter || before.isNumber || "/_-".contains(before) && !isHere(match) { continue }
                seen += 1
                #expect(Repository.exists(String(text)), "\(file) names \(text)")
            }
        }
        #expect(seen > 100)
    }

    /// Whether what stands before a path is `./`.
    private func isHere(_ match: Regex<Substring>.Match) -> Bool {
        match.base[..<match.range.lowerBound].hasSuffix("./")
    }
}
