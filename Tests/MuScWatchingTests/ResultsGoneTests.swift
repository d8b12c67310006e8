import Foundation
import Glibc
import MuScWatching
import SystemPackage
import Testing
import WatchFixtures

@Suite("Results that a person moves or deletes", .serialized)
struct ResultsGoneTests {
    private func row(_ drop: DropFolder, _ name: String) -> [String] {
        let table = (try? String(contentsOfFile: drop.path("batches.csv").string, encoding: .utf8)) ?? ""
        let row = table.components(separatedBy: "\r\n").first { $0.hasPrefix(name + ",") } ?? ""
        return row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    @Test("Deleted results are told of in log, status and index, are not made without end, and are made again on request")
    func deleted() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        try await watching(drop, scorer, log: log, scored: "a") {
            #expect(await eventually { row(drop, "a").contains { $0.hasSuffix("report.html") } })
            run("rm", ["-rf", drop.path("a/_musc").string])
            #expect(try await eventually { try status(drop, "a")?.resultsGone != nil })
            #expect(log.events.contains("results_gone"))
            let told = try #require(try status(drop, "a"))
            #expect(told.standing == .resultsGone && told.state == .done && told.since != nil)
            #expect(told.answer.hasSuffix("musc retry \(drop.path("a"))"), "\(told.answer)")
            #expect(await eventually { !row(drop, "a").contains { $0.hasSuffix("report.html") } }, "no link may dangle")
            try await Task.sleep(for: .seconds(1))
            #expect(scorer.batches.count == 1)

            try drop.ledger().retry(drop.path("a"))
            #expect(await eventually { scorer.batches.count == 2 })
            #expect(try await eventually { try status(drop, "a")?.standing == .done })
            #expect(await eventually { row(drop, "a").contains { $0.hasSuffix("report.html") } })
        }
    }

    @Test("Results that were moved away and come back are known again")
    func movedAway() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        let log = EventLog()
        let elsewhere = drop.base.appending("elsewhere")
        try await watching(drop, scorer, log: log, scored: "a") {
            try move(drop.path("a/_musc"), to: elsewhere)
            #expect(try await eventually { try status(drop, "a")?.standing == .resultsGone })
            try move(elsewhere, to: drop.path("a/_musc"))
            #expect(try await eventually { try status(drop, "a")?.standing == .done })
            #expect(log.events.contains("results_back"))
        }
        #expect(scorer.batches.count == 1)
    }

    @Test("A sweep finds results gone that were deleted while nobody watched, of folders that are not listed anew too")
    func sweeps() async throws {
        let drop = try DropFolder()
        for name in ["a", "b"] { try drop.drop(3, in: name) }
        let scorer = TableScorer()
        #expect(try await sweep(drop, scorer).done == 2)
        run("rm", ["-rf", drop.path("a/_musc").string])
        let second = try await sweep(drop, scorer)
        #expect(second.done == 0 && second.failed == 0)
        #expect(try status(drop, "a")?.standing == .resultsGone && status(drop, "b")?.standing == .done)
        let words = row(drop, "a").joined(separator: ",")
        #expect(words.contains("no longer where they were put; put them back") && words.contains("musc retry"), "\(words)")
        #expect(try drop.ledger().retry(drop.path("a")) == [drop.path("a")])
        #expect(try await sweep(drop, scorer).done == 1)
        #expect(try status(drop, "a")?.standing == .done)
    }

    @Test("A batch that is renamed has its new name in the index, and its old one no longer")
    func renamed() async throws {
        let drop = try DropFolder()
        let scorer = TableScorer()
        try await watching(drop, scorer) {
            try drop.drop(3, in: "line/a")
            #expect(await eventually { row(drop, "line/a").count > 1 })
            try move(drop.path("line/a"), to: drop.path("line/b"))
            #expect(await eventually { row(drop, "line/b").contains { $0.hasSuffix("report.html") } })
            #expect(row(drop, "line/a") == [""])
            run("rm", ["-rf", drop.path("line/b").string])
            #expect(await eventually { row(drop, "line/b") == [""] })
        }
        #expect(scorer.batches.count == 1)
    }
}
