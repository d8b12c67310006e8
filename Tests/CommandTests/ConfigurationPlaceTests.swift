import Foundation
import Testing

/// Which configuration file is read, and that it is said.
@Suite struct ConfigurationPlaceTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("batch", images: 3)
    }

    func write(_ name: String, layers: String) throws {
        let file = musc.scratch.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("model:\n  backbone: tiny.json\n  image_size: 84\n  feature_layers: [\(layers)]\n".utf8).write(to: file)
    }

    func layers(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> (String?, said: String) {
        let result = try musc.run(["run", "batch"] + arguments, environment: environment)
        #expect(result.status == 0, "\(result.errors)")
        let data = try Data(contentsOf: musc.scratch.appending(path: "batch/_musc/run.json"))
        let record = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return ((record?["settings"] as? [String: String])?["model.feature_layers"], result.errors)
    }

    @Test("The named file goes before the variable's, that before the user's, and the working folder's is none of them")
    func order() throws {
        try write("musc.yaml", layers: "3")
        try write(".config/musc/musc.yaml", layers: "0")
        try write("xdg/musc/musc.yaml", layers: "1")
        try write("variable.yaml", layers: "2")
        try write("named.yaml", layers: "0,1")
        let scratch = musc.scratch.path(percentEncoded: false)
        let found = try layers()
        #expect(found.0 == "0" && found.said.contains("musc: configuration: ") && found.said.contains(".config/musc/musc.yaml"))
        let xdg = ["XDG_CONFIG_HOME": scratch + "/xdg"]
        #expect(try layers(environment: xdg).0 == "1")
        let variable = ["MUSC_CONFIG": "variable.yaml"].merging(xdg) { $1 }
        #expect(try layers(environment: variable).0 == "2")
        let named = try layers(["--config", "named.yaml"], environment: variable)
        #expect(named.0 == "0,1" && !named.said.contains("configuration"))
        #expect(try layers(["--config", ""] + MuscCommand.tiny, environment: variable).0 != "2")
    }

    @Test("What musc setup writes is what every command reads, and status and doctor say so")
    func setup() throws {
        // Root's is the machine's, which a test leaves alone.
        let setup = try musc.run("setup", "--yes", "--drop", "drop", "--mode", "none", "--no-weights", "--config", ".config/musc/musc.yaml")
        #expect(setup.output.contains("musc.yaml"), "\(setup.errors)")
        let status = try musc.run("status").output
        #expect(status.contains("Configuration: ") && status.contains(".config/musc/musc.yaml"), "\(status)")
        #expect(try musc.run("doctor").output.contains("configuration: ") && musc.run("doctor").output.contains(".config/musc/musc.yaml"))
        let sweep = try musc.run("sweep")
        #expect(sweep.status == 0, "its drop folder is known: \(sweep.errors)")
        #expect(sweep.errors.contains(".config/musc/musc.yaml"))
    }
}
