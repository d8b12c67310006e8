import Foundation
import Testing

@Suite struct WatchTests {
    @Test("A watcher ends on a signal with the signal's exit status", arguments: [("TERM", 143), ("INT", 130)])
    func signals(name: String, status: Int32) throws {
        let musc = try MuscCommand()
        try musc.installTinyWeights()
        try musc.makeBatch("drop/batch", images: 0)
        let result = try musc.run(
            ["watch", "drop"] + MuscCommand.tiny,
            through: ["/usr/bin/timeout", "--preserve-status", "--signal=\(name)", "--kill-after=60", "5"])
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains("watch_started") && result.errors.contains("watch_stopped"))
    }

    @Test("A folder that was scored by hand is recognised by a sweep, and not scored again")
    func scoredByHand() throws {
        let musc = try MuscCommand()
        try musc.installTinyWeights()
        let batch = try musc.makeBatch("drop/batch", images: 8)
        #expect(try musc.run(["run", "drop/batch"] + MuscCommand.tiny).status == 0)
        let record = batch.appending(path: "_musc/run.json")
        let before = try Data(contentsOf: record)
        try Data("watch:\n  settle_seconds: 0\n".utf8).write(to: musc.scratch.appending(path: "musc.yaml"))
        let sweep = try musc.run(["sweep", "drop", "--config", "musc.yaml"] + MuscCommand.tiny)
        #expect(sweep.status == 0, "\(sweep.errors)")
        #expect(sweep.errors.contains("batch_recognised"), "\(sweep.errors)")
        #expect(try Data(contentsOf: record) == before)
    }
}
