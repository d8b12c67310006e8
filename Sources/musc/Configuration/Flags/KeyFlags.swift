import ArgumentParser
import MuScSupport

extension Option where Value == GivenFlag? {
    /// The flag of a key of the configuration, with the name and the help that the key's entry has.
    ///
    /// - Parameter short: A letter for those who type it often.
    init(key name: String, short: Character? = nil) {
        let key = Configuration.key(named: name)
        let flag = key?.flag ?? name
        var names: [NameSpecification.Element] = [.customLong(flag)]
        if let short { names.insert(.customShort(short), at: 0) }
        self.init(
            name: NameSpecification(names), help: ArgumentHelp(key?.help ?? "", valueName: key?.placeholder),
            transform: { GivenFlag(key: name, flag: flag, value: ConfigurationValue(scalar: $0)) })
    }
}

/// What most people need: where results go, who else judges, from which score on, and how large.
struct UsualFlags: ParsableArguments {
    @Option(key: "output.where", short: "o") var output: GivenFlag?
    @Option(key: "judges.known_good") var knownGood: GivenFlag?
    @Option(key: "output.threshold") var threshold: GivenFlag?
    @Option(key: "model.image_size") var imageSize: GivenFlag?

    var given: [GivenFlag] { [output, knownGood, threshold, imageSize].compactMap { $0 } }
}

/// Who judges, and what is flagged.
struct JudgeFlags: ParsableArguments {
    @Option(key: "output.false_alarm_rate") var falseAlarmRate: GivenFlag?
    @Option(key: "judges.recurring_marks") var recurringMarks: GivenFlag?
    @Option(key: "judges.same_part") var samePart: GivenFlag?
    @Option(key: "scoring.judges") var judges: GivenFlag?

    var given: [GivenFlag] { [falseAlarmRate, recurringMarks, samePart, judges].compactMap { $0 } }
}

/// How the page's pictures look, and maps for other programs.
struct PictureFlags: ParsableArguments {
    @Option(key: "output.colormap") var colormap: GivenFlag?
    @Option(key: "output.maps") var maps: GivenFlag?

    var given: [GivenFlag] { [colormap, maps].compactMap { $0 } }
}

/// Which network.
struct BackboneFlags: ParsableArguments {
    @Option(key: "model.backbone") var backbone: GivenFlag?
    @Option(key: "model.pretrained") var pretrained: GivenFlag?

    @Flag(help: "Fetch the weights where they are missing.")
    var fetchWeights = false

    var given: [GivenFlag] { [backbone, pretrained].compactMap { $0 } }
}

/// What the network sees of a photograph.
struct ViewFlags: ParsableArguments {
    @Option(key: "model.tile") var tile: GivenFlag?
    @Option(key: "model.region") var region: GivenFlag?
    @Option(key: "model.align") var align: GivenFlag?
    @Option(key: "model.feature_layers") var featureLayers: GivenFlag?
    @Option(key: "images.range") var range: GivenFlag?

    var given: [GivenFlag] { [tile, region, align, featureLayers, range].compactMap { $0 } }
}

/// How images are scored.
struct MethodFlags: ParsableArguments {
    @Option(key: "scoring.preset") var preset: GivenFlag?
    @Option(key: "scoring.r_list") var rList: GivenFlag?
    @Option(key: "scoring.interval") var interval: GivenFlag?
    @Option(key: "scoring.least_judges") var leastJudges: GivenFlag?
    @Option(key: "scoring.window") var window: GivenFlag?
    @Option(key: "scoring.rscin") var rscin: GivenFlag?
    @Option(key: "scoring.rscin_windows") var rscinWindows: GivenFlag?
    @Option(key: "scoring.subsets") var subsets: GivenFlag?
    @Option(key: "scoring.precision") var precision: GivenFlag?

    var given: [GivenFlag] {
        [preset, rList, interval, leastJudges, window, rscin, rscinWindows, subsets, precision].compactMap { $0 }
    }
}

/// What the machine gives.
struct MachineFlags: ParsableArguments {
    @Option(key: "scoring.threads") var threads: GivenFlag?
    @Option(key: "scoring.memory") var memory: GivenFlag?

    var given: [GivenFlag] { [threads, memory].compactMap { $0 } }
}
