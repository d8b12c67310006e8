import ArgumentParser
import FoundationEssentials
import MuScWatching
import SystemPackage

/// What `sweep`, `watch`, `status` and `retry` share: which roots, and where the ledger is.
struct WatchOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Drop folders; those of the configuration unless given.", valueName: "root"))
    var roots: [String] = []

    @OptionGroup var ledger: LedgerOption

    /// The configuration with the roots given, and each root a folder.
    ///
    /// - Throws: ``UserError`` with exit status 2 where there is no root.
    func watched(_ configuration: Configuration) throws(UserError) -> Configuration {
        var configuration = configuration
        if !roots.isEmpty { configuration.watch.roots = roots.map { FilePath($0) } }
        guard !configuration.watch.roots.isEmpty else {
            throw UserError(
                "there is no folder to watch: name one, or list some under watch.roots in the file of --config",
                exit: .usage)
        }
        configuration.stateFolder = ledger.path.removingLastComponent()
        configuration.watch.excludedFolders += configuration.knownGoodFolders
        configuration.watch.copiesFolder = configuration.flaggedFolder
        if let copies = configuration.flaggedFolder { configuration.watch.excludedFolders.append(copies) }
        do {
            configuration.watch = try configuration.watch.validated()
        } catch {
            throw UserError("\(error)", exit: .usage)
        }
        return configuration
    }
}
