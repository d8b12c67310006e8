import ArgumentParser
import MuScWatching
import SystemPackage

/// `musc retry`: tries batches that failed or are held again.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Make batches ready again: those that failed or are held, or the folders named.",
        discussion: "The next sweep, or the watcher that runs, scores them.")

    @Argument(help: ArgumentHelp("Batches' folders; all that failed or are held unless given.", valueName: "folder"))
    var folders: [String] = []

    @OptionGroup var ledger: LedgerOption

    func run() throws {
        let ledger = try ledger.openKnown()
        do {
            let concerned =
                folders.isEmpty
                ? try ledger.retry(nil) : try folders.flatMap { try ledger.retry(FilePath($0)) }
            for folder in concerned { Terminal.printResult(folder.string) }
            if concerned.isEmpty { Terminal.note("there is no such batch to try again") }
        } catch let error as LedgerError {
            throw UserError("\(error)", exit: .batchFailed)
        }
    }
}
