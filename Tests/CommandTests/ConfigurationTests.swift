import Foundation
import Testing

@Suite struct ConfigurationTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand()
        try musc.installTinyWeights()
        try musc.makeBatch("batch", images: 3)
    }

    func run(_ yaml: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> MuscCommand.Result {
        try Data(yaml.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        return try musc.run(["run", "batch", "--config", "musc.yaml"] + arguments, environment: environment)
    }

    /// `run.json` of the batch, as settings by key.
    func settings() throws -> [String: String] {
        let data = try Data(contentsOf: musc.scratch.appending(path: "batch/_musc/run.json"))
        let record = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return record?["settings"] as? [String: String] ?? [:]
    }

    @Test("Flags win over the environment, which wins over the file, which wins over defaults")
    func order() throws {
        let yaml = "model:\n  backbone: tiny.json\n  image_size: 84\nscoring:\n  r_list: [1, 3]\n"
        #expect(try run(yaml).status == 0)
        #expect(try settings()["scoring.r_list"] == "1,3")
        #expect(try run(yaml, environment: ["MUSC_R_LIST": "5"]).status == 0)
        #expect(try settings()["scoring.r_list"] == "5")
        #expect(try run(yaml, ["--r-list", "1"], environment: ["MUSC_R_LIST": "5"]).status == 0)
        #expect(try settings()["scoring.r_list"] == "1")
    }

    @Test("Unknown keys and bad values are refused with file, line, key and what would be right")
    func faults() throws {
        let cases = [
            ("model:\n  bakbone: tiny.json\n", "musc.yaml:2: model.bakbone: is no key: did you mean model.backbone?"),
            ("modle:\n  backbone: x\n", "musc.yaml:1: modle: is no section: did you mean model?"),
            ("watch:\n  settle_seconds: soon\n", "musc.yaml:2: watch.settle_seconds: “soon” is not a number"),
            ("watch:\n  min_images: 1\n", "musc.yaml:2: watch.min_images: “1” is not a whole number, 2 or more"),
            ("output:\n  colormap: pink\n", "jet, turbo, viridis, inferno or grey"),
            ("scoring: [1, 2]\n", "musc.yaml:1: scoring: holds no keys"),
            ("model: {backbone: [\n", "musc.yaml: is not YAML"),
        ]
        for (yaml, message) in cases {
            let result = try run(yaml)
            #expect(result.status == 2)
            #expect(result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test("An empty file leaves the defaults, and a missing one is named")
    func emptyAndMissing() throws {
        #expect(try run("# nothing\n", MuscCommand.tiny).status == 0)
        let result = try musc.run("run", "batch", "--config", "nowhere.yaml")
        #expect(result.status == 2 && result.errors.contains("nowhere.yaml: cannot be read"))
    }
}
