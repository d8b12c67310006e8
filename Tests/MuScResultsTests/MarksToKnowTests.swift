import MuScBatch
import MuScResults
import ScratchFolders
import Testing

/// How many more good parts make a mark known, in words.
@Suite struct MarksToKnowTests {
    private func run(_ change: (inout RunRecord) -> Void = { _ in }) throws -> RunRecord {
        let scratch = try ScratchFolder()
        var run = try SyntheticBatch(names: ["a.png"], folder: scratch.folder.path, photographs: false).run
        run.ledger = "/srv/drop"
        run.recurring = [
            RecurringMark(parts: ["a", "b", "c"].enumerated().map { RecurringMark.Part(image: $0, name: $1, x: 0, y: 0) }),
            RecurringMark(parts: ["e", "f", "g"].enumerated().map { RecurringMark.Part(image: $0, name: $1, x: 0, y: 0) }, foundGood: 1),
        ]
        change(&run)
        return run
    }

    @Test(
        "Of a shared mark those of earlier batches count too, of one that an image has alone nobody knows",
        arguments: [
            (["a"], ["a"], "a: two more like this and it is known."),
            (["a"], ["a", "b", "e"], "a: one more like this and it is known."),
            (["a", "b"], ["a", "b", "c"], "a: 3 parts with its mark were found good: it is known from the next batch on."),
            (["e"], ["e"], "e: one more like this and it is known."),
            (["x"], ["x", "a"], "x: at most two more like this and it is known."),
            (["a", "e"], ["a", "e"], "e: one more like this and it is known."),
        ])
    func sentences(_ images: [String], _ good: [String], _ expected: String) throws {
        let marks = try #require(MarksToKnow(run()))
        #expect(marks.sentence(on: images, good: Set(good), flagged: ["a", "b", "c", "e", "x"]) == expected)
    }

    @Test("Nothing is said of images that were not flagged, nor where the next batch knows nothing of this one")
    func silence() throws {
        #expect(try MarksToKnow(run())?.sentence(on: ["g"], good: ["g"], flagged: ["a"]) == nil)
        #expect(try MarksToKnow(run { $0.ledger = nil }) == nil)
        #expect(try MarksToKnow(run { $0.settings["judges.line_memory"] = "0" }) == nil)
    }
}
