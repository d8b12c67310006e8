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
        for name in ["a.png", "b.png"] { try Data("no image".utf8).write(to: URL(filePath: empty.appending(name).string)) }
        try FileManager.default.copyItem(atPath: files[0].path.string, toPath: empty.appending("part.png").string)
        let one = #expect(throws: ScoringError.self) { try fixture.inspector.inspect(empty) }
        let words = one?.description ?? ""
        #expect(words.hasPrefix("1 readable image: images are judged by each other, so at least 2 are needed"), "\(words)")
        #expect(words.contains("better. 2 files could not be read, such as a.png: is not an image that can be read."), "\(words)")
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

    /// A TIFF of grey pages of 60 × 60 pixels.
    private func stack(_ pages: Int, first: Int) -> Data {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var file: [UInt8] = Array("II".utf8) + little(42, 2) + little(0, 4)
        var link = 4
        for page in first..<first + pages {
            let pixels = file.count
            file += (0..<3600).map { UInt8(truncatingIfNeeded: ($0 % 60) &* (page + 3) ^ ($0 / 60) &* 5) }
            file.replaceSubrange(link..<link + 4, with: little(file.count, 4))
            let tags = [
                (256, 60), (257, 60), (258, 8), (259, 1), (262, 1), (273, pixels), (277, 1), (278, 60), (279, 3600),
            ]
            file += little(tags.count, 2)
            for (tag, value) in tags { file += little(tag, 2) + little(3, 2) + little(1, 4) + little(value, 4) }
            link = file.count
            file += little(0, 4)
        }
        return Data(file)
    }

    @Test("Each page of a stack is an image for a library's user too, and it is said; pages: first takes one")
    func pages() throws {
        let folder = fixture.folder.appending("stacks")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: false)
        for file in 0..<3 {
            try stack(2, first: 2 * file).write(to: URL(filePath: folder.appending("s\(file).tif").string))
        }
        let inspection = try fixture.inspector.inspect(folder)
        #expect(inspection.images.map(\.name) == (0..<3).flatMap { ["s\($0).tif#1", "s\($0).tif#2"] })
        #expect(inspection.findings.contains { if case .pages(let pages) = $0 { pages.taken == .each } else { false } })
        let first = try InspectorTests.inspector { $0.pages = .first }.inspect(folder)
        #expect(first.images.map(\.name) == ["s0.tif", "s1.tif", "s2.tif"])
    }
}
