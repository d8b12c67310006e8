import ArgumentParser
import FoundationEssentials
import MuScSupport
import MuScWatching
import SystemPackage

/// `musc status`: which batches wait, run, are done, failed or are held back, and why.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show which batches wait, run, are done, failed or are held back, and why.")

    @OptionGroup var output: JSONOutput

    @Flag(help: "List the batches that are done, too.")
    var all = false

    @Option(help: ArgumentHelp("The configuration file that is named, if one is.", valueName: "file"))
    var config: String?

    @OptionGroup var watch: WatchOptions

    func run() throws {
        // What a sweep or a watcher reads that is started like this.
        if !output.json { Terminal.printResult("Configuration: \(ConfigurationPlace.find(config).file ?? "none; the defaults hold")") }
        let place = try watch.ledger.known()
        guard place.isThere else {
            Terminal.printResult(
                output.json ? "{\"receivers\":[],\"roots\":[]}" : "Nothing was watched or swept yet (no ledger at \(place.path)).")
            return
        }
        let status: WatchStatus
        do {
            status = try WatchStatus.read(try watch.ledger.openKnown(readOnly: true), roots: watch.roots.map { FilePath($0) })
        } catch let error as LedgerError {
            throw UserError("\(error)", exit: .usage)
        }
        if output.json { return try output.write(status) }
        for root in status.roots { printText(root) }
        for receiver in status.receivers { printText(receiver) }
    }

    private func printText(_ receiver: WatchStatus.Receiver) {
        let waiting =
            receiver.waiting == 0
            ? "nothing waits"
            : "\(receiver.waiting) waiting" + (receiver.oldest.map { " since \(LocalTime.text($0))" } ?? "")
        let aside = receiver.setAside > 0 ? ", \(receiver.setAside) refused and set aside" : ""
        let next = receiver.nextAttempt.map { ", next try \(LocalTime.text($0))" } ?? ""
        let reason = receiver.reason.map { "; the last try failed: \($0)" } ?? ""
        let answer = receiver.answer.map { "; \($0)" } ?? ""
        Terminal.printResult("\(receiver.receiver): \(waiting)\(aside)\(next)\(reason)\(answer)")
    }

    private func printText(_ root: WatchStatus.Root) {
        let counts = BatchState.allCases.compactMap { state in
            root.counts[state.rawValue].flatMap { $0 > 0 ? "\($0) \(state.rawValue)" : nil }
        }
        let holder = root.holder.map { ", \($0)" } ?? ""
        let presence = root.present ? "" : ", missing"
        Terminal.printResult("\(root.root): \(counts.isEmpty ? "no batches" : counts.joined(separator: ", "))\(holder)\(presence)")
        for obstacle in root.obstacles { Terminal.printResult("  \(obstacle.reason) (since \(LocalTime.text(obstacle.since)))") }
        // What is done and has a reason has no verdict, or its results are gone.
        for batch in root.batches where all || batch.state != .done || batch.reason != nil {
            let sequence = batch.sequence > 1 ? " (\(batch.sequence))" : ""
            let reason = batch.reason.map { ": \($0)" } ?? ""
            let next = batch.nextAttempt.map { ", next try \(LocalTime.text($0))" } ?? ""
            let since = batch.since.map { " since \(LocalTime.text($0))" } ?? ""
            Terminal.printResult(
                "  \(batch.state.rawValue)  \(batch.folder)\(sequence)  \(batch.images) images\(since)\(next)\(reason)")
            if batch.standing != .done { Terminal.printResult("    → \(batch.answer)") }
        }
    }
}
