import ArgumentParser
import FoundationEssentials

/// The flags that every scoring command shares. Each belongs to one key of the configuration.
struct ScoringOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The network: a name of `musc weights list`, or a JSON file that describes one.", valueName: "name"))
    var backbone: String?

    @Option(help: ArgumentHelp("Which weights of a CLIP backbone: openai, laion400m_e31 or laion400m_e32.", valueName: "tag"))
    var pretrained: String?

    @Option(
        help: ArgumentHelp(
            "Pixels that images are resized to, multiples of the patch: a side, width and height as 1008x672, or auto.",
            valueName: "pixels"))
    var imageSize: String?

    @Option(help: ArgumentHelp("Patches a side beyond which photographs are cut into tiles, or none for never.", valueName: "patches"))
    var tile: String?

    @Option(help: ArgumentHelp("The part that counts: left,top,width,height in pixels or shares, or a mask's file.", valueName: "region"))
    var region: String?

    @Option(help: ArgumentHelp("Blocks, counted from 0, whose tokens are compared, such as 2,5,8.", valueName: "list"))
    var featureLayers: String?

    @Option(help: ArgumentHelp("Sides of the neighbourhoods that are averaged, such as 1,3,5.", valueName: "list"))
    var rList: String?

    @Option(help: ArgumentHelp("tuned: the best measured parameters; paper: the reference's, to the letter.", valueName: "preset"))
    var preset: String?

    @Option(help: ArgumentHelp("Re-scoring by look-alikes: auto, always or never.", valueName: "mode"))
    var rscin: String?

    @Option(help: ArgumentHelp("RsCIN's neighbourhood sizes, the image included, such as 1,2,3.", valueName: "list"))
    var rscinWindows: String?

    @Option(help: ArgumentHelp("Which share of the nearest judges is averaged, such as 0,0.3.", valueName: "from,to"))
    var interval: String?

    @Option(help: ArgumentHelp("How many patches a partner may lie away, or none for anywhere.", valueName: "patches"))
    var window: String?

    @Option(help: ArgumentHelp("How many images judge: all, a number, or auto.", valueName: "count"))
    var judges: String?

    @Option(help: ArgumentHelp("A folder of images that somebody has found good: they judge.", valueName: "folder"))
    var knownGood: String?

    @Option(help: ArgumentHelp("The share of good parts that may be flagged, where known good images judge.", valueName: "rate"))
    var falseAlarmRate: String?

    @Option(help: ArgumentHelp("Parts of the batch that are scored each alone (the reference's divide_num).", valueName: "count"))
    var subsets: String?

    @Option(help: ArgumentHelp("exact: fp32; fast: bfloat16 and int8 where the processor has them.", valueName: "precision"))
    var precision: String?

    @Option(help: ArgumentHelp("The score at which images are flagged, or auto.", valueName: "score"))
    var threshold: String?

    @Option(help: ArgumentHelp("Threads that compute; all cores unless given.", valueName: "count"))
    var threads: String?

    @Option(help: ArgumentHelp("Memory that a batch may take, such as 4G; half of what is free unless given.", valueName: "amount"))
    var memory: String?

    @Option(name: .customLong("out"), help: ArgumentHelp("A folder for the results instead of beside the images.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("Colours of the heat maps: jet, turbo, viridis, inferno or grey.", valueName: "name"))
    var colormap: String?

    @Option(help: ArgumentHelp("Anomaly maps as data: none, tiff or png16.", valueName: "format"))
    var maps: String?

    @Option(help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("text or json.", valueName: "format"))
    var logFormat: String?

    @Flag(help: "No progress bar, even on a terminal.")
    var noProgress = false

    @Flag(help: "Fetch the weights where they are missing.")
    var fetchWeights = false

    /// The flags that were given, by the key that they set.
    var given: [(key: String, flag: String, value: ConfigurationValue)] {
        let all: [(String, String, String?)] = [
            ("model.backbone", "backbone", backbone), ("model.pretrained", "pretrained", pretrained),
            ("model.image_size", "image-size", imageSize), ("model.feature_layers", "feature-layers", featureLayers),
            ("model.tile", "tile", tile), ("model.region", "region", region),
            ("scoring.r_list", "r-list", rList), ("scoring.preset", "preset", preset), ("scoring.rscin", "rscin", rscin),
            ("scoring.rscin_windows", "rscin-windows", rscinWindows), ("scoring.interval", "interval", interval),
            ("scoring.window", "window", window), ("scoring.judges", "judges", judges),
            ("judges.known_good", "known-good", knownGood),
            ("output.false_alarm_rate", "false-alarm-rate", falseAlarmRate),
            ("scoring.subsets", "subsets", subsets), ("scoring.precision", "precision", precision), ("output.threshold", "threshold", threshold),
            ("scoring.threads", "threads", threads), ("scoring.memory", "memory", memory), ("output.where", "out", output),
            ("output.colormap", "colormap", colormap), ("output.maps", "maps", maps),
            ("log.level", "log-level", logLevel), ("log.format", "log-format", logFormat),
        ]
        return all.compactMap { key, flag, text in text.map { (key, flag, ConfigurationValue(scalar: $0)) } }
    }

    /// The configuration's file, if one is named.
    var file: String? { config ?? ProcessInfo.processInfo.environment["MUSC_CONFIG"] }

    /// The configuration of file, environment and these flags.
    func configuration() throws(ConfigurationFault) -> Configuration {
        var said: [String: ConfigurationValue] = [:]
        return try configuration(said: &said)
    }

    /// The same, with what its layers said by key.
    func configuration(said: inout [String: ConfigurationValue]) throws(ConfigurationFault) -> Configuration {
        let environment = ProcessInfo.processInfo.environment
        return try ConfigurationLayers.configuration(
            file: file, environment: environment, flags: given, said: &said)
    }
}
