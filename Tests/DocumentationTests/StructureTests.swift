import Foundation
import Testing

/// What keeps the house small enough to be read: see *Building and testing*.
@Suite struct StructureTests {
    /// A type of the sources: where it is declared or extended.
    private static let placesOfTypes: [String: Set<String>] = {
        var places: [String: Set<String>] = [:]
        var ours: Set<String> = []
        for file in Repository.files(in: ["Sources"], endings: ["swift"]) {
            for line in lines(of: file) {
                guard let (kind, name) = declared(by: line) else { continue }
                if line.first != " " { places[name, default: []].insert(file) }
                if kind != "extension" { ours.insert(name) }
            }
        }
        // Extensions of types of other packages are none of a type's of ours.
        return places.filter { type, _ in type.split(separator: ".").allSatisfy { ours.contains(String($0)) } }
    }()

    private static func lines(of file: String) -> [Substring] {
        ((try? Repository.text(file)) ?? "").split { $0.isNewline }
    }

    /// The type that a line of code declares or extends. Regular expressions take minutes for what this takes a moment.
    private static func declared(by line: Substring) -> (kind: Substring, name: String)? {
        let modifiers: Set<Substring> = ["public", "package", "private", "fileprivate", "final", "indirect"]
        let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "extension"]
        let words = line.split(separator: " ", maxSplits: 5).drop { modifiers.contains($0) }
        guard let kind = words.first, kinds.contains(kind), let name = words.dropFirst().first, name.first?.isUppercase == true
        else { return nil }
        return (kind, String(name.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }))
    }

    @Test("No type is spread over more than four files")
    func types() {
        #expect(Self.placesOfTypes.count > 300)
        for (type, files) in Self.placesOfTypes where files.count > 4 {
            Issue.record("\(type) is in \(files.count) files: \(files.sorted().joined(separator: ", "))")
        }
    }

    @Test("No two types that more than one file sees have the same name")
    func names() {
        var files: [String: Set<String>] = [:]
        for file in Repository.files(in: ["Sources"], endings: ["swift"]) {
            for line in Self.lines(of: file) where line.first != " " && !line.hasPrefix("private") && !line.hasPrefix("fileprivate") {
                guard let (kind, name) = Self.declared(by: line), kind != "extension" else { continue }
                files[name, default: []].insert(file)
            }
        }
        #expect(files.count > 300)
        for (name, places) in files where places.count > 1 {
            Issue.record("\(name) is declared in \(places.sorted().joined(separator: ", "))")
        }
    }

    @Test("No file of code has more than 500 lines")
    func lengths() throws {
        for file in Repository.files(in: ["Sources", "Tests", "examples"], endings: ["swift", "c", "h", "inc"]) {
            let lines = try Repository.text(file).split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(lines <= 500, "\(file) has \(lines)")
        }
    }

    @Test("No folder of code holds more than 25 files")
    func folders() {
        var counts: [String: Int] = [:]
        for file in Repository.files(in: ["Sources", "Tests"], endings: ["swift", "c", "h", "inc"]) {
            counts[String(file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex)), default: 0] += 1
        }
        #expect(counts.count > 50)
        for (folder, count) in counts where count > 25 { Issue.record("\(folder) holds \(count) files") }
    }

    /// A target of `Package.swift`: what it is said to need, in the order of the file.
    private struct Target {
        var name: String
        /// The names of the targets that stand before it.
        var earlier: Set<String>
        /// Targets of this package that it depends on.
        var dependencies: Set<String>
    }

    private static let targets: [Target] = {
        let manifest = (try? Repository.text("Package.swift")) ?? ""
        let starts = manifest.matches(of: /\.(?:target|executableTarget|systemLibrary|testTarget)\(\s*name: "(\w+)"/)
        let names = starts.map { String($0.1) }
        return starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : manifest.endIndex
            let quoted = manifest[starts[index].range.upperBound..<end].matches(of: /(name: )?"(\w+)"/)
            // A product of another package is named by `name:`.
            let ours = quoted.filter { $0.1 == nil }.map { String($0.2) }.filter { names.contains($0) }
            return Target(name: names[index], earlier: Set(names[..<index]), dependencies: Set(ours))
        }
    }()

    @Test("Nobody imports upwards: a target needs what stands before it in Package.swift, and imports what it says it needs")
    func imports() {
        let ours = Set(Self.targets.map(\.name))
        #expect(ours.count > 20)
        for target in Self.targets where Repository.exists("Sources/\(target.name)") {
            #expect(target.dependencies.subtracting(target.earlier) == [], "\(target.name) needs what stands behind it")
            for file in Repository.files(in: ["Sources/\(target.name)"], endings: ["swift"]) {
                // `import X`, `@_exported import X` and `import struct X.Y` alike: a word of the line is the module.
                let words = Self.lines(of: file).filter { $0.hasPrefix("import ") || $0.hasPrefix("@") && $0.contains(" import ") }
                    .flatMap { $0.split { $0 == " " || $0 == "." }.map(String.init) }
                let undeclared = Set(words).intersection(ours).subtracting(target.dependencies)
                #expect(undeclared == [], "\(file)")
            }
        }
    }

    @Test("No Swift target has fewer than 100 lines")
    func targets() throws {
        for target in Self.targets where Repository.exists("Sources/\(target.name)") {
            let files = Repository.files(in: ["Sources/\(target.name)"], endings: ["swift"])
            guard !files.isEmpty else { continue }
            let lines = try files.reduce(0) {
                try $0 + Repository.text($1).split(separator: "\n", omittingEmptySubsequences: false).count - 1
            }
            #expect(lines >= 100, "\(target.name) has \(lines)")
        }
    }
}
