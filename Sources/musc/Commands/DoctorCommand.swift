import ArgumentParser
import FoundationEssentials
import MuScSupport
import SystemPackage

/// `musc doctor`: whether this machine and this configuration will work.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine and the configuration: processor, weights, folders, limits, room.",
        discussion: """
            Each line says ok, warn or fail, and what to do. Exits with status 1 where something fails. Rights are those \
            of the user who runs it: for a service, run it as the service's user.
            """)

    @OptionGroup var printed: JSONOutput

    @Argument(help: ArgumentHelp("Drop folders; those of the configuration unless given.", valueName: "root"))
    var roots: [String] = []

    @OptionGroup var ledger: LedgerOption
    @Option(key: "output.where", short: "o") var output: GivenFlag?
    @Option(key: "scoring.threads") var threads: GivenFlag?
    @OptionGroup var backbone: BackboneFlags
    @OptionGroup var messages: MessageFlags

    func run() throws {
        var checks: [Check] = []
        var configuration = Configuration()
        do throws(ConfigurationFault) {
            let place = ConfigurationPlace.find(messages.config)
            configuration = try messages.configuration([output, threads].compactMap { $0 } + backbone.given, place: place)
            checks.append(.ok("configuration", place.file ?? "defaults; no file is named or found"))
        } catch {
            checks.append(.fail("configuration", "\(error)", "correct it; what follows is checked with the defaults"))
        }
        if !roots.isEmpty { configuration.watch.roots = roots.map { FilePath($0) } }
        checks += Self.checks(configuration, ledger: ledger.path)
        if printed.json {
            struct Report: Encodable {
                var version: String
                var user: String
                var checks: [Check]
            }
            try printed.write(Report(version: MuscVersion.current, user: SystemFacts.userName, checks: checks))
        } else {
            Terminal.printResult("musc \(MuscVersion.current), run by \(SystemFacts.userName)")
            for check in checks { Terminal.printResultText(check.text) }
        }
        if checks.contains(where: { $0.level == .fail }) { throw ExitCode.batchFailed }
    }

    /// Everything that is checked of a configuration.
    static func checks(_ configuration: Configuration, ledger: FilePath) -> [Check] {
        MachineChecks.all(configuration, ledger: ledger) + FolderChecks.all(configuration) + HookChecks.all(configuration)
    }
}
