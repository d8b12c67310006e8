import CFuzzer
import Foundation
import Mutations

/// Feeds parsers with inputs that nobody would write on purpose; `Tests/fuzz.sh` drives it.
///
///     Fuzz list                                   the parsers' names
///     Fuzz seeds PARSER FIXTURES FOLDER           puts the seeds of a parser into a folder
///     Fuzz guided PARSER libFuzzer's arguments…   by coverage, in a build with --sanitize=fuzzer
///     Fuzz random PARSER FIXTURES SECONDS INPUTS SEED CRASH
///                                                 by chance, until both are reached; the input is in CRASH meanwhile
///     Fuzz replay PARSER FILE…                    single inputs, such as findings
@main
enum Fuzz {
    /// The parser that the arguments name.
    static let parser = CommandLine.arguments.count > 2 ? FuzzedParser.named(CommandLine.arguments[2]) : nil

    static func main() {
        let arguments = CommandLine.arguments
        switch (arguments.count > 1 ? arguments[1] : "", parser) {
        case ("list", _): for parser in FuzzedParser.all { print(parser.name) }
        case ("seeds", let parser?) where arguments.count == 5: copySeeds(parser, from: arguments[3], to: arguments[4])
        case ("guided", _?): exit(runGuided(arguments))
        case ("random", let parser?) where arguments.count == 8: runRandom(parser, arguments)
        case ("replay", let parser?):
            for file in arguments.dropFirst(3) { parser.parse(FileManager.default.contents(atPath: file).map(Array.init) ?? []) }
        default:
            print("usage: see the beginning of Tests/Fuzz/Fuzz.swift")
            exit(2)
        }
    }

    /// The seeds with their paths.
    private static func seeds(_ parser: FuzzedParser, in folder: String) -> [(path: String, content: [UInt8])] {
        let paths = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []).sorted()
        return paths.filter { path in parser.seeds.contains { path.hasSuffix($0) } }.compactMap { path in
            FileManager.default.contents(atPath: "\(folder)/\(path)").map { (path, Array($0)) }
        }.filter { $0.content.count <= parser.largestSeed }
    }

    private static func copySeeds(_ parser: FuzzedParser, from fixtures: String, to folder: String) {
        for (path, content) in seeds(parser, in: fixtures) {
            let name = path.replacing("/", with: "_")
            require(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(content)))
        }
    }

    /// Hands over to libFuzzer, which sees its own arguments alone.
    private static func runGuided(_ arguments: [String]) -> Int32 {
        let own = [arguments[0]] + arguments.dropFirst(3)
        var pointers: [UnsafeMutablePointer<CChar>?] = own.map { strdup($0) } + [nil]
        return pointers.withUnsafeMutableBufferPointer { buffer in
            var count = Int32(own.count)
            var base = buffer.baseAddress
            // libFuzzer takes the vector as never NULL; the buffer is not empty.
            return withUnsafeMutablePointer(to: &base) { vector in
                vector.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
                    musc_run_fuzzer(&count, $0) { data, size in
                        Fuzz.parser?.parse(Array(UnsafeBufferPointer(start: data, count: size)))
                        return 0
                    }
                }
            }
        }
    }

    private static func runRandom(_ parser: FuzzedParser, _ arguments: [String]) {
        guard let seconds = Double(arguments[4]), let inputs = Int(arguments[5]), let seed = UInt64(arguments[6]) else { exit(2) }
        let seeds = seeds(parser, in: arguments[3]).map(\.content)
        require(!seeds.isEmpty)
        var mutator = Mutator(seeds: seeds, seed: seed)
        guard let record = InputRecord(path: arguments[7]) else { exit(2) }
        let start = ContinuousClock.now
        var done = 0
        while done < inputs || ContinuousClock.now - start < .seconds(seconds) {
            let input = mutator.next()
            record.keep(input)
            parser.parse(input)
            done += 1
        }
        print("\(done) inputs, \(Int((ContinuousClock.now - start) / .seconds(1))) s")
    }
}

/// The last input, in a file that survives the program.
private struct InputRecord {
    private let descriptor: Int32

    init?(path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        if descriptor < 0 { return nil }
    }

    func keep(_ input: [UInt8]) {
        ftruncate(descriptor, 0)
        _ = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
}
