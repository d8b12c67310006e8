import Foundation
import Testing

/// What the command says of itself, and to those who mistype.
@Suite struct HelpTests {
    let musc: MuscCommand

    init() throws { musc = try MuscCommand() }

    @Test("Help of run begins with the six options that people need and two examples, and groups the rest")
    func run() throws {
        let help = try musc.run("run", "--help").output
        let used = try #require(help.range(of: "MOST USED:"))
        let next = try #require(help.range(of: "WHO JUDGES", range: used.upperBound..<help.endIndex))
        let shown = help[used.upperBound..<next.lowerBound]
        let options = shown.matches(of: /\n  (?:-\w, )?--([a-z-]+)/).map { String($0.1) }
        #expect(options == ["recursive", "json", "out", "known-good", "threshold", "image-size"])
        #expect(shown.contains("-o, --out"))
        #expect(help[..<used.lowerBound].matches(of: /\n +musc run photographs/).count == 2)
        #expect(help.contains("\nHOW IMAGES ARE SCORED (RARELY NEEDED):\n"))
    }

    @Test(
        "Whoever mistypes is told what may be meant, after the program's name, with status 2",
        arguments: [
            (["rum"], "musc: there is no command “rum”: did you mean run?"),
            (["help", "rum"], "musc: there is no command “rum”: did you mean run?"),
            (["weights", "fecth"], "there is no command “fecth”: did you mean fetch?"),
            (["line", "nonsense"], "there are list, show, forget"),
            (["run", "batch", "--treshold", "1"], "musc: Unknown option '--treshold'. Did you mean '--threshold'?"),
            (["run", "batch", "--threshold", "3"], "--threshold: output.threshold: must be auto or a number from 0 to 2, not “3”"),
            (["run"], "musc: Missing expected argument"), (["run", "batch", "-q", "-v"], "musc: Give one of --quiet, --verbose"),
            (["weights", "fetch", "nothing"], "there is no backbone “nothing”: there are ViT-B-32"),
            (["evaluate", "--known-good", "good"], "musc: Unknown option '--known-good'"),
        ])
    func mistyped(arguments: [String], says: String) throws {
        let result = try musc.run(arguments)
        #expect(result.status == 2 && result.errors.contains(says), "\(result.status) \(result.errors)")
        #expect(result.errors.hasPrefix("musc: ") && result.output == "")
    }

    @Test("Help of commands that there are is printed")
    func help() throws {
        for arguments in [["help", "run"], ["help", "weights", "fetch"], ["--help"], ["line", "--help"], ["help"]] {
            let result = try musc.run(arguments)
            #expect(result.status == 0 && result.output.contains("USAGE: musc"), "\(arguments): \(result.errors)")
        }
    }

    @Test("Quiet says only what is wrong, verbose how long the stages took, and JSON is JSON")
    func messages() throws {
        try musc.installTinyWeights()
        try musc.makeBatch("batch", images: 3)
        let noisy = ["--region", "0,0,0.5,1"]
        #expect(try musc.run(["run", "batch"] + MuscCommand.tiny + noisy).errors.contains("Only the region"))
        let quiet = try musc.run(["run", "batch", "-q"] + MuscCommand.tiny + noisy)
        #expect(quiet.status == 0 && quiet.errors == "" && quiet.output.contains("3 images"))
        #expect(try musc.run(["run", "batch", "-v"] + MuscCommand.tiny).errors.contains("mutual scoring"))
        let json = try musc.run(["run", "batch", "nowhere", "--log-format", "json"] + MuscCommand.tiny + noisy).errors
        for line in json.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            #expect(object?["event"] != nil && object?["level"] != nil, "\(line)")
        }
        #expect(json.contains("\"error\""))
    }
}
