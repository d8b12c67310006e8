import ArgumentParser
import FoundationEssentials
import MuScSupport

extension Option where Value == GivenFlag? {
    /// The flag of a key of the configuration, with the name and the help that the key's entry has.
    init(key name: String) {
        let key = Configuration.key(named: name)
        let flag = key?.flag ?? name
        self.init(
            name: .customLong(flag), help: ArgumentHelp(key?.help ?? "", valueName: key?.placeholder),
            transform: { GivenFlag(key: name, flag: flag, value: ConfigurationValue(scalar: $0)) })
    }
}

/// The flags that every scoring command shares. Each belongs to one key of the configuration.
struct ScoringOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A configuration file.", valueName: "file"))
    var config: String?

    @Option(key: "model.backbone") var backbone: GivenFlag?
    @Option(key: "model.pretrained") var pretrained: GivenFlag?
    @Option(key: "model.image_size") var imageSize: GivenFlag?
    @Option(key: "model.tile") var tile: GivenFlag?
    @Option(key: "model.region") var region: GivenFlag?
    @Option(key: "model.feature_layers") var featureLayers: GivenFlag?
    @Option(key: "images.range") var range: GivenFlag?
    @Option(key: "scoring.r_list") var rList: GivenFlag?
    @Option(key: "scoring.preset") var preset: GivenFlag?
    @Option(key: "scoring.rscin") var rscin: GivenFlag?
    @Option(key: "scoring.rscin_windows") var rscinWindows: GivenFlag?
    @Option(key: "scoring.interval") var interval: GivenFlag?
    @Option(key: "scoring.least_judges") var leastJudges: GivenFlag?
    @Option(key: "scoring.window") var window: GivenFlag?
    @Option(key: "scoring.judges") var judges: GivenFlag?
    @Option(key: "judges.known_good") var knownGood: GivenFlag?
    @Option(key: "judges.recurring_marks") var recurringMarks: GivenFlag?
    @Option(key: "output.false_alarm_rate") var falseAlarmRate: GivenFlag?
    @Option(key: "scoring.subsets") var subsets: GivenFlag?
    @Option(key: "scoring.precision") var precision: GivenFlag?
    @Option(key: "output.threshold") var threshold: GivenFlag?
    @Option(key: "scoring.threads") var threads: GivenFlag?
    @Option(key: "scoring.memory") var memory: GivenFlag?
    @Option(key: "output.where") var output: GivenFlag?
    @Option(key: "output.colormap") var colormap: GivenFlag?
    @Option(key: "output.maps") var maps: GivenFlag?
    @Option(key: "log.level") var logLevel: GivenFlag?
    @Option(key: "log.format") var logFormat: GivenFlag?

    @Flag(help: "No progress bar, even on a terminal.")
    var noProgress = false

    @Flag(help: "Fetch the weights where they are missing.")
    var fetchWeights = false

    /// The flags that were given.
    var given: [GivenFlag] {
        [
            backbone, pretrained, imageSize, tile, region, featureLayers, range, rList, preset, rscin, rscinWindows,
            interval, leastJudges, window, judges, knownGood, recurringMarks, falseAlarmRate, subsets, precision,
            threshold, threads, memory, output, colormap, maps, logLevel, logFormat,
        ].compactMap { $0 }
    }

    /// The configuration's file, if one is named.
    var file: String? { config ?? ProcessInfo.processInfo.environment["MUSC_CONFIG"] }

    /// The configuration of file, environment and these flags.
    ///
    /// - Parameter others: Flags that a command has beside these.
    func configuration(and others: [GivenFlag?] = []) throws(ConfigurationFault) -> Configuration {
        let configuration = try ConfigurationLayers.configuration(
            file: file, environment: ProcessInfo.processInfo.environment, flags: given + others.compactMap { $0 })
        configuration.sayNotes()
        return configuration
    }
}

extension Configuration {
    /// Tells on standard error how something would be written today.
    func sayNotes() {
        for note in notes { Terminal.printNote("musc: \(note)") }
    }
}
