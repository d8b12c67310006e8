import ArgumentParser
import FoundationEssentials
import MuScSupport

/// Which configuration is read, and what is said meanwhile.
struct MessageFlags: ParsableArguments {
    @Option(help: ArgumentHelp("A configuration file, in the place of the one that is found; \"\" for none.", valueName: "file"))
    var config: String?

    @Option(key: "log.level") var logLevel: GivenFlag?
    @Option(key: "log.format") var logFormat: GivenFlag?

    @Flag(name: .shortAndLong, help: "Say only what is wrong: --log-level warning --no-progress.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more: --log-level debug.")
    var verbose = false

    @Flag(help: "No progress bar, even on a terminal.")
    var noProgress = false

    func validate() throws {
        guard [quiet, verbose, logLevel != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("Give one of --quiet, --verbose and --log-level.")
        }
    }

    /// Whether a progress bar is shown.
    var showsProgress: Bool { Terminal.isInteractive && !noProgress && !quiet }

    private var given: [GivenFlag] {
        func level(_ flag: String, _ level: LogLevel) -> GivenFlag {
            GivenFlag(key: "log.level", flag: flag, value: .text(level.rawValue))
        }
        return [logLevel, logFormat, quiet ? level("quiet", .warning) : nil, verbose ? level("verbose", .debug) : nil]
            .compactMap { $0 }
    }

    /// The configuration of file, environment and flags; from here on messages are as it says.
    ///
    /// - Parameters:
    ///   - flags: The command's.
    ///   - place: The file; found unless given.
    ///   - defaults: What holds where no layer says otherwise.
    func configuration(
        _ flags: [GivenFlag], place: ConfigurationPlace? = nil, defaults: Configuration = Configuration()
    ) throws(ConfigurationFault) -> Configuration {
        let place = place ?? ConfigurationPlace.find(config)
        let configuration = try ConfigurationLayers.configuration(
            file: place.file, environment: ProcessInfo.processInfo.environment, flags: flags + given, defaults: defaults)
        Terminal.speak(configuration.logLevel, configuration.logFormat)
        for (level, note) in place.notes { Terminal.note(note, level) }
        for note in configuration.notes { Terminal.note(note, .warning) }
        return configuration
    }
}
