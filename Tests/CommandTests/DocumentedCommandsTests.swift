import Foundation
import Testing

/// The commands that the README and the articles show must be ones that the program takes.
@Suite struct DocumentedCommandsTests {
    /// A command as it is written: its words up to a comment, a pipe or the end of the line.
    struct Shown: Hashable {
        var file: String
        var words: [String]
    }

    static let shown: [Shown] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let articles =
            (try? FileManager.default.contentsOfDirectory(
                at: root.appending(path: "Sources/MuSc/MuSc.docc"), includingPropertiesForKeys: nil)) ?? []
        let files = [root.appending(path: "README.md")] + articles.filter { $0.pathExtension == "md" }
        return files.flatMap { file -> [Shown] in
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            // A line of a block of commands, or what stands between backquotes.
            return text.matches(of: /(?:^|`|\s)(?:sudo )?(musc [a-z][^`#|\n]*)/.anchorsMatchLineEndings()).map { match in
                Shown(file: file.lastPathComponent, words: match.output.1.split(separator: " ").map(String.init))
            }
        }
    }()

    @Test("Every subcommand and every flag that the README and the articles show is in the program's help")
    func flags() throws {
        let musc = try MuscCommand()
        let general = try musc.run("--help").output
        let commands = Set(general.matches(of: /\n  ([a-z]+) {2,}/).map { String($0.output.1) })
        #expect(commands.isSuperset(of: ["run", "watch", "sweep", "status", "evaluate", "weights"]))
        var help: [String: String] = [:]
        var flags = 0
        // Prose goes on after "musc": what is no subcommand is no command that is shown.
        for shown in Set(Self.shown) where commands.contains(shown.words[1]) {
            // `weights fetch` and `line list` have a second word.
            let second = shown.words.count > 2 && ["weights", "line", "hooks", "ledger"].contains(shown.words[1]) ? [shown.words[2]] : []
            let name = [shown.words[1]] + second
            let text = try help[name.joined(separator: " ")] ?? musc.run(name + ["--help"]).output
            help[name.joined(separator: " ")] = text
            #expect(text.contains("USAGE: musc \(name.joined(separator: " "))"), "\(shown)")
            for word in shown.words where word.hasPrefix("--") {
                let flag = word.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
                flags += 1
                #expect(text.matches(of: try Regex("\(flag)(?![a-z-])")).count > 0, "\(shown.file): musc \(name) has no \(flag)")
            }
        }
        #expect(flags > 20)
    }
}
