import FoundationEssentials
import MuScBatch
import MuScImages
import SystemPackage
import Testing

/// The way that a batch is scored is chosen inside, for a library's user as for the command.
@Suite struct RouteTests {
    private let fixture: InspectorTests

    init() throws { fixture = try InspectorTests() }

    private func inBlocks(_ inspection: Inspection) -> Bool {
        inspection.findings.contains(.marksUnsearchedInBlocks)
    }

    @Test("All images judge a small batch at once; a number of judges, or no time for all, scores it in blocks")
    func chosen() throws {
        let files = try fixture.textured(70)
        func route(_ change: (inout ScoringSettings) -> Void) throws -> PreparedBatch.Route {
            try InspectorTests.inspector(change).prepare(Batch(files)).route
        }
        #expect(try route { _ in } == .whole)
        #expect(try route { $0.judges = .count(70) } == .whole)
        #expect(try route { $0.judges = .count(9) } == .blocks(judges: 9))
        #expect(try route { $0.timeLimit = 0 } == .blocks(judges: 64))
        // The reference's subsets are each scored at once.
        #expect(try route { ($0.judges, $0.subsets) = (.count(9), 2) } == .whole)
    }

    @Test("A batch whose tokens do not fit into memory at once is scored in blocks, with the scores of the whole")
    func large() throws {
        let files = try fixture.textured(300)
        let inspector = try InspectorTests.inspector { ($0.judges, $0.recurringMarks) = (.count(16), .ignore) }
        var settings = inspector.settings
        settings.memory = inspector.network.estimate.scoringBytes(images: 300) - 1
        let bounded = inspector.with(settings)
        #expect(throws: ScoringError.self) { try bounded.inspectWhole(files) }
        expectSame(try bounded.inspect(Batch(files)), try inspector.inspectWhole(files))
    }

    @Test("What was found about the photographs is told of a batch in blocks too")
    func told() throws {
        let files = try fixture.textured(20)
        let inspector = try InspectorTests.inspector {
            $0.judges = .count(5)
            $0.region = .shares(.init(left: 0, top: 0, width: 0.5, height: 1))
        }
        let inspection = try inspector.inspect(Batch(files))
        #expect(inspection.region != nil && inBlocks(inspection))
        #expect(inspection.findings.contains { if case .region = $0 { true } else { false } })
    }

    @Test("A folder is inspected by its path; one that is missing, or holds no images, is refused with the reason")
    func folder() throws {
        let files = try fixture.textured(6)
        let place = files[0].path.removingLastComponent()
        let inspection = try fixture.inspector.inspect(place)
        #expect(inspection.images.map(\.name) == (0..<6).map { "part\($0).png" })
        let nowhere = #expect(throws: ScoringError.self) { try fixture.inspector.inspect(place.appending("nowhere")) }
        #expect(nowhere?.description.contains("there is no such folder") == true)
        let empty = place.appending("empty")
        try FileManager.default.createDirectory(atPath: empty.string, withIntermediateDirectories: false)
        let none = #expect(throws: ScoringError.self) { try fixture.inspector.inspect(empty) }
        #expect(none?.description.contains("0 readable images") == true)
    }

    @Test("With a line, all tokens are held, and what the batch leaves judges the next")
    func line() throws {
        let judges = try JudgesFixture { $0.judges = .count(4) }
        let past = LinePast(
            memories: judges.folder.appending("state"), line: judges.folder.appending("line"), capacity: 30)
        func inspect(_ name: String, _ count: Int) throws -> Inspection {
            let batch = Batch(try judges.images(count, in: "line/\(name)"), folder: judges.folder.appending("line/\(name)"))
            let prepared = try judges.inspector.prepare(batch, linePast: past)
            #expect(prepared.route == .whole)
            return try prepared.inspect()
        }
        let first = try inspect("0900", 24)
        #expect(first.outsideJudgments.isEmpty)
        try first.remember()
        let second = try inspect("1000", 5)
        #expect(second.outsideJudgments.first?.origin == .linePast)
        #expect(second.outsideJudgments.first?.judged == true)
    }
}
