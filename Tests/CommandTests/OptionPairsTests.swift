import Foundation
import MuScSupport
import Testing
import musc

/// Options in pairs: none is passed over in silence, and what `run.json` records gives the same scores.
@Suite struct OptionPairsTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        try musc.makeBatch("batch", images: 13)
        try musc.makeBatch("good", images: 8, first: 40)
    }

    /// A value of each key that has a flag, other than its default.
    static let values = [
        "output.where": "R", "judges.known_good": "good", "output.threshold": "0.3", "model.image_size": "112",
        "output.false_alarm_rate": "0.3", "scoring.judges": "5",
        "output.colormap": "turbo", "output.maps": "png16", "model.region": "0,0,0.5,1", "model.feature_layers": "0,3",
        "scoring.preset": "paper", "scoring.r_list": "3", "scoring.interval": "0,0.6", "scoring.least_judges": "9",
        "scoring.window": "1", "scoring.rscin": "always", "scoring.rscin_windows": "1,4", "scoring.subsets": "2",
        "scoring.precision": "fast", "images.range": "0,4095",
    ]

    /// Keys that bear on no result, or on what a small batch does not have: bounds, marks that images share, plain backgrounds.
    static let others: Set = [
        "model.backbone", "model.pretrained", "model.tile", "model.align", "judges.recurring_marks",
        "judges.same_part", "scoring.threads",
        "scoring.memory",
        "log.level", "log.format",
        "watch.metrics_file", "watch.jobs",
    ]

    /// What a run came to, so far as options are to change it; nil where it was refused.
    struct Outcome: Equatable {
        var table: String
        var threshold: String
        var files: [String]
        var overlay: Data
        var rscin: String
    }

    func run(_ keys: [String]) throws -> (outcome: Outcome?, said: String, settings: [String: String]) {
        for folder in ["batch/_musc", "R"] { try? FileManager.default.removeItem(at: musc.scratch.appending(path: folder)) }
        var flags: [String] = []
        for name in keys {
            let flag = try #require(Configuration.key(named: name)?.flag)
            flags += ["--\(flag)", try #require(Self.values[name])]
        }
        let size = keys.contains("model.image_size") ? [] : ["--image-size", "84"]
        let result = try musc.run(["run", "batch", "--backbone", "tiny.json", "--threads", "1"] + size + flags)
        guard result.status == 0 else {
            #expect(result.status == 2, "\(keys): \(result.errors)")
            return (nil, result.errors, [:])
        }
        let place = musc.scratch.appending(path: keys.contains("output.where") ? "R/batch/_musc" : "batch/_musc")
        let record = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: place.appending(path: "run.json"))) as? [String: Any])
        let notes = (record["notes"] as? [String] ?? []).joined(separator: "\n")
        let names = place.appending(path: "overlays").names.filter { $0.hasSuffix(".png") }
        let outcome = Outcome(
            table: try String(contentsOf: place.appending(path: "scores.csv"), encoding: .utf8),
            threshold: "\(record["threshold"] ?? "")", files: [place.path] + place.names,
            overlay: try names.first.map { try Data(contentsOf: place.appending(path: "overlays/\($0)")) } ?? Data(),
            rscin: (record["rscin"] as? [String: Any])?["reason"] as? String ?? "")
        for note in result.errors.split(separator: "\n") where note.contains("has no effect") {
            #expect(notes.contains(note.split(separator: ": ", maxSplits: 2).last ?? ""), "\(note) is not in run.json")
        }
        return (outcome, result.errors + notes, record["settings"] as? [String: String] ?? [:])
    }

    @Test("Every option changes what it is for, is refused, or is named as without effect, beside every other option")
    func pairs() throws {
        let keys = Configuration.keys.filter { $0.flag != nil && !Self.others.contains($0.name) }.map(\.name)
        #expect(Set(keys) == Set(Self.values.keys))
        let alone = try Dictionary(keys.map { ($0, try run([$0])) }, uniquingKeysWith: { $1 })
        let none = try run([])
        for (first, key) in keys.enumerated() {
            let single = try #require(alone[key])
            #expect(single.outcome != none.outcome || single.said.contains("\(key) has no effect"), "\(key) alone: \(single.said)")
            for other in keys[(first + 1)...] {
                let both = try run([key, other])
                for (added, to) in [(key, other), (other, key)] {
                    let isSaid = both.said.contains("\(added) has no effect") || both.outcome == nil && both.said.contains(added)
                    // Asking for what the other brings anyway changes nothing.
                    let isInForce = alone[to]?.settings[added] == Self.values[added]
                    #expect(both.outcome != alone[to]?.outcome || isSaid || isInForce, "\(added) beside \(to): \(both.said)")
                }
            }
        }
    }

    @Test("No key takes what is no number, or infinite, for a number")
    func notFinite() {
        let numbers = ["nan", "NaN", "-nan", "inf", "-inf", "infinity", "1e999", "-1e999", ".nan", ".inf"]
        let texts = numbers + numbers.flatMap { ["\($0),0.5", "0,\($0)", "0,0,\($0),1", "\($0)x\($0)", "[0, \($0)]"] }
        func written(_ key: Configuration.Key, _ text: String) -> String? {
            var configuration = Configuration()
            guard (try? key.set(&configuration, ConfigurationValue(scalar: text))) != nil else { return nil }
            return key.get(configuration).flat
        }
        // Waiting for ever is a time; what takes any word takes these as words.
        for key in Configuration.keys where key.name != "watch.max_wait_seconds" && written(key, "word") == nil {
            for text in texts {
                let parts = written(key, text)?.split { ",x[] ".contains($0) } ?? []
                #expect(parts.allSatisfy { Double($0)?.isFinite ?? true }, "\(key.name): \(text)")
            }
        }
    }

    @Test(
        "The settings of run.json, given back, give the same scores",
        arguments: [
            [], ["scoring.preset"], ["scoring.interval"], ["scoring.interval", "scoring.least_judges"], ["scoring.judges"],
            ["judges.known_good"], ["judges.known_good", "scoring.rscin"], ["model.region", "scoring.window"],
            ["scoring.subsets", "scoring.judges"], ["scoring.rscin", "scoring.rscin_windows"], ["scoring.precision"],
            ["output.threshold", "output.false_alarm_rate"], ["model.feature_layers", "scoring.r_list", "model.image_size"],
        ] as [[String]])
    func givenBack(_ keys: [String]) throws {
        let first = try run(keys)
        let outcome = try #require(first.outcome)
        var yaml: [String: [String]] = [:]
        for key in Configuration.keys where key.decides && key.name != "model.backbone" {
            guard let value = first.settings[key.name] else { continue }
            yaml[String(key.section), default: []].append("  \(key.ownName): \(value.isEmpty ? "" : "\"\(value)\"")\n")
        }
        try Data(yaml.map { "\($0.key):\n" + $0.value.joined() }.joined().utf8).write(to: musc.scratch.appending(path: "back.yaml"))
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "batch/_musc"))
        let again = try musc.run(["run", "batch", "--backbone", "tiny.json", "--config", "back.yaml"])
        #expect(again.status == 0, "\(again.errors)")
        let table = try String(contentsOf: musc.scratch.appending(path: "batch/_musc/scores.csv"), encoding: .utf8)
        #expect(table == outcome.table)
    }
}
