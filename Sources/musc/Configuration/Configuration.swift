import MuScBackbone
import MuScBatch
import MuScHooks
import MuScImages
import MuScResults
import MuScScoring
import MuScSupport
import MuScWatching
import SystemPackage

/// Everything that can be configured, with its defaults.
///
/// Values come in layers: defaults, then the file, then the environment, then flags; each layer is applied through
/// ``keys``, so that a value is read and checked alike wherever it stands.
package struct Configuration: Sendable {
    package init() {}

    var watch = WatchConfiguration()
    /// The drop folders as the configuration has them, with what is special to some; the command line may name others.
    var dropFolders: [DropFolder] = [] {
        didSet { watch.roots = dropFolders.map(\.folder) }
    }

    var backbone = BackboneCatalogue.standard
    var pretrained: String?
    /// What was said of the keys of scoring, by name: it takes the place of what the preset has.
    var scoring: [String: ConfigurationValue] = [:]

    /// A folder of known good images; single drop folders may have their own.
    var knownGood: FilePath?
    /// How many images of a line's past are remembered; nil for the preset's number.
    var lineMemory: Int?
    /// The folder of the ledger and of the lines' memories; nil for batches by hand.
    var stateFolder: FilePath?

    var output = OutputOptions()
    /// The folder that flagged photographs are copied to.
    var flaggedFolder: FilePath?
    var hooks = HookSettings()
    /// Whether results are printed as JSON instead of a line a batch.
    var printsJSON = false
    var logLevel: LogLevel = .info
    var logFormat: LogFormat = .text

    /// Which files of a folder may be images, for every command.
    var fileRules: FileRules { FileRules(ignoring: watch.ignore, readyFile: watch.readyFile) }

    /// What the layers said, by key, the last word of each.
    package var said: [String: Said] = [:]
    /// What is to be said of how something was written, one sentence each.
    package var notes: [String] = []

    /// A value with the place where it was said.
    package struct Said: Sendable, Hashable {
        package var value: ConfigurationValue
        /// File and line, variable or flag.
        package var place: String
        package var isFlag: Bool { place.hasPrefix("--") }
    }
}

// MARK: Where results lie

extension Configuration {
    /// The folder under which results lie; nil for each in its batch's folder.
    var resultsPlace: FilePath? {
        get { watch.outputFolder }
        set {
            watch.outputFolder = newValue
            output.location = newValue.map { .under($0.string) } ?? .alongside
        }
    }

    /// The name of the results' folder.
    var resultsFolderName: String {
        get { output.folderName }
        set {
            output.folderName = newValue
            watch.resultsFolderName = newValue
        }
    }
}

// MARK: Scoring

extension Configuration {
    /// The scoring settings that follow: the preset's, with what was said in their place.
    ///
    /// - Throws: ``SettingsError`` where a value does not fit the backbone.
    func scoringSettings(backbone description: BackboneDescription) throws(SettingsError) -> ScoringSettings {
        let settings = try settings(of: description)
        try settings.validate()
        return settings
    }

    /// What is known of the scoring settings before there is a backbone, which decides what a preset is.
    var statedSettings: ScoringSettings { (try? settings(of: Self.standardBackbone)) ?? Self.standardSettings }

    /// Threads that compute.
    var threads: Int { statedSettings.threads }

    var preset: ScoringSettings.Preset {
        scoring["scoring.preset"]?.text.flatMap { ScoringSettings.Preset(rawValue: $0) } ?? .tuned
    }

    private func settings(of description: BackboneDescription) throws(SettingsError) -> ScoringSettings {
        var settings = ScoringSettings(preset: preset, backbone: description, threads: processorCount())
        for key in ScoringSettings.keys {
            guard let value = scoring[key.name] else { continue }
            do {
                try key.set(&settings, value)
            } catch {
                throw SettingsError(key: key.name, fault: "“\(error.found)” cannot be used", advice: "take \(error.expected)")
            }
        }
        return settings
    }

    private static var standardBackbone: BackboneDescription {
        BackboneCatalogue.description(named: BackboneCatalogue.standard) ?? BackboneCatalogue.all[0]
    }

    static let standardSettings = ScoringSettings(backbone: standardBackbone, threads: processorCount())
}

enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, notice, warning, error

    static func < (one: LogLevel, other: LogLevel) -> Bool {
        (allCases.firstIndex(of: one) ?? 0) < (allCases.firstIndex(of: other) ?? 0)
    }
}

enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}
