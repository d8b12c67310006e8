import Foundation
import Goldens
import Testing

/// `musc tune` with a tiny random network on committed photographs of tiles: that it runs to its end, keeps what it has
/// computed and prints what a configuration takes; not which setting is best.
@Suite struct TuneTests {
    let musc: MuscCommand

    init() throws {
        musc = try MuscCommand.withTinyWeights()
        for name in ["a", "b", "c"] {
            for type in ["good", "crack"] {
                for number in 0..<3 {
                    let file = "\(type)/00\(number).jpg"
                    let target = musc.scratch.appending(path: "data/\(name)/test/\(file)")
                    try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try FileManager.default.copyItem(at: URL(filePath: Goldens.path("magnetic_tiles/tile/test/\(file)")), to: target)
                    guard type == "crack" else { continue }
                    let mask = "ground_truth/crack/00\(number)_mask.png"
                    let place = musc.scratch.appending(path: "data/\(name)/\(mask)")
                    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try FileManager.default.copyItem(at: URL(filePath: Goldens.path("magnetic_tiles/tile/\(mask)")), to: place)
                }
            }
        }
    }

    private func tune(sizes: [String] = ["70"], _ arguments: String...) throws -> MuscCommand.Result {
        try musc.run(
            ["tune", "data", "--dataset", "mvtec_ad", "--backbone", "tiny.json", "--sizes"] + sizes + ["--out", "tuning"]
                + arguments)
    }

    @Test("Half of the classes choose, the table has both halves and both presets, and the lines can be used as they are")
    func choosing() throws {
        let result = try tune()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("a: chooses") && result.errors.contains("b: kept back") && result.errors.contains("c: chooses"))
        #expect(result.errors.contains("b, 70 px: computed"))
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(
            lines.contains { $0.hasPrefix("1. ") } && lines.contains { $0.hasPrefix("paper ") } && lines.contains { $0.hasPrefix("tuned ") }
        )
        let start = try #require(lines.firstIndex(of: "model:"))
        let configuration = lines[start...].joined(separator: "\n").replacing("backbone: tiny\n", with: "backbone: tiny.json\n")
        try Data(configuration.utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let run = try musc.run(["run", "data/a/test/good", "--config", "musc.yaml"])
        #expect(run.status == 0, "\(run.errors)")

        // Once more: nothing is computed again, and the answer is the same.
        let again = try tune()
        #expect(again.output == result.output)
        #expect(again.errors.contains("c, 70 px: computed before, kept") && !again.errors.contains("c, 70 px: computed\n"))
    }

    @Test("What an interrupted tuning computed is kept, and a size that the time does not suffice for is named")
    func goingOn() throws {
        _ = try tune()
        try FileManager.default.removeItem(at: musc.scratch.appending(path: "tuning/maps-2-70.safetensors"))
        let result = try tune(sizes: ["70", "84"], "--minutes", "0.000001")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("b, 70 px: computed before, kept") && result.errors.contains("c, 70 px: computed\n"))
        #expect(result.errors.contains("The time did not suffice for 84 px"))
    }

    @Test("One class alone is refused, and so is a size that the patch does not divide")
    func refused() throws {
        let alone = try musc.run(["tune", "data/a", "--dataset", "folder", "--backbone", "tiny.json"])
        #expect(alone.status == 2 && alone.errors.contains("give two or more"))
        let size = try musc.run(["tune", "data", "--dataset", "mvtec_ad", "--backbone", "tiny.json", "--sizes", "75"])
        #expect(size.status == 2 && size.errors.contains("70 and 84"))
    }
}
