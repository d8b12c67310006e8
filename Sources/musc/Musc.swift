import ArgumentParser
import Glibc
import MuScSupport

/// The command `musc`.
@main
struct Musc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "musc",
        abstract: "Finds defects in photographs of parts, without training, labels or a GPU.",
        discussion: """
            Put photographs of one kind of part into a folder and run `musc run FOLDER`. The images judge each other: \
            what looks like nothing in the other images is anomalous.
            """,
        version: MuscVersion.current,
        subcommands: [
            RunCommand.self, PlanCommand.self, WorkCommand.self, MergeCommand.self, SweepCommand.self, WatchCommand.self,
            StatusCommand.self, RetryCommand.self, HooksCommand.self, LedgerCommand.self,
            ReportCommand.self, VerdictCommand.self, ServeCommand.self, WeightsCommand.self, LineCommand.self, SetupCommand.self,
            DoctorCommand.self,
            EvaluateCommand.self, TuneCommand.self, RescoreCommand.self, DatasetsCommand.self, BenchCommand.self, ReferenceCommand.self,
        ])

    /// How errors of the arguments begin, as all errors do.
    static var _errorPrefix: String { "musc: " }

    /// Refuses a command that there is not, with the name that may be meant.
    private static func checkCommand(_ arguments: [String]) throws(UserError) {
        var names = arguments[...]
        if names.first == "help" { names.removeFirst() }
        var command: any ParsableCommand.Type = Musc.self
        while let name = names.popFirst(), !name.hasPrefix("-") {
            let subcommands = command.configuration.subcommands
            guard !subcommands.isEmpty else { return }
            guard let next = subcommands.first(where: { $0._commandName == name }) else {
                let known = subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
                throw UserError(
                    "there is no command “\(name)”"
                        + (Suggestion.nearest(to: name, among: known) ?? ": there are \(known.joined(separator: ", "))"),
                    exit: .usage)
            }
            command = next
        }
    }

    /// Parses and runs; every error leaves as one line for the user and the right exit status.
    static func main() async {
        // Nothing that is written may be changed by everybody, whatever the caller's mask lets through.
        umask(umask(0) | 0o002)
        OpenBLAS.prepare()
        do {
            try checkCommand(Array(CommandLine.arguments.dropFirst()))
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as UserError {
            Terminal.printError("\(error)")
            exit(withError: ExitCode(error.exit.rawValue))
        } catch let stopped as StopSignal.Stopped {
            exit(withError: ExitCode(stopped.exitStatus))
        } catch let fault as ConfigurationFault {
            Terminal.printError("\(fault)")
            exit(withError: ExitCode.usage)
        } catch {
            if exitCode(for: error) == .validationFailure {
                Terminal.printHelp(fullMessage(for: error))
                exit(withError: ExitCode.usage)
            }
            exit(withError: error)
        }
    }
}
