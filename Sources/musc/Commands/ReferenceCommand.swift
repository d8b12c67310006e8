import ArgumentParser

/// `musc reference`: prints `watch-config/musc.yaml`, which is written by this command.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print the configuration's file with every key, its default and what it means.",
        shouldDisplay: false)

    func run() { Terminal.printResultText(String(ConfigurationReference.text.dropLast())) }
}
