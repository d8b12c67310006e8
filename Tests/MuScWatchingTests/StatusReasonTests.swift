import Foundation
import Glibc
import MuScWatching
import Synchronization
import SystemPackage
import Testing
import WatchFixtures

/// `musc status` answers for each state: what it is, why, since when, and what goes on.
@Suite("What status says", .serialized)
struct StatusReasonTests {
    /// What a batch comes to by its folder's name.
    private func scoring(_ table: TableScorer) -> BatchScoring {
        var scoring = table.scoring
        let score = scoring.score
        scoring.score = { batch in
            var outcome = try await score(batch)
            if batch.folder.lastComponent == "no_verdict" { outcome.noVerdict = "too few images for a threshold; add some" }
            return outcome
        }
        return scoring
    }

    @Test("Each standing is brought about with real files, and says what it is, why, since when, and the command that goes on")
    func standings() async throws {
        let drop = try DropFolder()
        let seen = Mutex<[WatchStatus.Batch]>([])
        let table = TableScorer(before: { batch in
            let now = try WatchStatus.read(drop.ledger()).roots.first?.batches ?? []
            seen.withLock { $0 += now }
            switch batch.folder.lastComponent {
            case "failed": throw ScoringFailure(.passing, "the disk answers nothing; try again")
            case "held": throw ScoringFailure(.lasting, "two images only; add some")
            default: break
            }
        })
        for name in ["done", "no_verdict", "results gone", "failed", "held"] { try drop.drop(8, in: name) }
        try drop.drop(1, in: "alone")
        try drop.drop(3, in: "arriving")
        var configuration = try drop.configuration(minImages: 8)
        configuration.retryDelaySeconds = 3600
        let sweep = Sweep(configuration: configuration, ledger: try drop.ledger(), scoring: scoring(table), logger: silent)
        _ = try await sweep.run()
        run("rm", ["-rf", drop.path("results gone/_musc").string])
        _ = try await sweep.run()
        let batches = try WatchStatus.read(drop.ledger()).roots.first?.batches ?? []
        seen.withLock { $0 += batches }

        let all = seen.withLock { $0 }
        #expect(Set(all.map(\.standing)) == Set(BatchStanding.allCases))
        for batch in all {
            let words = "\(batch.folder) \(batch.standing): \(batch.answer)"
            #expect(!batch.answer.isEmpty && batch.since?.isEmpty == false, "\(words)")
            if [.failed, .held, .noVerdict, .resultsGone].contains(batch.standing) {
                #expect(batch.answer.contains("musc retry"), "\(words)")
            }
            if ![.done, .ready, .running].contains(batch.standing) { #expect(batch.reason?.isEmpty == false, "\(words)") }
        }
        let gone = try #require(batches.first { $0.standing == .resultsGone })
        #expect(gone.answer.hasSuffix("musc retry '\(drop.path("results gone"))'"), "\(gone.answer)")
        // And the command does go on.
        #expect(try drop.ledger().retry(drop.path("held")) == [drop.path("held")])
        #expect(try status(drop, "held")?.standing == .ready)
    }

    @Test(
        "Every reason that the watcher gives is a sentence without an end, and all are in the documentation, with all that stands in the way"
    )
    func documented() throws {
        let reasons: [WatchReason] = [
            .changing, .awaitingReadyFile, .single, .tooFew(images: 3, of: 8, deadline: "12:00"), .changed, .unread(1), .unread(3),
            .interrupted(20), .resultsGone,
        ]
        for reason in reasons {
            #expect(!reason.text.isEmpty && !reason.text.hasSuffix(".") && !reason.text.contains("\n"), "\(reason.text)")
            // A case that is added to the reasons is to be added here.
            switch reason {
            case .changing, .awaitingReadyFile, .single, .tooFew, .changed, .unread, .interrupted, .resultsGone: break
            }
        }
        for receiver in ReceiverReason.allCases { #expect(receiver.answer.contains("musc hooks"), "\(receiver.answer)") }
        let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/MuSc/MuSc.docc/Reliability.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        let section = try #require(text.range(of: "### What status says")).upperBound
        let words = text[section...]
        let names =
            BatchStanding.allCases.map(\.rawValue) + Obstacle.Kind.allCases.map(\.rawValue) + ReceiverReason.allCases.map { "\($0)" }
        for name in names { #expect(words.contains("| `\(name)` |"), "\(name)") }
        let listed = words.matches(of: /\n\| `(\w+)` \|/).map { String($0.1) }
        #expect(Set(listed).subtracting(names).isEmpty, "listed, but nowhere in the sources")
    }
}
