import ArgumentParser
import MuScWatching
import SystemPackage

/// `musc ledger`: the file that remembers which batches were scored.
struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "The file that remembers which batches were scored: where it is, and a copy of it.",
        subcommands: [Backup.self, Path.self])

    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a copy of the ledger to a file, also while a watcher works on it.",
            discussion: "A former copy is replaced. To bring it back: stop the watcher, and put it in the ledger's place.")

        @Argument(help: ArgumentHelp("The copy.", valueName: "file"))
        var file: String

        @OptionGroup var ledger: LedgerOption

        func run() throws {
            do {
                try ledger.openKnown(readOnly: true).backUp(to: FilePath(file))
            } catch let error as LedgerError {
                throw UserError("\(error)", exit: .batchFailed)
            }
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print where the ledger is that musc status reads.")

        @OptionGroup var ledger: LedgerOption

        func run() throws { Terminal.printResult("\(try ledger.known().path)") }
    }
}
