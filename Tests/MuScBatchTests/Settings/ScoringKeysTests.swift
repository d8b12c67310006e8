import Foundation
import MuScBackbone
import MuScBatch
import MuScImages
import MuScScoring
import MuScSupport
import Testing

@Suite struct ScoringKeysTests {
    static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/MuScBatch/Settings").standardized

    static func settings(_ preset: ScoringSettings.Preset) throws -> ScoringSettings {
        ScoringSettings(preset: preset, backbone: try #require(BackboneCatalogue.description(named: BackboneCatalogue.standard)))
    }

    /// A value of each key that no preset has.
    static let others = [
        "output.threshold": "0.75", "output.false_alarm_rate": "0.02", "judges.recurring_marks": "ignore",
        "model.image_size": "1008x672", "model.tile": "16", "model.region": "0.1,0.1,0.5,0.5", "model.align": "crop",
        "model.feature_layers": "1,4",
        "model.activation": "quick_gelu", "scoring.preset": "paper", "scoring.r_list": "3", "scoring.interval": "0.1,0.25",
        "scoring.least_judges": "2", "scoring.window": "4", "scoring.judges": "17", "scoring.time_limit_seconds": "60",
        "scoring.rscin": "never", "scoring.rscin_windows": "1,8,9", "scoring.subsets": "2", "scoring.precision": "exact",
        "scoring.memory": "1048576", "scoring.threads": "3", "images.max_pixels": "1000", "images.max_megabytes": "7",
        "images.range": "0,4095", "images.pages": "first", "judges.same_part": "(.*)_[0-9]+",
    ]

    @Test("Every stored setting has an entry, so that none is forgotten in plans and records")
    func complete() throws {
        func text(_ name: String) throws -> String { try String(contentsOf: Self.sources.appending(path: name), encoding: .utf8) }
        let settings = try #require(text("ScoringSettings.swift").components(separatedBy: "struct SettingsError").first)
        let stored = settings.matches(of: /\n    (?:public|package) var (\w+)(?::[^{\n]*)?(?: = [^\n{]*)?\n/).map { String($0.1) }
        let table = try text("ScoringSettings+Keys.swift")
        #expect(stored.count > 20)
        // The backbone is named beside the table, with its whole description.
        for name in stored where name != "backbone" {
            #expect(["\\.", "$0.", "(", " "].contains { table.contains($0 + name) }, "\(name)")
        }
    }

    @Test("What is written of a setting reads back as the same, and differs where the setting does")
    func roundTrip() throws {
        for key in ScoringSettings.keys where key.isSettable {
            let value = try #require(Self.others[key.name], "a value for \(key.name)")
            var settings = try Self.settings(.tuned)
            let before = key.get(settings)
            try key.set(&settings, ConfigurationValue(scalar: value))
            #expect(key.get(settings).flat == value && key.get(settings) != before, "\(key.name)")
            var again = try Self.settings(.paper)
            try key.set(&again, ConfigurationValue(scalar: key.get(settings).flat))
            #expect(key.get(again) == key.get(settings), "\(key.name)")
        }
    }

    @Test("One number follows the photographs' shape in preset tuned, twice the same number is the square, and both are written so")
    func squares() throws {
        let key = try #require(ScoringSettings.keys.first { $0.name == "model.image_size" })
        for (text, preset, follows) in [
            ("224", ScoringSettings.Preset.tuned, true), ("224x224", .tuned, false), ("224", .paper, false), ("224x224", .paper, false),
        ] {
            var settings = try Self.settings(preset)
            try key.set(&settings, ConfigurationValue(scalar: text))
            #expect(settings.imageSize == 224 && settings.followsShape == follows)
            #expect(key.get(settings).flat == (preset == .paper ? "224" : text))
        }
    }

    @Test("A size in another shape has about as many patches, and near a square is the square")
    func shapes() throws {
        let settings = try Self.settings(.tuned)
        for (width, height, expected) in [(3000, 2000, "420x280"), (2000, 3000, "280x420"), (1040, 1000, "336"), (4000, 1000, "672x168")] {
            #expect("\(settings.imageSize(inShapeOf: ImageSize(width: width, height: height)))" == expected, "\(width)x\(height)")
        }
    }

    @Test("Settings in force, given back over the preset's, are in force again", arguments: ScoringSettings.Preset.allCases)
    func givenBack(_ preset: ScoringSettings.Preset) throws {
        let grid = PatchGrid(width: 24, height: 16)
        for changed in [nil] + ScoringSettings.keys.filter(\.isSettable) {
            var settings = try Self.settings(preset)
            if let changed, changed.name != "scoring.preset" {
                try changed.set(&settings, ConfigurationValue(scalar: try #require(Self.others[changed.name])))
            }
            let texts = settings.inForce(on: grid, activation: settings.activation ?? .gelu)
            var again = try Self.settings(preset)
            for key in ScoringSettings.keys { try key.set(&again, ConfigurationValue(scalar: try #require(texts[key.name]))) }
            #expect(again.inForce(on: grid, activation: again.activation ?? .gelu) == texts)
        }
    }

    @Test("Every setting that may decide a score changes what a plan keeps of the settings, and no other does")
    func deciding() throws {
        let grid = PatchGrid(width: 24, height: 16)
        func kept(_ settings: ScoringSettings) -> [String: String] {
            ScoringSettings.deciding(settings.inForce(on: grid, activation: settings.activation ?? .gelu))
        }
        let standard = try Self.settings(.tuned)
        for key in ScoringSettings.keys where key.isSettable {
            var settings = standard
            try key.set(&settings, ConfigurationValue(scalar: try #require(Self.others[key.name])))
            let isMachines = ["scoring.threads", "scoring.memory", "scoring.time_limit_seconds"].contains(key.name)
            #expect((kept(settings) == kept(standard)) == isMachines, "\(key.name)")
        }
    }
}
