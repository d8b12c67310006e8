import ArgumentParser

@main
struct Musc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "musc", abstract: "Finds defects in photographs of parts, without training, labels or a GPU.")
}
