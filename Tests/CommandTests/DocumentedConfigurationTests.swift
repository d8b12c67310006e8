import Foundation
import MuScSupport
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

    @Test("musc.yaml is what `musc reference` prints: every key, under a comment of its own")
    func reference() throws {
        let shipped = try String(contentsOf: Self.folder.appending(path: "musc.yaml"), encoding: .utf8)
        #expect(shipped == ConfigurationReference.text, "write it anew: musc reference > watch-config/musc.yaml")
    }

    @Test("musc.yaml as it is shipped changes no default")
    func defaults() throws {
        let (loaded, standard) = (try load("musc.yaml"), Configuration())
        for key in Configuration.keys { #expect(key.get(loaded) == key.get(standard), "\(key.name)") }
        #expect(loaded.said.count == Configuration.keys.count && loaded.notes == [])
    }

    @Test("Keys, flags and variables have names of their own, and every key is explained in a sentence")
    func names() throws {
        let keys = Configuration.keys
        #expect(Set(keys.map(\.name)).count == keys.count)
        #expect(Set(keys.compactMap(\.flag)).count == keys.count { $0.flag != nil })
        for key in keys {
            #expect(key.help.hasSuffix(".") && key.help.count > 4, "\(key.name)")
            #expect(key.name.wholeMatch(of: /[a-z]+\.[a-z_]+/) != nil && key.isSettable, "\(key.name)")
        }
    }

    @Test("Values that are paths are known by their key's format, so that plans make them absolute")
    func paths() {
        let paths = Configuration.keys.filter { $0.isPath(.text("x")) }.map(\.name)
        #expect(Set(paths).isSuperset(of: ["judges.known_good", "output.where", "output.copy_flagged_to", "watch.metrics_file"]))
        #expect(Set(paths).isDisjoint(with: ["output.folder_name", "model.backbone", "judges.same_part", "watch.ready_file"]))
        #expect(Configuration.key(named: "output.where")?.isPath(.text("alongside")) == false)
        #expect(Configuration.key(named: "judges.known_good")?.isPath(.empty) == false)
    }

    @Test("Every key with a flag has it, with the key's help")
    func flags() throws {
        let musc = try MuscCommand()
        let help = try ["run", "watch"].map {
            try musc.run($0, "--help-hidden").output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        .joined()
        for key in Configuration.keys {
            guard let flag = key.flag else { continue }
            #expect(help.contains("--\(flag) <\(key.placeholder)> \(key.help)"), "\(flag)")
        }
    }

    @Test("The minimal configuration loads")
    func minimal() throws {
        _ = try load("minimal.yaml")
    }
}
