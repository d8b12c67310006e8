import Foundation
import Testing
import musc

/// `watch-config/musc.yaml` is the reference of the configuration; it must hold what the program reads.
@Suite struct DocumentedConfigurationTests {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "watch-config")

    func lines(_ name: String) throws -> [String] {
        try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8).components(separatedBy: "\n")
    }

    func load(_ name: String) throws -> Configuration {
        try ConfigurationLayers.configuration(
            file: Self.folder.appending(path: name).path(percentEncoded: false), environment: [:], flags: [])
    }

    @Test("Every key that the program reads stands in musc.yaml, once, under a comment of its own")
    func everyKey() throws {
        var documented: [String] = []
        var section = ""
        var previous = ""
        for line in try lines("musc.yaml") {
            if let name = line.wholeMatch(of: /([a-z_]+):/)?.output.1 {
                section = String(name)
            } else if let name = line.wholeMatch(of: /\ \ ([a-z_]+):.*/)?.output.1 {
                documented.append("\(section).\(name)")
                #expect(previous.hasPrefix("  #"), "\(name) has no comment")
            }
            previous = line
        }
        #expect(documented.sorted() == ConfigurationKey.all.map(\.name).sorted())
    }

    @Test("musc.yaml as it is shipped changes no default")
    func defaults() throws {
        #expect(String(reflecting: try load("musc.yaml")) == String(reflecting: Configuration()))
    }

    @Test("Every variable of the environment is named in the comment of its key")
    func variables() throws {
        let text = try lines("musc.yaml").joined(separator: "\n")
        for key in ConfigurationKey.all {
            guard let variable = key.variable else { continue }
            #expect(text.contains(variable), "\(key.name)")
        }
    }

    @Test("The minimal configuration loads")
    func minimal() throws {
        _ = try load("minimal.yaml")
    }
}
