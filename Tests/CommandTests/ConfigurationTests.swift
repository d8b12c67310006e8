import Foundation
import Testing

@Suite struct ConfigurationTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
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
            ("watch:\n  settle_seconds: soon\n", "musc.yaml:2: watch.settle_seconds: must be a number from 0 to 86400, not “soon”"),
            ("watch:\n  min_images: 1\n", "musc.yaml:2: watch.min_images: must be a whole number, 2 or more, not “1”"),
            ("output:\n  colormap: pink\n", "jet, turbo, viridis, inferno or grey, not “pink”"),
            ("scoring:\n  preset: paperr\n", "musc.yaml:2: scoring.preset: must be tuned or paper, not “paperr”"),
            ("watch:\n  roots: [{folder: a, known_goood: b}]\n", "{folder, known_good, region, align, range}"),
            ("scoring: [1, 2]\n", "musc.yaml:1: scoring: holds no keys"),
            ("model: {backbone: [\n", "musc.yaml: is not YAML"),
        ]
        for (yaml, message) in cases {
            let result = try run(yaml)
            #expect(result.status == 2)
            #expect(result.errors.contains(message), "\(result.errors)")
        }
    }

    @Test(
        "The old word none is taken, with a note of what is written today",
        arguments: [
            ("model:\n  tile: none\n", "musc.yaml:2: model.tile: “none” is an old word", "write “off”", "model.tile", "off"),
            ("model:\n  image_size: none\n", "model.image_size", "write “preset”", "model.region", ""),
            ("output:\n  overlays: none\n  maps: none\n", "output.maps", "write “off”", "output.overlays", "off"),
            ("judges:\n  known_good: none\n", "judges.known_good", "leave it empty", "judges.known_good", ""),
            ("scoring:\n  window: none\n", "scoring.window", "write “off”", "scoring.window", "off"),
        ])
    func oldWord(yaml: String, place: String, advice: String, key: String, value: String) throws {
        let result = try run(yaml, MuscCommand.tiny)
        #expect(result.status == 0 && result.errors.contains(place) && result.errors.contains(advice), "\(result.errors)")
        #expect(try settings()[key] == value)
    }

    @Test("A share of judges of one's own leaves the least number of judges as it is, which is a key of its own")
    func leastJudges() throws {
        let yaml = "model:\n  backbone: tiny.json\n  image_size: 84\n"
        #expect(try run(yaml, ["--least-judges", "3"]).status == 0)
        let whole = try settings()
        #expect(try run(yaml, ["--least-judges", "3", "--interval", "0,0.3"]).status == 0)
        #expect(try settings() == whole && whole["scoring.least_judges"] == "3")
        #expect(
            try run(yaml, ["--least-judges", "0"]).errors.contains("--least-judges: scoring.least_judges: must be preset or a whole number")
        )
    }

    @Test("An empty file leaves the defaults, and a missing one is named")
    func emptyAndMissing() throws {
        #expect(try run("# nothing\n", MuscCommand.tiny).status == 0)
        let result = try musc.run("run", "batch", "--config", "nowhere.yaml")
        #expect(result.status == 2 && result.errors.contains("nowhere.yaml: cannot be read"))
    }
}
