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
}
