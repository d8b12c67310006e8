import ArgumentParser
import FoundationEssentials

/// What a command prints for scripts: one JSON object or list, its keys in the one style of all of musc's JSON.
struct JSONOutput: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "The style of its keys: 2, words joined by underscores; 1, as up to version 0.1 (nextAttempt).", valueName: "1 or 2"))
    var schema: Int?

    func validate() throws {
        guard schema == nil || json else {
            throw ValidationError("--schema is about --json: give both.")
        }
        guard [nil, 1, 2].contains(schema) else {
            throw ValidationError("--schema must be 1 or 2.")
        }
    }

    /// Prints `value`.
    func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        if schema != 1 { encoder.keyEncodingStrategy = .convertToSnakeCase }
        Terminal.printResultText(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
