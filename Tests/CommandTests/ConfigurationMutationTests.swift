import Foundation
import Mutations
import Testing
import musc

/// Configurations that nobody would write on purpose, made from the documented one; `MUSC_MUTATIONS` sets how many.
@Suite struct ConfigurationMutationTests {
    @Test("A mangled configuration is read or refused in words, and never ends the program")
    func mangled() throws {
        let documented = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../watch-config")
        let seeds = try ["musc.yaml", "minimal.yaml"].map { [UInt8](try Data(contentsOf: documented.appending(path: $0))) }
        // Comments make most of the documented file; what is left is what the reader looks at.
        let bare = seeds.map { seed in
            Array(String(decoding: seed, as: UTF8.self).split(separator: "\n").filter { !$0.contains("#") }.joined(separator: "\n").utf8)
        }
        let inputs = ProcessInfo.processInfo.environment["MUSC_MUTATIONS"].flatMap { Int($0) } ?? 5000
        var mutator = Mutator(seeds: bare + seeds, seed: 8)
        let file = FileManager.default.temporaryDirectory.appending(path: "musc-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        for _ in 0..<inputs {
            try Data(mutator.next()).write(to: file)
            do throws(ConfigurationFault) {
                _ = try ConfigurationLayers.configuration(file: file.path, environment: [:], flags: [])
            } catch {
                #expect(error.description.hasPrefix(file.path))
            }
        }
    }
}
