import ArgumentParser
import FoundationEssentials
import Glibc
import MuScBackbone
import MuScWatching
import Subprocess
import SystemPackage

/// `musc setup`: asks what is needed once, writes a configuration, and has folders looked after from then on.
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Ask what is needed once, write a configuration, and enable the watcher, the timer or cron.",
        discussion: """
            Run by root it sets up the service of the Debian package, which runs as the user musc; by anybody else, \
            a service or crontab entry of the user's own. With --yes nothing is asked: what is not given takes its \
            default. It says what it did and how to undo it.
            """)

    /// Who looks after the folders.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        /// `musc watch` under systemd.
        case watch
        /// `musc sweep` by a systemd timer.
        case timer
        /// `musc sweep` by cron.
        case cron
        /// Nobody yet: only the configuration is written.
        case none
    }

    @Option(name: .customLong("drop"), help: ArgumentHelp("A drop folder; give it again for several.", valueName: "folder"))
    var drops: [String] = []

    @Option(help: ArgumentHelp("The network; see musc weights list.", valueName: "name"))
    var backbone: String?

    @Option(help: ArgumentHelp("A file of weights to import; else they are fetched where they are missing.", valueName: "file"))
    var weights: String?

    @Flag(help: "Leave missing weights alone.")
    var noWeights = false

    @Option(help: "Who looks after the folders: watch, timer, cron or none.")
    var mode: Mode?

    @Option(help: ArgumentHelp("The configuration to write or to complete.", valueName: "file"))
    var config: String?

    @Flag(name: .shortAndLong, help: "Ask nothing.")
    var yes = false

    func validate() throws {
        guard weights == nil || !noWeights else {
            throw ValidationError("--weights imports a file and --no-weights leaves weights alone: give one of them.")
        }
    }

    func run() async throws {
        let isSystem = geteuid() == 0
        guard yes || isatty(STDIN_FILENO) == 1 else {
            throw UserError("there is no terminal to ask on: give --yes and --drop FOLDER", exit: .usage)
        }
        let setup = try plan(isSystem: isSystem)
        let service = SetupService(plan: setup, isSystem: isSystem)

        for folder in setup.roots { try await service.makeFolder(folder) }
        try SetupFile(path: setup.file).write(roots: setup.roots, backbone: backbone)
        var done = ["wrote \(setup.file)"]
        var undo = ["edit or remove \(setup.file)"]

        if !noWeights { await service.provideWeights(of: backbone ?? BackboneCatalogue.standard, from: weights) }
        let isSound = await service.check()
        if !isSound {
            Terminal.note("something above does not work yet; the rest of the setup goes on, and musc doctor checks again", .warning)
        }
        let (did, toUndo) = try await service.enable(setup.mode)
        done += did
        undo = toUndo + undo
        Terminal.printResult("Done: " + done.joined(separator: "; ") + ".")
        Terminal.printResult("To undo it: " + undo.joined(separator: "; ") + ".")
        if let drop = setup.roots.first {
            Terminal.printResult("Put a folder of photographs of one kind of part into \(drop); its report appears inside it.")
        }
        if !isSound { throw ExitCode.batchFailed }
    }

    /// What is to be set up, of flags, answers and defaults.
    private func plan(isSystem: Bool) throws(UserError) -> SetupPlan {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/"
        let standardDrop = isSystem ? SetupService.systemDrop : "\(home)/drop"
        var roots = drops
        if roots.isEmpty { roots = [yes ? standardDrop : ask("Drop folder", standardDrop)] }
        roots = roots.map { FilePath($0).canonical().string }
        if let quote = roots.first(where: { $0.contains("\n") || $0.contains("\"") || $0.contains("\\") }) {
            throw UserError("\(quote): put this folder into the configuration by hand, its name needs care", exit: .usage)
        }
        let standardMode: Mode = FilePath("/run/systemd/system").exists ? .watch : .cron
        var mode = mode
        if mode == nil, !yes {
            let answer = ask("Who looks after it (watch, timer, cron or none)", standardMode.rawValue)
            guard let chosen = Mode(rawValue: answer) else {
                throw UserError("“\(answer)” is not watch, timer, cron or none", exit: .usage)
            }
            mode = chosen
        }
        // Where every command looks for it.
        let file = config ?? (isSystem ? nil : ConfigurationPlace.ofUser) ?? ConfigurationPlace.ofMachine
        return SetupPlan(roots: roots, file: FilePath(file).canonical().string, mode: mode ?? standardMode)
    }

    private func ask(_ question: String, _ standard: String) -> String {
        Terminal.printPrompt("\(question) [\(standard)]: ")
        let answer = readLine().map { $0.trimmingSpaces } ?? ""
        return answer.isEmpty ? standard : answer
    }
}

/// What is to be set up.
struct SetupPlan {
    /// Drop folders, absolute.
    var roots: [String]
    /// The configuration's file, absolute.
    var file: String
    var mode: SetupCommand.Mode
}

extension FilePath {
    fileprivate var exists: Bool { withPlatformString { access($0, F_OK) } == 0 }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
