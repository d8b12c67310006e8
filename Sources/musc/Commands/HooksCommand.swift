import ArgumentParser
import FoundationEssentials
import MuScSupport
import MuScWatching

/// `musc hooks`: messages that receivers have not taken.
struct HooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "List, send again or give up the messages that receivers have not taken.",
        discussion: """
            A message that a receiver refuses (a status of 400 to 499, but for 408, 425 and 429) is set aside after three tries, \
            and those behind it go on. All others wait for as long as it takes.
            """,
        subcommands: [List.self, Retry.self, Drop.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the messages that wait or were refused, the oldest first.")

        @OptionGroup var output: JSONOutput

        @OptionGroup var ledger: LedgerOption

        func run() throws {
            let messages: [KeptDelivery]
            do {
                messages = try ledger.openKnown(readOnly: true).deliveries.kept()
            } catch let error as LedgerError {
                throw UserError("\(error)", exit: .batchFailed)
            }
            if output.json { return try output.write(messages) }
            if messages.isEmpty { Terminal.note("no message waits, and none was refused") }
            for message in messages {
                let refusals = message.refusals > 0 ? ", refused \(message.refusals) times: \(message.reason ?? "")" : ""
                let state = message.setAside.map { "set aside since \(LocalTime.text($0))" } ?? "waits"
                Terminal.printResult("\(message.number)  \(message.receiver)  \(state)  of \(LocalTime.text(message.created))\(refusals)")
            }
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send messages again at once: those set aside, or those named. Receivers that were given a pause are tried at once.",
            discussion: "The watcher that runs, or the next sweep, sends them.")

        @Argument(
            help: ArgumentHelp("Messages' numbers, as musc hooks list has them; all that are set aside unless given.", valueName: "number"))
        var numbers: [Int64] = []

        @Option(
            help: ArgumentHelp(
                "Send them to this receiver instead: a URL of hooks.webhook, as the configuration has it. Without numbers: those whose "
                    + "receiver is in no configuration.", valueName: "receiver"))
        var to: String?

        @OptionGroup var ledger: LedgerOption

        func run() throws {
            do {
                let choice: Deliveries.Choice = numbers.isEmpty ? to == nil ? .setAside : .dismissed : .numbers(numbers)
                let count = try ledger.openKnown().deliveries.retry(choice, to: to)
                Terminal.note(
                    "\(count == 1 ? "1 message is" : "\(count) messages are") sent again; receivers that failed are tried at once")
            } catch let error as LedgerError {
                throw UserError("\(error)", exit: .batchFailed)
            }
        }
    }

    struct Drop: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give messages up.")

        @Argument(help: ArgumentHelp("Messages' numbers, as musc hooks list has them.", valueName: "number"))
        var numbers: [Int64] = []

        @Flag(help: "All that receivers refused.")
        var refused = false

        @Flag(help: "All to receivers that are in no configuration any more.")
        var unknown = false

        @OptionGroup var ledger: LedgerOption

        func validate() throws {
            guard !numbers.isEmpty || refused || unknown else {
                throw ValidationError("say which: numbers as musc hooks list has them, --refused or --unknown")
            }
        }

        func run() throws {
            do {
                let ledger = try ledger.openKnown()
                var count = numbers.isEmpty ? 0 : try ledger.deliveries.drop(.numbers(numbers))
                if refused { count += try ledger.deliveries.drop(.setAside) }
                if unknown { count += try ledger.deliveries.drop(.dismissed) }
                Terminal.note("gave up \(count == 1 ? "1 message" : "\(count) messages")")
            } catch let error as LedgerError {
                throw UserError("\(error)", exit: .batchFailed)
            }
        }
    }
}
