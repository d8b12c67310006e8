import MuScBackbone
import MuScBatch
import MuScHooks
import MuScImages
import MuScResults
import MuScScoring
import MuScWatching
import SystemPackage

/// Everything that can be configured, with the defaults of ``ConfigurationKey/all``.
///
/// Values come in layers: defaults, then the file, then the environment, then flags; each layer is applied through the
/// same table of keys, so that a value is read and checked alike wherever it stands.
package struct Configuration: Sendable {
    package init() {}

    var watch = WatchConfiguration()
    /// What is special to single drop folders, by the folder as written.
    var rootOverrides: [RootOverride] = []

    var backbone = BackboneCatalogue.standard
    var pretrained: String?
    var imageSize: ImageSizeChoice?
    /// Patches a side beyond which photographs are cut into tiles; nil for the preset's number, 0 for never.
    var tile: Int?
    var region: RegionOfInterest?
    var featureLayers: [Int]?
    var activation: BackboneDescription.Activation?

    var preset = ScoringSettings.Preset.tuned
    var degrees: [Int]?
    var interval: MutualScoring.Interval?
    var window: ScoringSettings.Window?
    var judges: ScoringSettings.Judges?
    var timeLimit = 900.0
    var rscin: ScoringSettings.RsCINMode?
    var rscinWindows: [Int]?
    var subsets = 1
    var precision: MutualScoring.Precision?

    /// A folder of known good images; single drop folders may have their own.
    var knownGood: FilePath?
    var recurringMarks: ScoringSettings.RecurringMarks?
    /// How many images of a line's past are remembered; nil for the preset's number.
    var lineMemory: Int?
    /// The folder of the ledger and of the lines' memories; nil for batches by hand.
    var stateFolder: FilePath?

    var output = OutputOptions()
    /// How large an image may be, for the network and for pictures alike.
    var imageLimits: DecodingLimits {
        get { output.imageLimits }
        set { output.imageLimits = newValue }
    }
    var falseAlarmRate = 0.05
    var threshold: Float?
    /// The folder that flagged photographs are copied to.
    var flaggedFolder: FilePath?
    var hooks = HookSettings()
    /// Whether results are printed as JSON instead of a line a batch.
    var printsJSON = false
    var threads: Int = processorCount()
    /// Bytes that a batch may take; nil for half of what is free.
    var memory: Int?
    var logLevel: LogLevel = .info
    var logFormat: LogFormat = .text
    var metricsFile: FilePath?

    /// Which files of a folder may be images, for every command.
    var fileRules: FileRules { FileRules(ignoring: watch.ignore, readyFile: watch.readyFile) }

    /// Settings of one drop folder that differ from the rest.
    struct RootOverride: Sendable, Hashable {
        var folder: String
        var values: [String: String]
    }

    /// The scoring settings that follow: the preset's, with single values in their place.
    ///
    /// - Throws: ``SettingsError`` where a value does not fit the backbone.
    func scoringSettings(backbone description: BackboneDescription) throws(SettingsError) -> ScoringSettings {
        var settings = ScoringSettings(preset: preset, backbone: description, threads: threads)
        switch imageSize {
        case .fixed(let size): settings.imageSize = size
        case .auto: settings.automaticSize = AutomaticImageSize()
        case nil: break
        }
        if let tile { settings.tile = tile == 0 ? nil : tile }
        settings.region = region
        if let featureLayers { settings.featureLayers = featureLayers }
        settings.activation = activation
        if let degrees { settings.degrees = degrees }
        if let interval {
            settings.interval = interval
            settings.minimumJudges = 1
        }
        if let window { settings.window = window }
        if let judges { settings.judges = judges }
        settings.timeLimit = timeLimit
        settings.imageLimits = imageLimits
        if let rscin { settings.rscin = rscin }
        if let rscinWindows { settings.rscinWindows = rscinWindows }
        if let recurringMarks { settings.recurringMarks = recurringMarks }
        settings.subsets = subsets
        if let precision { settings.precision = precision }
        settings.memory = memory
        settings.threshold = threshold
        settings.falseAlarmRate = falseAlarmRate
        try settings.validate()
        return settings
    }
}

/// A value of `model.image_size`.
enum ImageSizeChoice: Sendable, Hashable {
    case fixed(ImageSize)
    /// From the batch's own photographs.
    case auto
}

enum LogLevel: String, Sendable, CaseIterable {
    case debug, info, notice, warning, error
}

enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}
