import ArgumentParser
import FoundationEssentials
import MuScWatching
import SystemPackage

/// Where the ledger is.
struct LedgerOption: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the ledger.", valueName: "folder"))
    var state: String?

    /// The ledger's file: below `--state`, `MUSC_STATE`, `$STATE_DIRECTORY`, `$XDG_STATE_HOME/musc` or
    /// `~/.local/state/musc`, whichever is given first; below `/var/lib/musc` where there is no home.
    var path: FilePath {
        let environment = ProcessInfo.processInfo.environment
        if let folder = state ?? environment["MUSC_STATE"] ?? environment["STATE_DIRECTORY"], !folder.isEmpty {
            return FilePath(folder).appending("ledger.sqlite")
        }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : FilePath($0).appending(".local/state") }
        let base = environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) } ?? home ?? "/var/lib"
        return base.appending("musc/ledger.sqlite")
    }

    /// The folder of the lines' memories, beside the ledger.
    var lines: FilePath { path.removingLastComponent().appending("lines") }

    func open(readOnly: Bool = false) throws(UserError) -> Ledger {
        do {
            return try Ledger(path: path, readOnly: readOnly)
        } catch {
            // A full disk or a busy ledger is no wrong configuration, and a service tries again.
            throw UserError("\(error)", exit: .batchFailed)
        }
    }
}
